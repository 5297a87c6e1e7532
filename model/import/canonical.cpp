// SPDX-License-Identifier: Apache-2.0
#include "import/canonical.hpp"

#include "code/integer.hpp"

namespace flexor::foreign {

std::vector<double> canonical_weights(const Layer& layer, const Tensor& weights) {
  const auto channels = static_cast<int>(weights.sizes[1]);
  const auto height = static_cast<int>(weights.sizes[2]);
  const auto width = static_cast<int>(weights.sizes[3]);
  std::vector<double> canonical(weights.values.size());
  std::size_t from = 0;
  for (std::size_t m = 0; m < static_cast<std::size_t>(weights.sizes[0]); ++m) {
    for (int c = 0; c < channels; ++c) {
      for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
          const int place = layer.stack_rows ? (x * height + y) * channels + c : (y * width + x) * channels + c;
          canonical[m * static_cast<std::size_t>(channels * height * width) + static_cast<std::size_t>(place)] = weights.values[from++];
        }
      }
    }
  }
  return canonical;
}

Plane plain_plane(const Layer& layer, const std::vector<std::int8_t>& canonical) {
  const int length = layer.string_length();
  const int strings = layer.strings();
  const int groups = ceil_div(length, kSliceK);
  std::vector<std::uint32_t> slices(static_cast<std::size_t>(layer.slices()), 0);
  std::size_t at = 0;
  for (int m = 0; m < layer.output.channels; ++m) {
    for (int r = 0; r < strings; ++r) {
      for (int k = 0; k < length; ++k) {
        if (canonical[at++] < 0) continue;
        const int slice = (m / kSliceM * strings + r) * groups + k / kSliceK;
        slices[static_cast<std::size_t>(slice)] |= 1U << (m % kSliceM * kSliceK + k % kSliceK);
      }
    }
  }
  return {0, pack_slices(slices, kSliceK * kSliceM)};
}

}  // namespace flexor::foreign
