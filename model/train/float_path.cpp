// SPDX-License-Identifier: Apache-2.0
#include "train/float_path.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "golden/golden.hpp"
#include "train/model_weights.hpp"
#include "train/padded.hpp"

namespace flexor {
namespace {

constexpr double kLargestLogit = 32768;
constexpr double kShortcutUnit = 256;

// A value of every source of a network: that of the pixels, then of each layer.
template <typename T>
class PerSource {
 public:
  explicit PerSource(T pixels) { values_.push_back(std::move(pixels)); }
  void add(T value) { values_.push_back(std::move(value)); }
  const T& operator[](int source) const { return values_[static_cast<std::size_t>(source) + 1]; }
  // The shortcut's value of a layer, or `none`.
  T shortcut(const Layer& layer, T none) const { return layer.shortcut ? (*this)[layer.shortcut->source] : none; }

 private:
  std::vector<T> values_;
};

template <typename T>
torch::Tensor planar(const T* values, const Shape& shape) {
  torch::Tensor tensor = torch::empty({shape.height, shape.width, shape.channels}, torch::kDouble);
  std::copy_n(values, shape.size(), tensor.data_ptr<double>());
  return tensor.permute({2, 0, 1}).unsqueeze(0).contiguous();
}

/// The shortcut's source at every stride-th pixel, with zero channels where it has none.
torch::Tensor strided(const torch::Tensor& source, const Shortcut& s, std::int64_t channels) {
  const torch::Tensor pixels = source.slice(2, 0, source.size(2), s.stride).slice(3, 0, source.size(3), s.stride);
  torch::Tensor wide = torch::zeros({1, channels, pixels.size(2), pixels.size(3)}, torch::kDouble);
  wide.narrow(1, s.channel_offset, source.size(1)).copy_(pixels);
  return wide;
}

/// Maximum or sum of every window of a pooling layer, in its accumulator's units.
torch::Tensor pooled(const Layer& layer, const torch::Tensor& x) {
  const torch::Tensor around = padded(x, layer.padding);
  const std::vector<std::int64_t> kernel{layer.kernel_height, layer.kernel_width}, stride{layer.stride, layer.stride}, none{0, 0};
  if (!layer.average) return torch::max_pool2d(around, kernel, stride, none) * layer.pooled_units();
  return torch::avg_pool2d(around, kernel, stride, none) * layer.pooled_units();
}

torch::Tensor broadcast_channels(const std::vector<double>& values) { return torch::tensor(values, torch::kDouble).view({1, -1, 1, 1}); }

}  // namespace

torch::Tensor as_tensor(const std::uint8_t* values, const Shape& shape) { return planar(values, shape); }
torch::Tensor as_tensor(const std::vector<std::int16_t>& values, const Shape& shape) { return planar(values.data(), shape); }

FloatPath::FloatPath(const Network& network) : network_(network) {
  for (const Layer& layer : network_.layers) {
    if (layer.kind == LayerKind::Pool) {
      weights_.emplace_back();
      mass_.push_back(torch::full({layer.output.channels}, layer.pooled_units(), torch::kDouble));
      continue;
    }
    weights_.push_back(weight_tensor(network_, layer));
    mass_.push_back(weights_.back().abs().sum({1, 2, 3}) * layer.averaged_pixels());
  }
}

torch::Tensor FloatPath::layer(std::size_t l, const torch::Tensor& input, const torch::Tensor& shortcut) const {
  const Layer& layer = network_.layers[l];
  torch::Tensor x = input;
  if (layer.global_average) {
    x = x.sum({2, 3}, true);
  } else if (layer.kind == LayerKind::Dense) {
    x = x.permute({0, 2, 3, 1}).reshape({x.size(0), -1, 1, 1});
  }
  const torch::Tensor sums =
      layer.kind == LayerKind::Pool ? pooled(layer, x) : padded_convolution(x, weights_[l], layer.stride, layer.padding, layer.dilation);
  torch::Tensor v = (sums + broadcast_channels(layer.real_bias)) * broadcast_channels(layer.real_scale);
  if (layer.shortcut) v = v + strided(shortcut, *layer.shortcut, layer.output.channels) * layer.shortcut->real_multiplier;
  if (layer.logits) return v;
  v = v.clamp(layer.projection ? -layer.activation_max - 1 : 0, layer.activation_max);
  return layer.max_pool ? torch::max_pool2d(v, 2) : v;
}

torch::Tensor FloatPath::logits(const torch::Tensor& pixels) const {
  std::vector<torch::Tensor> outputs;
  const auto tensor = [&](int source) { return source < 0 ? pixels : outputs[static_cast<std::size_t>(source)]; };
  for (std::size_t l = 0; l < network_.layers.size(); ++l) {
    const auto& shortcut = network_.layers[l].shortcut;
    outputs.push_back(layer(l, tensor(network_.source(l)), shortcut ? tensor(shortcut->source) : torch::Tensor()));
  }
  return outputs.back().reshape({pixels.size(0), -1});
}

// `range`: largest |output| with what the shortcut may take away from it.
double FloatPath::channel_bound(std::size_t l, std::int64_t m, double error, double range) const {
  const Layer& layer = network_.layers[l];
  const double one = std::ldexp(1.0, layer.shift);
  const auto at = static_cast<std::size_t>(m);
  const double scale = std::abs(layer.real_scale[at]);
  const double multiplier = std::abs(static_cast<double>(layer.multiplier[at]));
  const double mass = mass_[l][m].item<double>();
  const double possible_sum = mass * network_.largest(network_.source(l)) + std::abs(layer.real_bias[at]) + 0.5;
  const double largest_sum = std::min(possible_sum, range * one / std::min(multiplier, scale * one));
  return 0.5 + largest_sum / (2 * one) + scale * (0.5 + mass * error);
}

double FloatPath::bound(std::size_t l, double error, double shortcut_error, double largest_logit) const {
  const Layer& layer = network_.layers[l];
  double range = layer.logits ? largest_logit : network_.largest(static_cast<int>(l));
  double shortcut = 0;
  if (layer.shortcut) {
    const Shortcut& s = *layer.shortcut;
    const double largest = network_.largest(s.source);
    range += largest * std::max(s.real_multiplier, s.multiplier / kShortcutUnit);
    shortcut = largest * std::abs(s.multiplier / kShortcutUnit - s.real_multiplier) + s.real_multiplier * shortcut_error;
  }
  double worst = 0;
  for (std::int64_t m = 0; m < layer.output.channels; ++m) worst = std::max(worst, channel_bound(l, m, error, range) + shortcut);
  return worst;
}

bool FloatComparison::within_bounds() const {
  bool within = largest_error <= logit_bound;
  for (std::size_t l = 0; l < layer_error.size(); ++l) within = within && layer_error[l] <= layer_bound[l];
  return within;
}

FloatComparison compare_float(const Network& network, const std::uint8_t* pixels, int count) {
  const Golden golden(network);
  const FloatPath path(network);
  const std::size_t layers = network.layers.size();
  FloatComparison result{.images = count, .layer_error = std::vector<double>(layers, 0), .layer_bound = std::vector<double>(layers, 0)};
  PerSource<double> allowed(0);
  for (std::size_t l = 0; l < layers; ++l) {
    result.layer_bound[l] = path.bound(l, 0, 0, kLargestLogit);
    result.logit_bound = path.bound(l, allowed[network.source(l)], allowed.shortcut(network.layers[l], 0), kLargestLogit);
    allowed.add(result.logit_bound);
  }
  std::mutex mutex;
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    const torch::NoGradGuard thread_guard;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint8_t* image = pixels + i * network.input.size();
      const auto boundaries = golden.run(image);
      PerSource<torch::Tensor> exact(as_tensor(image, network.input));
      PerSource<torch::Tensor> real(exact[kNetworkInput]);
      std::vector<double> error;
      for (std::size_t l = 0; l < layers; ++l) {
        const Layer& layer = network.layers[l];
        const int source = network.source(l);
        const torch::Tensor expected = path.layer(l, exact[source], exact.shortcut(layer, {}));
        real.add(path.layer(l, real[source], real.shortcut(layer, {})));
        exact.add(as_tensor(boundaries[l], layer.output));
        error.push_back((exact[static_cast<int>(l)] - expected).abs().max().item<double>());
      }
      const torch::Tensor& integers = exact[static_cast<int>(layers) - 1];
      const torch::Tensor& reals = real[static_cast<int>(layers) - 1];
      const bool same = integers.flatten().argmax().item<std::int64_t>() == reals.flatten().argmax().item<std::int64_t>();
      const std::lock_guard lock(mutex);
      for (std::size_t l = 0; l < layers; ++l) result.layer_error[l] = std::max(result.layer_error[l], error[l]);
      result.largest_error = std::max(result.largest_error, (integers - reals).abs().max().item<double>());
      result.same_class += same ? 1 : 0;
    }
  });
  return result;
}

}  // namespace flexor
