// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "compiler/compiler.hpp"

namespace flexor {

std::vector<std::uint8_t> layout_input(const Network& network, const MemoryImage& image, const std::uint8_t* pixels) {
  const Layer& first = network.layers.front();
  const auto size = static_cast<std::size_t>(image.input.size());
  if (!first.stack_rows) return {pixels, pixels + size};
  // [out_height][W][kernel_height][C]: rows oy * stride - padding + ky, zero outside.
  const Shape in = network.input;
  std::vector<std::uint8_t> out(size, 0);
  auto to = out.begin();
  for (int oy = 0; oy < image.input.height; ++oy) {
    for (int x = 0; x < in.width; ++x) {
      for (int ky = 0; ky < first.kernel_height; ++ky, to += in.channels) {
        const int y = oy * first.stride - first.padding.top + ky * first.dilation;
        if (y < 0 || y >= in.height) continue;
        std::copy_n(pixels + (y * in.width + x) * in.channels, in.channels, to);
      }
    }
  }
  return out;
}

}  // namespace flexor
