// SPDX-License-Identifier: Apache-2.0
#include "train/pool_layer.hpp"

#include <cmath>

#include "train/padded.hpp"
#include "train/quantise.hpp"

namespace flexor {
namespace {

constexpr double kKeep = 1 << 14;  // the multiplier that keeps a value
constexpr double kOne = 65536;     // 2^shift

}  // namespace

std::int16_t pool_multiplier(const Layer& layer) {
  return static_cast<std::int16_t>(std::lround(kKeep * kPoolUnit / layer.pooled_units()));
}

torch::Tensor pool_layer(const torch::Tensor& x, const Layer& layer) {
  const torch::Tensor around = padded(x, layer.padding);
  const std::int64_t kernel[] = {layer.kernel_height, layer.kernel_width};
  const std::int64_t stride[] = {layer.stride, layer.stride};
  if (!layer.average) return torch::max_pool2d(around, kernel, stride);
  // Sums are integers below 2^16 and their products below 2^25 in steps of 4: float32 holds them, and rounds half up as the engine does.
  const torch::Tensor sums = torch::avg_pool2d(around.to(torch::kFloat), kernel, stride, 0, false, true, 1);
  return quantise_activation(sums, kOne / (kPoolUnit * pool_multiplier(layer)), layer.activation_max);
}

}  // namespace flexor
