// SPDX-License-Identifier: Apache-2.0
#include "train/team_norm.hpp"

#include "train/team.hpp"

namespace flexor {
namespace {

const std::int64_t kPixels[] = {0, 2, 3};  // all axes but that of the channels

torch::Tensor wide(const torch::Tensor& per_channel) { return per_channel.view({1, -1, 1, 1}); }

// Two sums a channel, [2, C], over all processes.
torch::Tensor joined(const torch::Tensor& first, const torch::Tensor& second, Team& team) {
  torch::Tensor sums = torch::stack({first, second});
  team.sum(sums);
  return sums;
}

// The team, kept by the graph.
struct NormKept : torch::CustomClassHolder {
  Team* team = nullptr;
};

struct Norm : torch::autograd::Function<Norm> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& x, const torch::Tensor& gain,
                               const torch::Tensor& offset, Team* team, double variance_floor, BatchStatistics* statistics) {
    const torch::Tensor exact = x.to(torch::kDouble);
    torch::Tensor pixels = torch::tensor({x.numel() / x.size(1)}, torch::kLong);
    team->sum(pixels);
    const auto count = pixels.item<std::int64_t>();
    const torch::Tensor sums = joined(exact.sum(kPixels), exact.square().sum(kPixels), *team) / static_cast<double>(count);
    const torch::Tensor variance = (sums[1] - sums[0].square()).clamp_min(0);
    const torch::Tensor inverse = (variance + variance_floor).rsqrt();
    const torch::Tensor normal = ((exact - wide(sums[0])) * wide(inverse)).to(torch::kFloat);
    *statistics = {sums[0], variance, count};
    context->save_for_backward({normal, gain, inverse});
    auto kept = c10::make_intrusive<NormKept>();
    kept->team = team;
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    context->saved_data["count"] = count;
    return normal * wide(gain) + wide(offset);
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& normal = saved[0];
    const auto capsule = context->saved_data["kept"].toCapsule();
    Team& team = *static_cast<const NormKept&>(*capsule).team;
    const torch::Tensor g = gradients[0].to(torch::kDouble);
    const torch::Tensor first = g.sum(kPixels);
    const torch::Tensor second = (g * normal).sum(kPixels);
    const torch::Tensor all = joined(first, second, team) / static_cast<double>(context->saved_data["count"].toInt());
    const torch::Tensor dx = (g - wide(all[0]) - normal * wide(all[1])) * wide(saved[1] * saved[2]);
    return {dx.to(torch::kFloat), second.to(torch::kFloat), first.to(torch::kFloat), {}, {}, {}};
  }
};

}  // namespace

torch::Tensor team_norm(const torch::Tensor& x, const torch::Tensor& gain, const torch::Tensor& offset, Team& team, double variance_floor,
                        BatchStatistics& statistics) {
  return Norm::apply(x, gain, offset, &team, variance_floor, &statistics);
}

}  // namespace flexor
