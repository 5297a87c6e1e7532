// SPDX-License-Identifier: Apache-2.0
#include "compiler/activation_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr int kLargestBatch = 16;

}  // namespace

ActivationPlan plan_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine, int batch) {
  const std::int64_t have = engine.activation_bytes();
  std::int64_t need = 0;
  std::size_t largest = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::int64_t both = static_cast<std::int64_t>(layers[l].input.size()) + layers[l].output_size();
    if (both > need) largest = l;
    need = std::max(need, both);
  }
  ActivationPlan plan;
  plan.batch = batch > 0 ? batch : static_cast<int>(std::clamp<std::int64_t>(have / need, 1, kLargestBatch));
  if (need * plan.batch > have) {
    throw InputError(fmt::format("layer '{}' needs {} bytes of activation memory for a batch of {}, but engine '{}' has {}; {}",
                                 network.layers[largest].name, need * plan.batch, plan.batch, engine.name, have,
                                 plan.batch > 1 ? "take a smaller batch" : "take a larger engine"));
  }
  plan.address.push_back(0);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::int64_t size = static_cast<std::int64_t>(layers[l].output_size()) * plan.batch;
    plan.address.push_back(l % 2 == 0 ? static_cast<std::uint32_t>(have - size) : 0U);
  }
  return plan;
}

}  // namespace flexor
