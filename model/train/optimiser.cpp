// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "train/device.hpp"

namespace flexor {
namespace {

constexpr float kFirstDecay = 0.9F;
constexpr float kSecondDecay = 0.999F;
constexpr float kEpsilon = 1e-12F;  // gradients of integer networks are small
constexpr std::int64_t kStepGrain = 1 << 15;

// Learning rate and root of one Adam step with the bias corrections.
struct Corrected {
  float rate;
  float root;
};

Corrected correct(double rate, std::int64_t steps) {
  const double first = 1 - std::pow(kFirstDecay, static_cast<double>(steps));
  const double second = 1 - std::pow(kSecondDecay, static_cast<double>(steps));
  return {static_cast<float>(rate / first), static_cast<float>(1 / std::sqrt(second))};
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void update(float* value, const float* gradient, float* first, float* second,
                                                                         std::int64_t count, float rate, float root, float keep, float low,
                                                                         float high) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = kFirstDecay * first[i] + (1 - kFirstDecay) * g;
    const float v = kSecondDecay * second[i] + (1 - kSecondDecay) * g * g;
    first[i] = m;
    second[i] = v;
    const float next = keep * value[i] - rate * m / (std::sqrt(v) * root + kEpsilon);
    value[i] = next < low ? low : next > high ? high : next;
  }
}

__attribute__((target_clones("avx512f", "avx2", "default"))) void slide(float* value, const float* gradient, float* velocity,
                                                                        std::int64_t count, float rate, float momentum, float decay,
                                                                        float low, float high) {
  for (std::int64_t i = 0; i < count; ++i) {
    velocity[i] = momentum * velocity[i] + gradient[i] + decay * value[i];
    const float next = value[i] - rate * velocity[i];
    value[i] = next < low ? low : next > high ? high : next;
  }
}

void step_adam(Optimiser::Parameter& p, const torch::Tensor& gradient, double factor, std::int64_t steps) {
  const Corrected corrected = correct(factor * p.group.rate, steps);
  const auto keep = static_cast<float>(1 - factor * p.group.rate * p.group.weight_decay);
  auto* value = p.value.data_ptr<float>();
  const auto* g = gradient.data_ptr<float>();
  auto* first = p.first.data_ptr<float>();
  auto* second = p.second.data_ptr<float>();
  at::parallel_for(0, p.value.numel(), kStepGrain, [&](std::int64_t begin, std::int64_t end) {
    update(value + begin, g + begin, first + begin, second + begin, end - begin, corrected.rate, corrected.root, keep, p.low, p.high);
  });
}

void step_momentum(Optimiser::Parameter& p, const torch::Tensor& gradient, double factor) {
  const auto rate = static_cast<float>(factor * p.group.rate);
  const auto momentum = static_cast<float>(p.group.momentum);
  const auto decay = static_cast<float>(p.group.weight_decay);
  auto* value = p.value.data_ptr<float>();
  const auto* g = gradient.data_ptr<float>();
  auto* velocity = p.first.data_ptr<float>();
  at::parallel_for(0, p.value.numel(), kStepGrain, [&](std::int64_t begin, std::int64_t end) {
    slide(value + begin, g + begin, velocity + begin, end - begin, rate, momentum, decay, p.low, p.high);
  });
}

void step_anywhere(Optimiser::Parameter& p, const torch::Tensor& gradient, double factor, std::int64_t steps) {
  const double rate = factor * p.group.rate;
  if (p.group.kind == Group::Kind::Adam) {
    const Corrected corrected = correct(rate, steps);
    p.first.mul_(kFirstDecay).add_(gradient, 1 - kFirstDecay);
    p.second.mul_(kSecondDecay).addcmul_(gradient, gradient, 1 - kSecondDecay);
    p.value.mul_(1 - rate * p.group.weight_decay);
    p.value.addcdiv_(p.first, p.second.sqrt().mul_(corrected.root).add_(kEpsilon), -corrected.rate);
  } else {
    p.first.mul_(p.group.momentum).add_(gradient).add_(p.value, p.group.weight_decay);
    p.value.sub_(p.first, rate);
  }
  p.value.clamp_(p.low, p.high);
}

}  // namespace

void Optimiser::add(const torch::Tensor& value, const Group& group, double low, double high) {
  parameters_.push_back({.value = value,
                         .group = group,
                         .low = static_cast<float>(low),
                         .high = static_cast<float>(high),
                         .first = torch::zeros_like(value).detach(),
                         .second = group.kind == Group::Kind::Adam ? torch::zeros_like(value).detach() : torch::empty({0})});
}

void Optimiser::step(double factor) {
  const torch::NoGradGuard guard;
  ++steps_;
  for (Parameter& p : parameters_) {
    if (!p.value.grad().defined()) continue;
    const torch::Tensor gradient = p.value.grad().contiguous();
    if (!on_cpu(p.value)) {
      step_anywhere(p, gradient, factor, steps_);
    } else if (p.group.kind == Group::Kind::Adam) {
      step_adam(p, gradient, factor, steps_);
    } else {
      step_momentum(p, gradient, factor);
    }
    p.value.mutable_grad().reset();
  }
}

void Optimiser::step_by_tensors(double factor) {
  const torch::NoGradGuard guard;
  ++steps_;
  for (Parameter& p : parameters_) {
    if (!p.value.grad().defined()) continue;
    step_anywhere(p, p.value.grad().contiguous(), factor, steps_);
    p.value.mutable_grad().reset();
  }
}

}  // namespace flexor
