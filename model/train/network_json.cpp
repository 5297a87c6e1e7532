// SPDX-License-Identifier: Apache-2.0
// Network descriptions: docs/training.md, "Networks".
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

#include "code/error.hpp"
#include "train/json_reader.hpp"
#include "train/planes.hpp"
#include "train/spec.hpp"

namespace flexor {
namespace {

constexpr int kMostLayers = 1000;
constexpr int kMostPadding = 210;  // of a kernel of 15 places with a dilation of 15

// A layer as the file says it, which may become several.
struct Written {
  LayerSpec layer;
  int planes = 1;
};

// What has been read so far.
struct Reading {
  NetworkSpec network;
  std::vector<int> outputs;  // of every written layer: the layer of the network that gives its output
  std::set<std::string> names;
};

// The layer written `back` places before the next one; 1 is the layer before.
int source_of(JsonReader& reader, const Reading& reading) {
  const auto next = static_cast<int>(reading.outputs.size());
  const int written = next - reader.integer("back", 1, 1, next + 1);
  return written < 0 ? kNetworkInput : reading.outputs[static_cast<std::size_t>(written)];
}

// "kernel": a number, or [rows, columns].
KernelSize read_kernel(JsonReader& reader, KernelSize otherwise) {
  const std::vector<int> sides = reader.integers("kernel", {otherwise.height, otherwise.width}, 2, 1, 15);
  return {sides[0], sides[1]};
}

// "padding": a number, or [top, left, bottom, right].
Padding read_padding(JsonReader& reader, const Padding& otherwise, int most) {
  const std::vector<int> p = reader.integers("padding", {otherwise.top, otherwise.left, otherwise.bottom, otherwise.right}, 4, 0, most);
  return {p[0], p[1], p[2], p[3]};
}

// The values that a layer takes from "defaults" unless it says otherwise.
void read_common(JsonReader& reader, Written& written) {
  LayerSpec& layer = written.layer;
  layer.kernel = read_kernel(reader, layer.kernel);
  layer.stride = reader.integer("stride", layer.stride, 1, 15);
  layer.padding = read_padding(reader, layer.padding, kMostPadding);
  layer.dilation = reader.integer("dilation", layer.dilation, 1, 15);
  layer.activation_bits = reader.integer("activation_bits", layer.activation_bits, 1, 8);
  layer.clip = reader.number("clip", layer.clip, 1e-3, 1e6);
  layer.rate = reader.number("rate", layer.rate, 0.05, 1.0);
  written.planes = reader.integer("planes", written.planes, 1, kMostPlanes);
}

ShortcutSpec read_shortcut(const nlohmann::json& json, const std::string& where, const Reading& reading) {
  JsonReader reader(json, where + ", shortcut");
  ShortcutSpec shortcut;
  shortcut.source = source_of(reader, reading);
  shortcut.scale = reader.number("scale", shortcut.scale, 0, 255);
  shortcut.learned = reader.flag("learned", shortcut.learned);
  if (reader.member("channel_offset") != nullptr) shortcut.channel_offset = reader.integer("channel_offset", 0, 0, 65535);
  reader.finish();
  return shortcut;
}

std::string named(const std::string& name, int number) {
  std::string text = name;
  if (const auto at = text.find('#'); at != std::string::npos) text.replace(at, 1, std::to_string(number));
  return text;
}

LayerKind read_kind(JsonReader& reader) {
  const std::string kind = reader.text("kind", "convolution");
  if (kind == "convolution") return LayerKind::Convolution;
  if (kind == "dense") return LayerKind::Dense;
  if (kind == "pool") return LayerKind::Pool;
  reader.refuse(fmt::format("kind \"{}\" is unknown; choose convolution, dense or pool", kind));
}

void add_layer(JsonReader& reader, const Written& written, Reading& reading) {
  reader.finish();
  std::vector<LayerSpec>& layers = reading.network.layers;
  const std::size_t before = layers.size();
  append_planes(reading.network, written.layer, written.planes);
  for (std::size_t l = before; l < layers.size(); ++l) {
    if (!reading.names.insert(layers[l].name).second) reader.refuse(fmt::format("there are two layers \"{}\"", layers[l].name));
  }
  if (layers.size() > kMostLayers) reader.refuse(fmt::format("there are more than {} layers", kMostLayers));
  reading.outputs.push_back(static_cast<int>(layers.size()) - 1);
}

// A pooling layer has no weights: few keys, and nothing of the defaults.
void read_pool(JsonReader& reader, const std::string& name, Reading& reading) {
  LayerSpec layer{.name = name, .kind = LayerKind::Pool};
  layer.kernel = read_kernel(reader, 2);
  const int longer = std::max(layer.kernel.height, layer.kernel.width);
  if (layer.kernel.height != layer.kernel.width && reader.member("stride") == nullptr) {
    reader.refuse("its kernel is not square, so \"stride\" must be given");
  }
  layer.stride = reader.integer("stride", longer, 1, 15);
  layer.padding = read_padding(reader, 0, longer - 1);
  layer.average = reader.flag("average", false);
  if (reader.member("back") != nullptr) layer.source = source_of(reader, reading);
  add_layer(reader, {layer}, reading);
}

void read_layer(JsonReader& reader, const Written& defaults, int number, Reading& reading) {
  Written written = defaults;
  LayerSpec& layer = written.layer;
  layer.name = named(reader.required_text("name"), number);
  if (layer.name.find('.') != std::string::npos) reader.refuse(fmt::format("the name \"{}\" has a dot; use _", layer.name));
  layer.kind = read_kind(reader);
  if (layer.kind == LayerKind::Pool) {
    read_pool(reader, layer.name, reading);
    return;
  }
  layer.channels = reader.integer("channels", 0, 1, 65535);
  if (layer.channels == 0) reader.refuse("\"channels\" is missing");
  read_common(reader, written);
  if (layer.kind == LayerKind::Dense) layer.kernel = 1, layer.stride = layer.dilation = 1, layer.padding = 0;
  layer.max_pool = reader.flag("max_pool", false);
  layer.logits = reader.flag("logits", false);
  layer.logit_unit = reader.integer("logit_unit", 256, 1, 4096);
  if (!std::has_single_bit(static_cast<unsigned>(layer.logit_unit))) reader.refuse("\"logit_unit\" must be a power of two");
  layer.digits = reader.integer("digits", 0, 0, 8);
  if (layer.digits > 0) written.planes = 1;
  layer.global_average = reader.flag("global_average", false);
  layer.projection = reader.flag("projection", false);
  if (reader.member("back") != nullptr) layer.source = source_of(reader, reading);
  if (const nlohmann::json* shortcut = reader.member("shortcut")) layer.shortcut = read_shortcut(*shortcut, reader.where(), reading);
  add_layer(reader, written, reading);
}

void read_layers(const nlohmann::json& list, const std::string& where, const Written& defaults, int number, Reading& reading) {
  if (!list.is_array() || list.empty()) throw InputError(where + ": \"layers\" must be a list in brackets with at least one layer");
  for (std::size_t i = 0; i < list.size(); ++i) {
    JsonReader reader(list[i], fmt::format("{}, layer {} of the list", where, i + 1));
    const nlohmann::json* inner = reader.member("layers");
    if (inner == nullptr) {
      read_layer(reader, defaults, number, reading);
      continue;
    }
    const int times = reader.integer("repeat", 1, 1, kMostLayers);
    const int first = reader.integer("first", 1, 0, kMostLayers);
    reader.finish();
    for (int n = 0; n < times; ++n) read_layers(*inner, reader.where(), defaults, first + n, reading);
  }
}

Shape read_input(JsonReader& reader) {
  const nlohmann::json* input = reader.member("input");
  const auto fail = [&]() { reader.refuse("\"input\" must be [height, width, channels]"); };
  if (input == nullptr || !input->is_array() || input->size() != 3) fail();
  int sides[3] = {};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(*input)[i].is_number_integer()) fail();
    sides[i] = (*input)[i].get<int>();
    if (sides[i] < 1 || sides[i] > 4096) fail();
  }
  return {sides[0], sides[1], sides[2]};
}

}  // namespace

NetworkSpec parse_network(const std::string& json, const std::string& where) {
  const nlohmann::json parsed = nlohmann::json::parse(json, nullptr, false);
  if (parsed.is_discarded()) throw InputError(where + ": it is not JSON; check its brackets and commas");
  JsonReader reader(parsed, where);
  Reading reading;
  NetworkSpec& network = reading.network;
  network.name = reader.required_text("name");
  reader.text("about", "");
  network.slice = parse_slice(reader.text("slice", "10x2"));
  network.input = read_input(reader);
  Written defaults;
  if (const nlohmann::json* given = reader.member("defaults")) {
    JsonReader common(*given, where + ", defaults");
    read_common(common, defaults);
    common.finish();
  }
  const nlohmann::json* layers = reader.member("layers");
  if (layers == nullptr) reader.refuse("\"layers\" is missing");
  read_layers(*layers, where, defaults, 1, reading);
  reader.finish();
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const bool last = i + 1 == network.layers.size();
    if (network.layers[i].logits != last) {
      reader.refuse(last ? "the last layer must have \"logits\": true" : "only the last layer may have \"logits\": true");
    }
  }
  return network;
}

}  // namespace flexor
