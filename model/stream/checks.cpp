// SPDX-License-Identifier: Apache-2.0
#include "stream/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "code/error.hpp"

namespace flexor::stream {
namespace {

constexpr int kMostMultiplier = 4095;  // of a shortcut, 1/256
constexpr int kMostStep = 15;          // words, of PIXELS and STEPS
constexpr int kMostPad = 15;           // words of zeros behind a row
constexpr int kMostPixels = 256;
constexpr int kMostWindow = 16;  // places of a maximum

template <typename... T>
[[noreturn]] void refuse(const Layer& layer, fmt::format_string<T...> format, T&&... values) {
  throw InputError(fmt::format("layer '{}' {}", layer.name, fmt::format(format, std::forward<T>(values)...)));
}

void check_shortcut(const Layer& layer, const Parameters& parameters) {
  const Shortcut& s = *layer.shortcut;
  if (s.source == kNetworkInput) refuse(layer, "adds the pixels, which the engine does not do; run it with flexor eval");
  if (s.channel_offset % parameters.M != 0) {
    refuse(layer, "adds its shortcut from channel {} on, but engine '{}' adds from multiples of {} on; train it with such an offset",
           s.channel_offset, parameters.name, parameters.M);
  }
  if (s.multiplier > kMostMultiplier) {
    refuse(layer, "multiplies its shortcut by {:.2f}, but engine '{}' takes less than 16; train it with a smaller one",
           s.multiplier / 256.0, parameters.name);
  }
}

void check_layer(const Network& network, std::size_t l, const Parameters& parameters) {
  const Layer& layer = network.layers[l];
  if (layer.shift != parameters.Shift) {
    refuse(layer, "requantises with shift {}, but engine '{}' is built for {}; export the network with that shift", layer.shift,
           parameters.name, parameters.Shift);
  }
  if (l > 0 && network.source(l) == kNetworkInput && network.layers.front().stack_rows) {
    refuse(layer, "reads the pixels, which the first layer wants row-stacked; run it with flexor eval");
  }
  for (const Plane& plane : layer.planes) {
    const Code& code = network.codes[static_cast<std::size_t>(plane.code)];
    if (code.n_out == parameters.slice_weights()) continue;
    refuse(layer, "uses the code '{}' of {} weights a slice, but engine '{}' takes {}; train it with slices of {} inputs x 2 channels",
           code.name, code.n_out, parameters.name, parameters.slice_weights(), parameters.K);
  }
  if (layer.shortcut) check_shortcut(layer, parameters);
}

}  // namespace

void check_network(const Network& network, const Parameters& parameters) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) check_layer(network, l, parameters);
}

void check_geometry(const Network& network, std::size_t l, const Geometry& g, const Parameters& parameters) {
  const Layer& layer = network.layers[l];
  const auto at_most = [&](int value, int most, const char* what) {
    if (value > most)
      refuse(layer, "has {} {}, but engine '{}' takes at most {}; make the layer smaller", value, what, parameters.name, most);
  };
  at_most(g.columns * g.groups, parameters.LineWords, "words of 16 channels in a row of its input");
  const int window = g.pooled ? 2 : 1;
  const bool one = g.result_columns() == 1 && g.result_rows() == 1;
  at_most(g.result_columns(), kMostPixels, "pixels in a row of its output");
  at_most(std::max(g.padding.left, g.padding.right) * g.groups, kMostPad, "words of padding beside a row of its input");
  if (g.result_columns() > 1) at_most(g.stride_x * window * g.groups, kMostStep, "words from a window of its input to the next");
  if (!one) at_most(pixel_words(layer.output.channels, parameters), kMostStep, "words in a pixel of its output");
  if (layer.shortcut && !one) {
    const int words = pixel_words(network.tensor(layer.shortcut->source).channels, parameters);
    at_most(words * layer.shortcut->stride, kMostStep, "words from a pixel of its shortcut to the next");
  }
  const int places = g.kernel_height * g.kernel_width;
  if (layer.kind == LayerKind::Pool && !layer.average) at_most(places, kMostWindow, "places in a window of its maximum");
}

void prove_range(const Network& network, std::size_t l, int first, std::span<const WeightSums> sums, const Parameters& parameters) {
  const Layer& layer = network.layers[l];
  const std::int64_t largest = network.largest(network.source(l));
  const std::int64_t limit = std::int64_t{1} << (parameters.AccWidth - 1);
  for (int i = 0; i < static_cast<int>(sums.size()); ++i) {
    const int m = first + i;
    if (m >= layer.output.channels) break;
    const std::int64_t bias = layer.bias[static_cast<std::size_t>(m)];
    const WeightSums& sum = sums[static_cast<std::size_t>(i)];
    const std::int64_t high = bias + largest * sum.plus * layer.averaged_pixels();
    const std::int64_t low = bias + largest * sum.minus * layer.averaged_pixels();
    if (high < limit && low >= -limit) continue;
    refuse(layer, "may sum up to {} in channel {}, but engine '{}' holds sums below {} ({} bits); {}", std::max(high, -low), m,
           parameters.name, limit, parameters.AccWidth,
           layer.global_average ? "put an average pooling layer before it and train it as a dense layer of one pixel"
                                : "train it with fewer binary digits or inputs");
  }
}

}  // namespace flexor::stream
