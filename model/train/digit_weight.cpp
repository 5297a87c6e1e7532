// SPDX-License-Identifier: Apache-2.0
#include "train/digit_weight.hpp"

#include <cmath>

namespace flexor {
namespace {

struct DigitWeight : torch::autograd::Function<DigitWeight> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& latent, std::int64_t digits) {
    const double half = std::ldexp(1.0, static_cast<int>(digits) - 1);
    context->saved_data["slope"] = 2 * half;
    return (latent * half).floor_().mul_(2).add_(1).clamp_(1 - 2 * half, 2 * half - 1);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    return {gradients[0] * context->saved_data["slope"].toDouble(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor digit_weight(const torch::Tensor& latent, int digits) {
  return DigitWeight::apply(latent, static_cast<std::int64_t>(digits));
}

std::vector<std::uint32_t> digit_slices(const torch::Tensor& weight, const SliceMap& map, int digits, int p) {
  // NHWC order is the order of map.position.
  const torch::Tensor flat = weight.detach().to(torch::kCPU, torch::kFloat).permute({0, 2, 3, 1}).contiguous();
  const float* w = flat.data_ptr<float>();
  std::vector<std::uint32_t> slices(static_cast<std::size_t>(map.slices), 0);
  for (std::size_t i = 0; i < map.position.size(); ++i) {
    const std::int32_t place = map.position[i];
    if (place < 0) continue;
    const auto value = static_cast<std::uint32_t>((std::lround(w[place]) + (1L << digits) - 1) / 2);  // sum_p 2^p y_p, b = 2y - 1
    slices[i / static_cast<std::size_t>(map.n_out)] |= (value >> p & 1U) << i % static_cast<std::size_t>(map.n_out);
  }
  return slices;
}

}  // namespace flexor
