// SPDX-License-Identifier: Apache-2.0
#include "train/float_path.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "golden/golden.hpp"

namespace flexor {
namespace {

constexpr double kLargestLogit = 32768;

template <typename T>
torch::Tensor planar(const T* values, const Shape& shape) {
  torch::Tensor tensor = torch::empty({shape.height, shape.width, shape.channels}, torch::kDouble);
  std::copy_n(values, shape.size(), tensor.data_ptr<double>());
  return tensor.permute({2, 0, 1}).unsqueeze(0).contiguous();
}

/// Canonical weights [m][string][k] as a libtorch tensor [M, C, kh, kw].
torch::Tensor weight_tensor(const Network& network, const Layer& layer) {
  const std::vector<std::int8_t> canonical = decrypt_weights(network, layer);
  const std::int64_t m = layer.output.channels;
  const std::int64_t c = layer.input.channels;
  const torch::Tensor flat = torch::tensor(std::vector<double>(canonical.begin(), canonical.end()), torch::kDouble);
  if (layer.stack_rows) return flat.view({m, layer.kernel_width, layer.kernel_height, c}).permute({0, 3, 2, 1}).contiguous();
  return flat.view({m, layer.kernel_height, layer.kernel_width, c}).permute({0, 3, 1, 2}).contiguous();
}

torch::Tensor per_channel(const std::vector<double>& values) { return torch::tensor(values, torch::kDouble).view({1, -1, 1, 1}); }

}  // namespace

torch::Tensor as_tensor(const std::uint8_t* values, const Shape& shape) { return planar(values, shape); }
torch::Tensor as_tensor(const std::vector<std::int16_t>& values, const Shape& shape) { return planar(values.data(), shape); }

FloatPath::FloatPath(const Network& network) : network_(network) {
  for (const Layer& layer : network_.layers) weights_.push_back(weight_tensor(network_, layer));
}

torch::Tensor FloatPath::layer(std::size_t l, const torch::Tensor& input) const {
  const Layer& layer = network_.layers[l];
  torch::Tensor x = input;
  if (layer.kind == LayerKind::Dense) x = x.permute({0, 2, 3, 1}).reshape({x.size(0), -1, 1, 1});
  x = torch::conv2d(x, weights_[l], {}, layer.stride, layer.padding);
  x = (x + per_channel(layer.real_bias)) * per_channel(layer.real_scale);
  if (layer.logits) return x;
  x = x.clamp(0, layer.activation_max);
  return layer.max_pool ? torch::max_pool2d(x, 2) : x;
}

torch::Tensor FloatPath::logits(const torch::Tensor& pixels) const {
  torch::Tensor x = pixels;
  for (std::size_t l = 0; l < network_.layers.size(); ++l) x = layer(l, x);
  return x.reshape({x.size(0), -1});
}

double FloatPath::bound(std::size_t l, double error, double largest_logit) const {
  const Layer& layer = network_.layers[l];
  const double inputs = static_cast<double>(layer.strings()) * layer.string_length();
  const double one = std::ldexp(1.0, layer.shift);
  double worst = 0;
  for (std::size_t m = 0; m < layer.multiplier.size(); ++m) {
    const double scale = std::abs(layer.real_scale[m]);
    const double steepness = std::min(std::abs(static_cast<double>(layer.multiplier[m])), scale * one);
    const double range = layer.logits ? largest_logit : layer.activation_max;
    worst = std::max(worst, 0.5 + range / (2 * steepness) + scale * (0.5 + inputs * error));
  }
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
  for (std::size_t l = 0; l < layers; ++l) {
    result.layer_bound[l] = path.bound(l, 0, kLargestLogit);
    result.logit_bound = path.bound(l, result.logit_bound, kLargestLogit);
  }
  std::mutex mutex;
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    const torch::NoGradGuard thread_guard;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::uint8_t* image = pixels + i * network.input.size();
      const auto boundaries = golden.run(image);
      torch::Tensor exact = as_tensor(image, network.input);
      torch::Tensor real = exact;
      std::vector<double> error;
      for (std::size_t l = 0; l < layers; ++l) {
        const torch::Tensor expected = path.layer(l, exact);
        real = path.layer(l, real);
        exact = as_tensor(boundaries[l], network.layers[l].output);
        error.push_back((exact - expected).abs().max().item<double>());
      }
      const bool same = exact.flatten().argmax().item<std::int64_t>() == real.flatten().argmax().item<std::int64_t>();
      const std::lock_guard lock(mutex);
      for (std::size_t l = 0; l < layers; ++l) result.layer_error[l] = std::max(result.layer_error[l], error[l]);
      result.largest_error = std::max(result.largest_error, (exact - real).abs().max().item<double>());
      result.same_class += same ? 1 : 0;
    }
  });
  return result;
}

}  // namespace flexor
