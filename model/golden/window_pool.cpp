// SPDX-License-Identifier: Apache-2.0
#include "golden/window_pool.hpp"

#include <algorithm>

#include "golden/blocks.hpp"

namespace flexor::golden {

std::vector<std::uint8_t> pool_windows(const Layer& layer, const std::uint8_t* input) {
  const Shape in = layer.input;
  const int channels = in.channels;
  std::vector<std::uint8_t> out;
  out.reserve(static_cast<std::size_t>(layer.output.size()));
  std::vector<std::int32_t> acc(static_cast<std::size_t>(channels));
  for (int oy = 0; oy < layer.output.height; ++oy) {
    for (int ox = 0; ox < layer.output.width; ++ox) {
      const int top = oy * layer.stride - layer.padding.top, left = ox * layer.stride - layer.padding.left;
      std::fill(acc.begin(), acc.end(), 0);
      for (int y = std::max(top, 0); y < std::min(top + layer.kernel_height, in.height); ++y) {
        for (int x = std::max(left, 0); x < std::min(left + layer.kernel_width, in.width); ++x) {
          const std::uint8_t* a = input + (y * in.width + x) * channels;
          layer.average ? pool_sum(a, channels, acc.data()) : pool_maximum(a, channels, acc.data());
        }
      }
      for (std::size_t c = 0; c < acc.size(); ++c) {
        const std::int64_t v = requantise(accumulator_product(acc[c], layer.bias[c], layer.multiplier[c]), layer.shift);
        out.push_back(static_cast<std::uint8_t>(clamp_activation(v, layer.activation_max)));
      }
    }
  }
  return out;
}

}  // namespace flexor::golden
