// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/slice_layout.hpp"
#include "networks.hpp"

namespace flexor::test {
namespace {

int draw(Random& random, int low, int high) { return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1))); }

int pick_code(Random& random, const Network& network) { return draw(random, 0, static_cast<int>(network.codes.size()) - 1); }

std::vector<std::uint8_t> random_bytes(Random& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random.next());
  return bytes;
}

// Stored bits, bias and multipliers that spread the outputs over their range.
void fill(Random& random, const Network& network, Layer& l, GraphParts& parts, const GraphLimits& limits) {
  const Shape& before = network.tensor(l.source == kPreviousLayer ? static_cast<int>(network.layers.size()) - 1 : l.source);
  l.digits = random.below(4) == 0;
  const int digits = l.digits ? draw(random, 1, limits.digits) : 1;
  parts.digits |= digits > 1;
  for (int p = 0; p < digits; ++p) {
    const int code = p > 0 && !limits.mixed_digits ? l.planes[0].code : pick_code(random, network);
    const auto bits = static_cast<std::size_t>(SliceLayout(network.slice, l, before).slices()) *
                      static_cast<std::size_t>(network.codes[static_cast<std::size_t>(code)].n_in);
    l.planes.push_back({code, random_bytes(random, (bits + 7) / 8)});
  }
  const double inputs = static_cast<double>(l.weights()) / l.output.channels * l.averaged_pixels();
  const double spread = 100 * std::sqrt(inputs) * (l.digits ? std::ldexp(0.6, digits) : 1);
  const double full = l.logits ? 4000 : l.activation_max;  // a projection's outputs pass its range on either side
  for (int m = 0; m < l.output.channels; ++m) {
    const double scale = full / spread * 65536 * (0.2 + static_cast<double>(random.below(1000)) / 2000);
    const int sign = random.below(8) == 0 ? -1 : 1;
    l.multiplier.push_back(static_cast<std::int16_t>(sign * std::clamp(scale, 1.0, 32767.0)));
  }
  for (int m = 0; m < l.output.channels; ++m) l.bias.push_back(draw(random, static_cast<int>(-spread / 2), static_cast<int>(spread / 2)));
}

void add_last_as_shortcut(Random& random, const Network& network, Layer& l) {
  l.shortcut = Shortcut{static_cast<int>(network.layers.size()) - 1, 1, 0, draw(random, 0, 700), 1.0};
  l.shortcut->real_multiplier = l.shortcut->multiplier / 256.0;
}

// All planes of a layer but the last as projections that read what it reads; each adds the one before, the first the layer's shortcut.
void add_planes(Random& random, Network& network, Layer& l, GraphParts& parts, const GraphLimits& limits) {
  if (l.source == kPreviousLayer) l.source = static_cast<int>(network.layers.size()) - 1;
  l.stack_rows = false;
  for (int p = draw(random, 1, limits.planes - 1); p > 0; --p) {
    Layer plane = l;
    plane.name = fmt::format("{}_plane{}", l.name, p);
    plane.projection = true;
    plane.activation_max = random.below(3) == 0 ? 7 : 127;
    fill(random, network, plane, parts, limits);
    network.layers.push_back(plane);
    add_last_as_shortcut(random, network, l);
  }
  parts.planes = true;
}

// A layer that others read: not a projection.
int draw_source(Random& random, const Network& network, int lowest) {
  for (;;) {
    const int source = draw(random, lowest, static_cast<int>(network.layers.size()) - 1);
    if (!network.is_projection(source)) return source;
  }
}

// Zeros on every side, fewer than the kernel covers.
Padding draw_padding(Random& random, const Layer& l) {
  const int high = l.reach_height() - 1;
  const int wide = l.reach_width() - 1;
  return {draw(random, 0, high), draw(random, 0, wide), draw(random, 0, high), draw(random, 0, wide)};
}

// Kernels that are not square, padding of its own on every side and dilation, in place of the square kernel of a layer, where they fit.
void draw_window(Random& random, Layer& l, GraphParts& parts, const GraphLimits& limits) {
  Layer drawn = l;
  drawn.kernel_height = draw(random, 1, 7);
  drawn.kernel_width = draw(random, 1, 7);
  drawn.dilation = limits.dilation && random.below(2) == 0 ? draw(random, 2, 3) : 1;
  drawn.padding = draw_padding(random, drawn);
  if (drawn.padded_height() < drawn.reach_height() || drawn.padded_width() < drawn.reach_width()) return;
  l = drawn;
  parts.uneven |= l.kernel_height != l.kernel_width && !l.padding.even();
  parts.dilation |= l.dilation > 1;
}

// A 1x1 convolution of what the next layer, a 3x3 convolution, also reads; that one adds it.
void add_projection(Random& random, Network& network, Layer& l, GraphParts& parts, const GraphLimits& limits) {
  if (l.source == kPreviousLayer) l.source = static_cast<int>(network.layers.size()) - 1;
  Layer p;
  p.name = l.name + "p";
  p.source = l.source;
  p.input = l.input;
  p.stride = l.stride;
  p.output.channels = l.output.channels;
  p.output = p.unpooled();
  p.projection = true;
  p.activation_max = random.below(3) == 0 ? 7 : 127;
  fill(random, network, p, parts, limits);
  network.layers.push_back(p);
  l.kernel_height = l.kernel_width = 3;
  l.padding = 1;
  l.dilation = 1;
  l.output = l.unpooled();
  add_last_as_shortcut(random, network, l);
  parts.shortcut = parts.projection = true;
}

// A pooling layer behind the layers so far: windows of up to 3x3, or 7x7 for an average, that may overlap or leave gaps.
void add_pool(Random& random, Network& network, GraphParts& parts) {
  Layer l;
  l.kind = LayerKind::Pool;
  l.name = fmt::format("pool{}", network.layers.size());
  if (network.is_projection(static_cast<int>(network.layers.size()) - 1)) return;
  l.input = network.layers.back().output;
  l.average = random.below(2) == 0;
  l.kernel_height = draw(random, 1, l.average ? 7 : 3);
  l.kernel_width = random.below(4) == 0 ? draw(random, 1, 3) : l.kernel_height;
  l.padding = draw(random, 0, (std::max(l.kernel_height, l.kernel_width) - 1) / 2);
  if (random.below(3) == 0) l.padding = draw_padding(random, l);
  l.stride = draw(random, 1, 3);
  if (l.padded_height() < l.kernel_height || l.padded_width() < l.kernel_width) return;
  l.output.channels = l.input.channels;
  l.output = l.unpooled();
  l.activation_max = random.below(4) == 0 ? 15 : 255;
  const int one = 65536 / kPoolUnit / (l.average ? l.kernel_height * l.kernel_width : 1);
  for (int m = 0; m < l.output.channels; ++m) {
    l.multiplier.push_back(static_cast<std::int16_t>(random.below(4) == 0 ? draw(random, 1, 2 * one - 1) : one));
    l.bias.push_back(random.below(4) == 0 ? draw(random, -400, 400) : 0);
  }
  network.layers.push_back(l);
  parts.pool |= !l.average;
  parts.average |= l.average;
}

// A shortcut from any earlier tensor that fits, if there is one.
void add_shortcut(Random& random, const Network& network, Layer& l, GraphParts& parts, const GraphLimits& limits) {
  for (int tries = 0; tries < 4 && !l.shortcut; ++tries) {
    const int first = limits.pixel_shortcuts ? -1 : 0;
    const int end = static_cast<int>(network.layers.size());
    if (first == end) return;
    const int source = draw(random, first, end - 1);
    const int stride = draw(random, 1, 2);
    const Shape& from = network.tensor(source);
    const bool fits = (from.height + stride - 1) / stride == l.output.height && (from.width + stride - 1) / stride == l.output.width;
    if (!fits || from.channels > l.output.channels) continue;
    const int offset = draw(random, 0, (l.output.channels - from.channels) / limits.channel_step) * limits.channel_step;
    l.shortcut = Shortcut{source, stride, offset, draw(random, 0, 700), 1.0};
    l.shortcut->real_multiplier = l.shortcut->multiplier / 256.0;
    parts.shortcut = true;
  }
}

}  // namespace

Network draw_graph(Random& random, GraphParts& parts, const GraphLimits& limits) {
  Network network;
  network.name = "graph";
  network.input = {draw(random, 5, limits.side), draw(random, 5, limits.side), draw(random, 1, 3)};
  network.slice = limits.slice;
  const int n_out = limits.slice.weights();
  const int n_in = draw(random, 4, 20);
  const Code first = n_out == 20 ? nested_code(n_in) : dense_code(n_out, n_in, random.next());
  network.codes = {first, identity_code(n_out), random_tap_code(n_out, 12, 2, random.next())};
  const int convolutions = draw(random, 2, 5);
  for (int i = 0; i < convolutions; ++i) {
    Layer l;
    l.name = fmt::format("conv{}", i + 1);
    if (limits.sources && i > 0 && random.below(4) == 0) {
      l.source = draw_source(random, network, limits.stacked_pixels || !network.layers[0].stack_rows ? -1 : 0);
      parts.source |= l.source != static_cast<int>(network.layers.size()) - 1;
    }
    l.input = network.tensor(l.source == kPreviousLayer ? static_cast<int>(network.layers.size()) - 1 : l.source);
    l.kernel_height = l.kernel_width = 1 + 2 * draw(random, 0, 3);
    l.padding = (l.kernel_height - 1) / 2;
    if (random.below(3) == 0) draw_window(random, l, parts, limits);
    l.stride = draw(random, 1, 2);
    l.stack_rows = i == 0 && random.below(2) == 0;
    l.output.channels = draw(random, 1, limits.channels);
    l.output = l.unpooled();
    l.activation_max = random.below(3) == 0 ? 15 : 255;
    if (limits.projections && i > 0 && random.below(4) == 0) {
      add_projection(random, network, l, parts, limits);
    } else if (random.below(3) != 0) {
      add_shortcut(random, network, l, parts, limits);
    }
    if (!l.shortcut && l.output.height >= 2 && l.output.width >= 2 && random.below(4) == 0) {
      l.max_pool = true;
      l.output = {l.output.height / 2, l.output.width / 2, l.output.channels};
    }
    if (limits.planes > 1 && !l.max_pool && random.below(3) == 0) add_planes(random, network, l, parts, limits);
    fill(random, network, l, parts, limits);
    network.layers.push_back(l);
    if (limits.windows && random.below(4) == 0) add_pool(random, network, parts);
  }
  Layer last;
  last.name = "dense";
  last.kind = LayerKind::Dense;
  last.logits = true;
  last.global_average = random.below(2) == 0 || network.layers.back().output.size() > limits.dense_inputs;
  parts.global_average |= last.global_average;
  const Shape& before = network.layers.back().output;
  last.input = last.global_average ? before : Shape{1, 1, before.size()};
  last.output = {1, 1, draw(random, 2, 12)};
  fill(random, network, last, parts, limits);
  network.layers.push_back(last);
  return network;
}

}  // namespace flexor::test
