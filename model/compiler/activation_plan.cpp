// SPDX-License-Identifier: Apache-2.0
#include "compiler/activation_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "code/integer.hpp"

namespace flexor {
namespace {

constexpr int kLargestBatch = 16;

// Outputs that later layers add; sizes in words of one image, 0 for the others.
std::vector<Lifetime> residual_tensors(const Network& network, const EngineParameters& engine) {
  std::vector<Lifetime> tensors;
  for (std::size_t l = 0; l < network.layers.size(); ++l) tensors.push_back({static_cast<int>(l), static_cast<int>(l), 0});
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (!network.layers[l].shortcut) continue;
    const Shape& from = network.tensor(network.layers[l].shortcut->source);
    Lifetime& source = tensors[static_cast<std::size_t>(network.layers[l].shortcut->source)];
    source.last = static_cast<int>(l);
    source.size = static_cast<std::int64_t>(from.height) * from.width * residual_step(from.channels, engine);
  }
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const auto& shortcut = network.layers[l].shortcut;
    if (!shortcut || tensors[l].size == 0) continue;
    const bool same = network.tensor(shortcut->source) == network.layers[l].output && shortcut->stride == 1;
    if (same && tensors[static_cast<std::size_t>(shortcut->source)].last == static_cast<int>(l)) tensors[l].in_place_of = shortcut->source;
  }
  return tensors;
}

std::vector<Lifetime> times(std::vector<Lifetime> tensors, int batch, std::int64_t multiple) {
  for (Lifetime& t : tensors) t.size = ceil_div(t.size * batch, multiple) * multiple;
  return tensors;
}

// One memory and what has to go into it.
struct Demand {
  const char* name;
  const char* unit;
  std::vector<Lifetime> tensors;
  std::int64_t have;
  std::int64_t multiple;  // where tensors may begin

  [[nodiscard]] std::vector<Lifetime> of(int batch) const { return times(tensors, batch, multiple); }
};

[[noreturn]] void refuse(const Network& network, const Demand& demand, int batch, const EngineParameters& engine) {
  const Peak most = peak(demand.of(batch));
  const std::string& layer = network.layers[static_cast<std::size_t>(most.step)].name;
  const char* advice = batch > 1 ? "take a smaller batch" : "take a larger engine";
  if (most.size <= demand.have) {
    throw InputError(fmt::format("the tensors for a batch of {} fit the {} {} of {} memory of engine '{}' only in pieces; {}", batch,
                                 demand.have, demand.unit, demand.name, engine.name, advice));
  }
  throw InputError(fmt::format("layer '{}' needs {} {} of {} memory for a batch of {}, but engine '{}' has {}; {}", layer, most.size,
                               demand.unit, demand.name, batch, engine.name, demand.have, advice));
}

Demand activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine) {
  return {"activation", "bytes", activation_tensors(network, layers), engine.activation_bytes(),
          engine.ReadCycles > 1 ? engine.BusBytes : 1};
}

// Places that leave that of the input free from some layer on, as early as possible; then `after` says from which. Else those without.
std::vector<std::int64_t> places(std::vector<Lifetime> tensors, const std::vector<std::int64_t>& usual, std::int64_t have, int& after) {
  Lifetime& input = tensors.front();
  for (int step = input.last + 1; step <= tensors.back().last; ++step) {
    input.again = step;
    if (const auto found = place_tensors(tensors, have)) {
      after = step;
      return *found;
    }
  }
  return usual;
}

}  // namespace

int residual_step(int channels, const EngineParameters& engine) { return ceil_div(channels, engine.R); }

std::size_t tensor_read(const Network& network, std::size_t l) {
  const int tensor = network.source(l) + 1;
  return static_cast<std::size_t>(tensor);
}

std::vector<Lifetime> activation_tensors(const Network& network, const std::vector<Geometry>& layers) {
  std::vector<Lifetime> tensors{{0, 0, layers.front().input.size()}};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const int step = static_cast<int>(l);
    tensors.push_back({step, step, network.layers[l].projection ? 0 : layers[l].output_size()});  // a projection is not written here
    tensors[tensor_read(network, l)].last = step;
  }
  tensors.back().last = static_cast<int>(layers.size()) - 1;
  return tensors;
}

std::optional<std::vector<std::int64_t>> place_residuals(const Network& network, const EngineParameters& engine, int batch) {
  const std::vector<Lifetime> tensors = residual_tensors(network, engine);
  auto words = place_tensors(times(tensors, batch, 1), engine.ResidualWords);
  for (std::size_t l = 0; words && l < words->size(); ++l) {
    if (tensors[l].size == 0) (*words)[l] = -1;
  }
  return words;
}

std::optional<ActivationPlan> plan_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine,
                                               int batch) {
  const Demand demand = activations(network, layers, engine);
  for (int images = batch > 0 ? batch : kLargestBatch; images >= std::max(batch, 1); --images) {
    const auto bytes = place_tensors(demand.of(images), demand.have);
    const auto words = place_residuals(network, engine, images);
    if (!bytes || !words) continue;
    ActivationPlan plan{.batch = images, .address = {}, .residual = *words};
    const auto chosen = engine.AxiBytes == 0 ? *bytes : places(demand.of(images), *bytes, demand.have, plan.following_after);
    plan.address = {chosen.begin(), chosen.end()};
    return plan;
  }
  return std::nullopt;
}

void refuse_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine, int batch) {
  const int images = std::max(batch, 1);
  const Demand demand = activations(network, layers, engine);
  const Demand residuals{"residual", "words", residual_tensors(network, engine), engine.ResidualWords, 1};
  // Activations may go in strips where there is external memory, shortcuts may not.
  const bool only_shortcuts = engine.AxiBytes != 0 || place_tensors(demand.of(images), demand.have);
  refuse(network, only_shortcuts && !place_residuals(network, engine, images) ? residuals : demand, images, engine);
}

}  // namespace flexor
