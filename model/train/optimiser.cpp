// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

namespace flexor {
namespace {

constexpr float kFirstDecay = 0.9F;
constexpr float kSecondDecay = 0.999F;
constexpr float kEpsilon = 1e-12F;  // gradients of integer networks are small

__attribute__((target_clones("avx512f", "avx2", "default"))) void update(float* value, const float* gradient, float* first, float* second,
                                                                         std::int64_t count, float rate, float root, float low,
                                                                         float high) {
  for (std::int64_t i = 0; i < count; ++i) {
    const float g = gradient[i];
    const float m = kFirstDecay * first[i] + (1 - kFirstDecay) * g;
    const float v = kSecondDecay * second[i] + (1 - kSecondDecay) * g * g;
    first[i] = m;
    second[i] = v;
    const float next = value[i] - rate * m / (std::sqrt(v) * root + kEpsilon);
    value[i] = next < low ? low : next > high ? high : next;
  }
}

}  // namespace

void Adam::add(const torch::Tensor& value, double rate, double low, double high) {
  parameters_.push_back({.value = value,
                         .rate = rate,
                         .low = static_cast<float>(low),
                         .high = static_cast<float>(high),
                         .first = torch::zeros_like(value),
                         .second = torch::zeros_like(value)});
}

void Adam::step(double factor) {
  ++steps_;
  const double first_correction = 1 - std::pow(kFirstDecay, static_cast<double>(steps_));
  const double second_correction = 1 - std::pow(kSecondDecay, static_cast<double>(steps_));
  const auto root = static_cast<float>(1 / std::sqrt(second_correction));
  for (Parameter& p : parameters_) {
    if (!p.value.grad().defined()) continue;
    const torch::Tensor gradient = p.value.grad().contiguous();
    const auto rate = static_cast<float>(factor * p.rate / first_correction);
    const torch::NoGradGuard guard;
    auto* value = p.value.data_ptr<float>();
    const auto* g = gradient.data_ptr<float>();
    auto* first = p.first.data_ptr<float>();
    auto* second = p.second.data_ptr<float>();
    at::parallel_for(0, p.value.numel(), 1 << 15, [&](std::int64_t begin, std::int64_t end) {
      update(value + begin, g + begin, first + begin, second + begin, end - begin, rate, root, p.low, p.high);
    });
    p.value.mutable_grad().reset();
  }
}

}  // namespace flexor
