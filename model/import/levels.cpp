// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "code/error.hpp"
#include "import/emit.hpp"

namespace flexor::foreign {
namespace {

constexpr double kMostLevel = 255;
constexpr double kMostSigned = 127;
constexpr double kShortcutOne = 256;
constexpr double kMostShortcut = 65535;

Levels uniform_levels(const PlanLayer& layer, double scale, double offset, double largest) {
  const auto channels = static_cast<std::size_t>(layer.output.channels);
  if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(offset)) {
    throw InputError(fmt::format("layer {}: its activations have no finite range; train the network again", layer.name));
  }
  return {std::vector<double>(channels, scale), std::vector<double>(channels, offset), static_cast<int>(largest)};
}

// 2^bits - 1, as the engine clamps.
double clamp_of(double level, double most) {
  double largest = 1;
  while (largest < level && largest < most) largest = 2 * largest + 1;
  return largest;
}

Levels quantised(const PlanLayer& layer) {
  const Quantiser& q = *layer.quantiser;
  if (q.bipolar) return uniform_levels(layer, 2 * q.scale, -q.scale, 1);
  const double low = std::max(q.low, std::nearbyint(layer.low / q.scale) + q.zero);
  const double high = std::max(low + 1, std::min(q.high, std::nearbyint(layer.high / q.scale) + q.zero));
  if (layer.logits) return uniform_levels(layer, q.scale, 0, kMostLevel);
  if (layer.projection) return uniform_levels(layer, q.scale, 0, clamp_of(std::max(high - q.zero, q.zero - low - 1), kMostSigned));
  return uniform_levels(layer, q.scale, q.scale * (low - q.zero), clamp_of(high - low, kMostLevel));
}

// 8 bits of the range. With a shortcut the scale is such that the shortcut's multiplier is a whole number.
Levels calibrated(const PlanLayer& layer, const Range& range, double shortcut) {
  const double low = std::min(0.0, std::max(range.low, layer.low));
  const double high = std::max(0.0, std::min(range.high, layer.high));
  double scale = layer.projection ? std::max(-low, high) / kMostSigned : (high - low) / kMostLevel;
  if (scale == 0) scale = 1 / kMostLevel;
  if (shortcut > 0) {
    const double steps = std::clamp(std::floor(kShortcutOne * shortcut / scale), 1.0, kMostShortcut);
    scale = std::max(scale, kShortcutOne * shortcut / steps);
  }
  if (layer.projection) return uniform_levels(layer, scale, 0, kMostSigned);
  return uniform_levels(layer, scale, scale * std::nearbyint(low / scale), kMostLevel);
}

Levels logit_levels(const PlanLayer& layer, const Range& range) {
  constexpr double kQuarter = 8191;  // of 16 bits
  constexpr double kFinest = 1 << 20;
  const double largest = std::max(std::abs(range.low), std::abs(range.high));
  double unit = kFinest;
  while (largest * unit > kQuarter) unit /= 2;
  return uniform_levels(layer, 1 / unit, 0, kMostLevel);
}

// A pooling layer's steps are at most twice as fine as those of its input (an int16 multiplier of half an accumulator unit): else its range
// has fewer levels.
void coarsen(const PlanLayer& layer, const Levels& seen, Levels& levels) {
  if (layer.quantiser->bipolar) return;
  double steepest = 0;
  for (std::size_t c = 0; c < seen.scale.size(); ++c) steepest = std::max(steepest, std::abs(layer.gain[c] * seen.scale[c]));
  const double units = kPoolUnit * (layer.average ? layer.kernel[0] * layer.kernel[1] : 1);
  // The sum of a window has `units` accumulator units a level.
  while (levels.largest > 1 && steepest / units / levels.scale.front() * kOne > kLargestMultiplier) {
    const double span = levels.scale.front() * levels.largest;
    levels.largest = (levels.largest - 1) / 2;
    std::fill(levels.scale.begin(), levels.scale.end(), span / levels.largest);
  }
}

}  // namespace

Levels seen_levels(const View& view, const std::vector<Levels>& levels, const Levels& pixels) {
  Levels seen = view.layer == kPixels ? pixels : levels[static_cast<std::size_t>(view.layer)];
  for (std::size_t c = 0; c < seen.scale.size(); ++c) {
    seen.offset[c] = view.scale[c] * seen.offset[c] + view.offset[c];
    seen.scale[c] *= view.scale[c];
  }
  return seen;
}

std::vector<Levels> layer_levels(const Plan& plan, const Levels& pixels, const std::vector<Range>& ranges) {
  std::vector<Levels> levels;
  for (const PlanLayer& layer : plan.layers) {
    const Range& range = ranges.at(static_cast<std::size_t>(layer.value));
    if (keeps_levels(layer)) {
      levels.push_back(seen_levels(layer.input, levels, pixels));
    } else if (layer.quantiser) {
      levels.push_back(quantised(layer));
      if (layer.kind == LayerKind::Pool) coarsen(layer, seen_levels(layer.input, levels, pixels), levels.back());
    } else if (!std::isfinite(range.low) || !std::isfinite(range.high) || !range.seen) {
      throw InputError(fmt::format("layer {}: its activations have no finite range; train the network again", layer.name));
    } else if (layer.logits) {
      levels.push_back(logit_levels(layer, range));
    } else {
      levels.push_back(calibrated(layer, range, layer.shortcut ? seen_levels(*layer.shortcut, levels, pixels).scale.front() : 0));
    }
  }
  return levels;
}

}  // namespace flexor::foreign
