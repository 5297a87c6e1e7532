// SPDX-License-Identifier: Apache-2.0
#include "networks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/slice_layout.hpp"

namespace flexor::test {
namespace {

int draw(Random& random, int low, int high) { return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1))); }

Code draw_code(Random& random) {
  const int n = draw(random, 1, 20);
  switch (random.below(4)) {
    case 0:
      return nested_code(n);
    case 1:
      return random_tap_code(20, n, draw(random, 1, std::min(n, 4)), random.next());
    case 2:
      return dense_code(20, n, random.next());
    default:
      return identity_code(20);
  }
}

Layer make_layer(Random& random, const SliceShape& slice, const Shape& before, const LayerSpec& spec, const std::vector<Code>& codes,
                 bool last, int index) {
  Layer l;
  l.kind = spec.kind;
  l.name = fmt::format("{}{}", spec.kind == LayerKind::Dense ? "dense" : "conv", index + 1);
  l.input = before;
  if (spec.kind == LayerKind::Dense) {
    l.input = {1, 1, before.size()};
  } else {
    l.kernel_height = l.kernel_width = spec.kernel;
    l.stride = spec.stride;
    l.padding = spec.padding;
    l.stack_rows = spec.stack_rows;
    l.max_pool = spec.max_pool;
  }
  l.output.channels = spec.channels;
  l.output = l.unpooled();
  if (l.max_pool) l.output = {l.output.height / 2, l.output.width / 2, l.output.channels};
  l.logits = last;
  l.activation_max = (1 << spec.activation_bits) - 1;
  const Code& code = codes[static_cast<std::size_t>(spec.code)];
  std::vector<std::uint32_t> slices(static_cast<std::size_t>(SliceLayout(slice, l, before).slices()));
  for (std::uint32_t& bits : slices) bits = static_cast<std::uint32_t>(random.next()) & (code.n_in == 32 ? ~0U : (1U << code.n_in) - 1);
  l.planes.push_back({spec.code, pack_slices(slices, code.n_in)});
  // Sums of N random terms spread by about 128 * sqrt(N): a multiplier near 65536 * max / that spread fills the output range.
  const double spread = 128 * std::sqrt(static_cast<double>(l.weights()) / l.output.channels);
  const double full = last ? 4000 : l.activation_max;
  for (int m = 0; m < l.output.channels; ++m) {
    const double scale = full / spread * 65536 * (0.2 + static_cast<double>(random.below(1000)) / 2000);
    const int sign = random.below(8) == 0 ? -1 : 1;
    l.multiplier.push_back(static_cast<std::int16_t>(sign * std::clamp(scale, 1.0, 32767.0)));
    l.bias.push_back(draw(random, static_cast<int>(-spread / 2), static_cast<int>(spread / 2)));
  }
  return l;
}

}  // namespace

Network random_network(Random& random, const Shape& input, const std::vector<Code>& codes, const std::vector<LayerSpec>& specs) {
  Network network;
  network.name = "random";
  network.input = input;
  network.codes = codes;
  if (codes.front().n_out == 32) network.slice = {16, 2};
  Shape before = input;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    network.layers.push_back(make_layer(random, network.slice, before, specs[i], codes, i + 1 == specs.size(), static_cast<int>(i)));
    before = network.layers.back().output;
  }
  return network;
}

Network draw_network(Random& random) {
  const Shape input{draw(random, 5, 9), draw(random, 5, 9), draw(random, 1, 3)};
  const std::vector<Code> codes{draw_code(random), draw_code(random), draw_code(random)};
  std::vector<LayerSpec> specs;
  Shape at = input;
  const int convolutions = draw(random, 0, 3);
  for (int i = 0; i < convolutions; ++i) {
    LayerSpec s;
    s.kernel = draw(random, 1, std::min({5, at.height, at.width}));
    s.padding = draw(random, 0, (s.kernel - 1) / 2);
    s.stride = draw(random, 1, 2);
    s.channels = draw(random, 1, 13);
    s.stack_rows = i == 0 && random.below(2) == 0;
    const int height = (at.height + 2 * s.padding - s.kernel) / s.stride + 1;
    const int width = (at.width + 2 * s.padding - s.kernel) / s.stride + 1;
    s.max_pool = height >= 2 && width >= 2 && random.below(2) == 0;
    s.code = draw(random, 0, 2);
    s.activation_bits = random.below(3) == 0 ? 4 : 8;
    at = s.max_pool ? Shape{height / 2, width / 2, s.channels} : Shape{height, width, s.channels};
    specs.push_back(s);
  }
  const int denses = draw(random, 1, 2);
  for (int i = 0; i < denses; ++i) {
    LayerSpec s;
    s.kind = LayerKind::Dense;
    s.channels = draw(random, 2, 17);
    s.code = draw(random, 0, 2);
    specs.push_back(s);
  }
  return random_network(random, input, codes, specs);
}

Network random_lenet(Random& random, int n_in, bool stack_rows) {
  const LayerSpec conv1{LayerKind::Convolution, 20, 5, 1, 0, stack_rows, true, 0, 8};
  const LayerSpec conv2{LayerKind::Convolution, 50, 5, 1, 0, false, true, 0, 8};
  const LayerSpec dense1{LayerKind::Dense, 500, 1, 1, 0, false, false, 0, 8};
  const LayerSpec dense2{LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8};
  return random_network(random, {28, 28, 1}, {nested_code(n_in)}, {conv1, conv2, dense1, dense2});
}

void wire(Network& network, Random& random) {
  const Code wired = wired_code();
  for (Code& code : network.codes) code = wired;
  for (Layer& layer : network.layers) {
    for (Plane& plane : layer.planes) {
      std::vector<std::uint32_t> slices(static_cast<std::size_t>(slice_layout(network, layer).slices()));
      for (std::uint32_t& slice : slices) slice = static_cast<std::uint32_t>(random.below(1U << wired.n_in));
      plane.stored = pack_slices(slices, wired.n_in);
    }
  }
}

std::vector<std::uint8_t> random_image(Random& random, const Shape& shape) {
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(shape.size()));
  for (std::uint8_t& pixel : pixels) pixel = random.below(3) == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(random.below(256));
  return pixels;
}

std::string describe(const Network& network) {
  std::string text = fmt::format("{}x{}x{}", network.input.height, network.input.width, network.input.channels);
  for (const Layer& l : network.layers) {
    const Code none{.name = "none", .n_out = 0, .n_in = 0, .rows = {}};
    const Code& code = l.planes.empty() ? none : network.codes[static_cast<std::size_t>(l.planes[0].code)];
    text +=
        fmt::format(" | {} {}x{} s{} d{} p{},{},{},{}{}{} -> {}x{}x{} {} n={} max {}", l.name, l.kernel_height, l.kernel_width, l.stride,
                    l.dilation, l.padding.top, l.padding.left, l.padding.bottom, l.padding.right, l.stack_rows ? " stacked" : "",
                    l.max_pool ? " pool" : "", l.output.height, l.output.width, l.output.channels, code.name, code.n_in, l.activation_max);
  }
  return text;
}

}  // namespace flexor::test
