// SPDX-License-Identifier: Apache-2.0
#include "train/planes.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr int kSumBits = 8;  // of a sum of planes, its sign included
constexpr double kLargestScale = 255;

double steps(int bits) { return std::ldexp(1.0, bits) - 1; }

void refuse_unless(bool possible, const LayerSpec& layer, const char* complaint) {
  if (!possible) throw InputError(fmt::format("layer {}: {}", layer.name, complaint));
}

}  // namespace

void append_planes(NetworkSpec& network, LayerSpec layer, int planes) {
  if (planes == 1) {
    network.layers.push_back(std::move(layer));
    return;
  }
  refuse_unless(!layer.logits && !layer.global_average, layer,
                "logits and global averages have one plane of weights; give it \"planes\": 1 or \"digits\"");
  const auto last = [&network] { return static_cast<int>(network.layers.size()) - 1; };
  if (layer.source == kPreviousLayer) layer.source = network.layers.empty() ? kNetworkInput : last();

  // A sum of planes reaches from -clip to clip, the layer's output over one clip.
  LayerSpec plane = layer;
  plane.projection = true;
  plane.max_pool = false;
  plane.activation_bits = kSumBits;
  plane.clip = 2 * layer.clip;
  const double unit = plane.clip / steps(kSumBits) / (layer.clip / steps(layer.activation_bits));  // LSBs of the layer
  if (plane.shortcut) plane.shortcut->scale /= unit;
  refuse_unless(!plane.shortcut || plane.shortcut->scale <= kLargestScale, layer,
                "its shortcut is too large for the 8 bits of a sum of planes; take fewer planes, a smaller scale or more activation bits");
  for (int p = planes - 1; p > 0; --p) {
    plane.name = fmt::format("{}_plane{}", layer.name, p);
    plane.gain = std::ldexp(layer.gain, -p);  // every plane starts half as strong as the one before
    network.layers.push_back(plane);
    plane.shortcut = ShortcutSpec{.source = last()};
  }
  const bool pooled = std::exchange(layer.max_pool, false);
  layer.shortcut = ShortcutSpec{.source = last(), .scale = unit};
  network.layers.push_back(layer);
  if (pooled) network.layers.push_back({.name = layer.name + "_pool", .kind = LayerKind::Pool, .kernel = 2, .stride = 2});
}

}  // namespace flexor
