// SPDX-License-Identifier: Apache-2.0
#include "compiler/placement.hpp"

#include <fmt/format.h>

#include <utility>

#include "code/error.hpp"
#include "compiler/activation_plan.hpp"
#include "compiler/strip_schedule.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {
namespace {

constexpr std::size_t kMostParts = 256;  // LAYER and the trace have eight bits

// Weight memory below the first layer: as much as the layers before the ring's first wrap would leave free at its end. So the layer after
// the wrap takes the place of the oldest ones and need not wait for those just before it.
std::int64_t ring_lead(const std::vector<TiledLayer>& layers, const EngineParameters& engine) {
  std::int64_t used = 0;
  for (const TiledLayer& layer : layers) {
    const auto words = static_cast<std::int64_t>(layer.words.size());
    if (used + words > engine.WeightWords) return engine.WeightWords - used;
    used += words;
  }
  return 0;
}

Placement in_whole(const Network& network, const std::vector<Geometry>& layers, const ActivationPlan& plan) {
  Placement placement{plan.batch, plan.following_after, plan.residual, plan.address.front(), plan.address.back(), {}, {}};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    placement.parts.push_back({l, strip_of(layers[l], 0, layers[l].rows), plan.address[tensor_read(network, l)], plan.address[l + 1]});
  }
  return placement;
}

Placement in_strips(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine, StripPlan plan) {
  Placement placement{1, -1, plan.residual, plan.layers.front().input, plan.layers.back().output, {}, {}};
  placement.parts = strip_parts(network, layers, plan, engine);
  placement.strips = std::move(plan);
  if (placement.parts.size() > kMostParts) {
    throw InputError(fmt::format("the network runs in {} strips on engine '{}', which counts {} layers; take a larger engine",
                                 placement.parts.size(), engine.name, kMostParts));
  }
  return placement;
}

}  // namespace

Placement place(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine, int batch) {
  if (const auto whole = plan_activations(network, layers, engine, batch)) return in_whole(network, layers, *whole);
  const bool fewer = batch > 1 && plan_activations(network, layers, engine, 1);
  auto strips = fewer ? std::nullopt : plan_strips(network, layers, engine);
  if (!strips) refuse_activations(network, layers, engine, batch);
  if (batch > 1) {
    throw InputError(fmt::format(
        "a batch of {} images does not fit engine '{}', but single images do in strips of rows; choose a batch of 1", batch, engine.name));
  }
  return in_strips(network, layers, engine, *std::move(strips));
}

std::vector<WeightPlace> place_weights(const Network& network, const std::vector<TiledLayer>& tiles, const EngineParameters& engine) {
  std::vector<WeightPlace> places;
  WeightRing ring(engine);
  ring.place(network.layers.front().name, ring_lead(tiles, engine));
  std::int64_t next = 0;
  for (std::size_t l = 0; l < tiles.size(); ++l) {
    const auto words = static_cast<std::int64_t>(tiles[l].words.size());
    places.push_back({engine.AxiBytes == 0 ? next : ring.place(network.layers[l].name, words), words});
    next += words;
  }
  return places;
}

}  // namespace flexor
