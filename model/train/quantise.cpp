// SPDX-License-Identifier: Apache-2.0
#include "train/quantise.hpp"

namespace flexor {
namespace {

struct Quantise : torch::autograd::Function<Quantise> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& v, double step, std::int64_t lowest,
                               std::int64_t largest) {
    const torch::Tensor scaled = v * (1.0 / step);
    context->save_for_backward({scaled});
    context->saved_data["step"] = step;
    context->saved_data["lowest"] = lowest;
    context->saved_data["largest"] = largest;
    return (scaled + 0.5).floor_().clamp_(lowest, largest);
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const torch::Tensor scaled = context->get_saved_variables()[0];
    const auto lowest = static_cast<double>(context->saved_data["lowest"].toInt());
    const auto largest = static_cast<double>(context->saved_data["largest"].toInt());
    // hardtanh_backward is one fused pass: the gradient where the value lies strictly inside, else 0.
    torch::Tensor gradient = at::hardtanh_backward(gradients[0], scaled, lowest, largest);
    return {gradient.mul_(1.0 / context->saved_data["step"].toDouble()), torch::Tensor(), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor quantise_activation(const torch::Tensor& v, double step, int largest, int lowest) {
  return Quantise::apply(v, step, static_cast<std::int64_t>(lowest), static_cast<std::int64_t>(largest));
}

}  // namespace flexor
