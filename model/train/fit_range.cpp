// SPDX-License-Identifier: Apache-2.0
#include "train/fit_range.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace flexor {
namespace {

constexpr double kRoom = 2;             // for gains that grow and deviations that shrink
constexpr double kSmallestPart = 0.25;  // of the median deviation: a channel with less, such as a dead one, does not set the step

// Up to two digits, so that a resumed run finds the same number.
double rounded_up(double value) {
  const double unit = std::pow(10, std::floor(std::log10(value)) - 1);
  return std::ceil(value / unit) * unit;
}

// Whether the scale of a layer's output is also that of another's.
bool tied(const NetworkSpec& spec, std::size_t l) {
  const auto adds = [l](const LayerSpec& layer) { return layer.shortcut && layer.shortcut->source == static_cast<int>(l); };
  return spec.layers[l].shortcut || spec.layers[l].projection || std::any_of(spec.layers.begin(), spec.layers.end(), adds);
}

// The deviation that sets the step: the least of all channels but for those far below the median.
double least_deviation(const std::vector<double>& deviations) {
  std::vector<double> sorted = deviations;
  std::sort(sorted.begin(), sorted.end());
  return std::max(sorted.front(), kSmallestPart * sorted[sorted.size() / 2]);
}

}  // namespace

std::vector<std::string> fit_ranges(Trainable& model, const torch::Tensor& pixels) {
  const torch::NoGradGuard guard;
  std::vector<std::string> notes;
  const bool trains = model->is_training();
  model->train();
  model->observe(pixels, [&](std::size_t l, const torch::Tensor& input) {
    EncryptedLayer layer = model->layers()[l];
    if (layer->spec().logits) return;  // their unit is chosen when they are folded
    const double deviation = least_deviation(layer->deviations(input));
    if (!(deviation > 0)) return;
    const double needed = layer->largest_gain() / deviation / kSteepest;  // the least step
    if (needed > layer->step() && tied(model->spec(), l)) {
      notes.push_back(
          fmt::format("layer {}: its sums deviate by {:.3g} only, so its multipliers may pass 16 bits; give it a \"clip\" of {:g}",
                      layer->spec().name, deviation, rounded_up(kRoom * needed / layer->step() * layer->spec().clip)));
    } else if (kRoom * needed > layer->step()) {
      const double clip = rounded_up(kRoom * needed / layer->step() * layer->spec().clip);
      notes.push_back(fmt::format("layer {}: its sums deviate by {:.3g} only, so its steps are widened: \"clip\" {:g} instead of {:g}",
                                  layer->spec().name, deviation, clip, layer->spec().clip));
      layer->widen(clip);
    }
    layer->bound_gain(kSteepest * layer->step() * deviation);
  });
  model->reset_statistics();
  model->train(trains);
  return notes;
}

}  // namespace flexor
