// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "code/error.hpp"
#include "import/import.hpp"

namespace flexor::foreign {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse(const std::string& name, const std::string& what) {
  throw InputError(fmt::format("layer {}: {}, which the trainer's networks cannot have", name, what));
}

// The name that a key has where the layer before is meant.
void add_back(Json& json, int layer, int source) {
  if (layer - source != 1) json["back"] = layer - source;
}

void add_window(Json& json, const Layer& layer) {
  if (layer.kernel_height == layer.kernel_width) {
    json["kernel"] = layer.kernel_height;
  } else {
    json["kernel"] = {layer.kernel_height, layer.kernel_width};
  }
  if (layer.kind == LayerKind::Pool || layer.stride != 1) json["stride"] = layer.stride;
  const Padding& p = layer.padding;
  if (p.even() && !p.none()) json["padding"] = p.top;
  if (!p.even()) json["padding"] = {p.top, p.left, p.bottom, p.right};
}

Json pool(const Network& network, std::size_t l, const PlanLayer& plan) {
  const Layer& layer = network.layers[l];
  if (!keeps_levels(plan)) refuse(layer.name, "it is a pooling layer with levels of its own");
  Json json{{"name", layer.name}, {"kind", "pool"}};
  add_window(json, layer);
  if (layer.average) json["average"] = true;
  add_back(json, static_cast<int>(l), network.source(l));
  return json;
}

Json weighty(const Network& network, std::size_t l, std::int64_t largest_word) {
  const Layer& layer = network.layers[l];
  Json json{{"name", layer.name}};
  const bool dense = layer.kind == LayerKind::Dense;
  if (dense) json["kind"] = "dense";
  json["channels"] = layer.output.channels;
  if (!dense) add_window(json, layer);
  if (layer.max_pool) json["max_pool"] = true;
  if (layer.global_average) json["global_average"] = true;
  const bool outer = l == 0 || layer.logits;
  if (outer && layer.digits) json["digits"] = layer.planes.size();
  if (layer.logits) {
    json["logits"] = true;
    // Logits of about 8 at most: what a network that was trained with cross entropy has.
    constexpr std::uint64_t kUsual = 8, kMost = 4096;
    json["logit_unit"] = std::min(kMost, std::bit_floor(std::max<std::uint64_t>(1, static_cast<std::uint64_t>(largest_word) / kUsual)));
  } else {
    json["activation_bits"] = std::bit_width(static_cast<unsigned>(layer.activation_max)) + (layer.projection ? 1 : 0);
  }
  if (layer.projection) json["projection"] = true;
  add_back(json, static_cast<int>(l), network.source(l));
  if (layer.shortcut) {
    const Shape& from = network.tensor(layer.shortcut->source);
    if (layer.shortcut->channel_offset != (layer.output.channels - from.channels) / 2) {
      refuse(layer.name, "its shortcut has other channels of zeros than half of them in front");
    }
    json["shortcut"] = {{"back", static_cast<int>(l) - layer.shortcut->source}, {"scale", layer.shortcut->multiplier / 256.0}};
  }
  return json;
}

}  // namespace

std::string network_json(const Emitted& emitted, std::int64_t largest_word) {
  const Network& network = emitted.network;
  if (network.layers.size() != emitted.plan.layers.size()) refuse(network.layers.front().name, "it has layers for its border");
  Json layers = Json::array();
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const bool pools = network.layers[l].kind == LayerKind::Pool;
    layers.push_back(pools ? pool(network, l, emitted.plan.layers[l]) : weighty(network, l, largest_word));
  }
  const Shape& in = network.input;
  const Json json{{"name", network.name},
                  {"about", "imported; layers without \"digits\" have encrypted weights (docs/import.md)"},
                  {"input", {in.height, in.width, in.channels}},
                  {"layers", std::move(layers)}};
  return json.dump(2) + "\n";
}

}  // namespace flexor::foreign
