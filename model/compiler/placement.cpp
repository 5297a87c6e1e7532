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

// A later strip of a layer finds the weights of the first one.
bool brings_weights(const std::vector<Part>& parts, std::size_t p) {
  return p == 0 || parts[p - 1].layer != parts[p].layer || parts[p - 1].channels.first != parts[p].channels.first;
}

std::vector<std::int64_t> words_of(const std::vector<Part>& parts, const std::vector<TiledLayer>& tiles, const EngineParameters& engine) {
  std::vector<std::int64_t> words;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const Part& part = parts[p];
    words.push_back(brings_weights(parts, p) ? weight_words(tiles[part.layer], m_tiles(part.channels, engine)) : 0);
  }
  return words;
}

// Weight memory below the first part: as much as the parts before the ring's first wrap would leave free at its end. So the part after
// the wrap takes the place of the oldest ones and need not wait for those just before it.
std::int64_t ring_lead(const std::vector<std::int64_t>& words, const EngineParameters& engine) {
  std::int64_t used = 0;
  for (const std::int64_t count : words) {
    if (used + count > engine.WeightWords) return engine.WeightWords - used;
    used += count;
  }
  return 0;
}

std::vector<WeightPlace> place_weights(const Network& network, const std::vector<Part>& parts, const std::vector<TiledLayer>& tiles,
                                       const EngineParameters& engine) {
  const std::vector<std::int64_t> words = words_of(parts, tiles, engine);
  std::vector<WeightPlace> places;
  WeightRing ring(engine);
  ring.place(network.layers.front().name, ring_lead(words, engine));
  std::int64_t next = 0;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (!brings_weights(parts, p)) {
      places.push_back({places.back().base, 0});
      continue;
    }
    places.push_back({engine.AxiBytes == 0 ? next : ring.place(network.layers[parts[p].layer].name, words[p]), words[p]});
    next += words[p];
  }
  return places;
}

Placement in_whole(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                   const EngineParameters& engine, const ActivationPlan& plan) {
  Placement placement{plan.batch, plan.following_after, plan.residual, plan.address.front(), plan.address.back(), {}, {}, {}};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    if (static_cast<int>(l) == plan.following_after) placement.following_after = static_cast<int>(placement.parts.size());
    for (const ChannelRange& channels : cut_channels(tiles[l], layers[l].channels, engine)) {
      placement.parts.push_back({l, strip_of(layers[l], 0, layers[l].rows), channels, plan.address[tensor_read(network, l)],
                                 plan.address[l + 1] + std::int64_t{channels.first} * layers[l].channel_bytes});
    }
  }
  return placement;
}

Placement in_strips(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                    const EngineParameters& engine, StripPlan plan) {
  Placement placement{1, -1, plan.residual, plan.layers.front().input, plan.layers.back().output, {}, {}, {}};
  placement.parts = strip_parts(network, layers, tiles, plan, engine);
  placement.strips = std::move(plan);
  return placement;
}

Placement place_activations(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                            const EngineParameters& engine, int batch) {
  if (const auto whole = plan_activations(network, layers, engine, batch)) return in_whole(network, layers, tiles, engine, *whole);
  const bool fewer = batch > 1 && plan_activations(network, layers, engine, 1);
  auto strips = fewer ? std::nullopt : plan_strips(network, layers, engine);
  if (!strips) refuse_activations(network, layers, engine, batch);
  if (batch > 1) {
    throw InputError(fmt::format(
        "a batch of {} images does not fit engine '{}', but single images do in strips of rows; choose a batch of 1", batch, engine.name));
  }
  return in_strips(network, layers, tiles, engine, *std::move(strips));
}

}  // namespace

Placement place(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                const EngineParameters& engine, int batch) {
  Placement placement = place_activations(network, layers, tiles, engine, batch);
  if (placement.parts.size() > kMostParts) {
    throw InputError(fmt::format("the network runs in {} {} on engine '{}', which counts {} layers; take a larger engine",
                                 placement.parts.size(), placement.strips ? "strips" : "parts", engine.name, kMostParts));
  }
  placement.weights = place_weights(network, placement.parts, tiles, engine);
  return placement;
}

}  // namespace flexor
