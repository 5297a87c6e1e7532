// SPDX-License-Identifier: Apache-2.0
#include "train/spec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "train/json_reader.hpp"

namespace flexor {
namespace {

Shortcut shape_shortcut(const LayerSpec& spec, const SliceShape& slice, const Shape& from, const Shape& to) {
  Shortcut shortcut;
  shortcut.source = spec.shortcut->source;
  shortcut.stride = from.height > to.height ? 2 : 1;
  const bool fits = ceil_div(from.height, shortcut.stride) == to.height && ceil_div(from.width, shortcut.stride) == to.width;
  if (!fits || from.channels > to.channels) {
    throw InputError(
        fmt::format("layer {}: its shortcut brings {}x{}x{} to an output of {}x{}x{}; it must be as large or twice as large, "
                    "with no more channels",
                    spec.name, from.height, from.width, from.channels, to.height, to.width, to.channels));
  }
  shortcut.channel_offset = spec.shortcut->channel_offset.value_or((to.channels - from.channels) / 2);
  if (shortcut.channel_offset + from.channels > to.channels) {
    throw InputError(
        fmt::format("layer {}: its shortcut puts {} channels at channel {}, but its output has {}; give a smaller channel_offset",
                    spec.name, from.channels, shortcut.channel_offset, to.channels));
  }
  if (slice.aligned() && shortcut.channel_offset % slice.inputs != 0) {
    throw InputError(
        fmt::format("layer {}: its shortcut begins at channel {}, but with slices of {}x{} it must begin at a multiple of {}; give the "
                    "shortcut \"channel_offset\": 0",
                    spec.name, shortcut.channel_offset, slice.inputs, slice.channels, slice.inputs));
  }
  return shortcut;
}

[[noreturn]] void refuse(const LayerSpec& spec, const std::string& complaint) {
  throw InputError(fmt::format("layer {}: {}", spec.name, complaint));
}

// Whether a layer besides the first reads the pixels, so that they cannot be laid out for the first one's rows.
bool others_read_pixels(const NetworkSpec& spec) {
  return std::any_of(spec.layers.begin() + 1, spec.layers.end(), [](const LayerSpec& layer) { return layer.source == kNetworkInput; });
}

// Upper clamp of the output. A projection's bits count its sign.
int largest_output(const LayerSpec& spec) { return (1 << (spec.projection ? spec.activation_bits - 1 : spec.activation_bits)) - 1; }

// Layers only add projections (decision 0206).
void check_projections(const NetworkSpec& spec) {
  std::vector<bool> added(spec.layers.size(), false);
  for (const LayerSpec& layer : spec.layers) {
    if (layer.shortcut && layer.shortcut->source >= 0) added[static_cast<std::size_t>(layer.shortcut->source)] = true;
  }
  for (std::size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    const int source = layer.source == kPreviousLayer ? static_cast<int>(i) - 1 : layer.source;
    if (source >= 0 && spec.layers[static_cast<std::size_t>(source)].projection) {
      refuse(layer,
             fmt::format("it reads the projection {}, but projections are only added", spec.layers[static_cast<std::size_t>(source)].name));
    }
    if (!layer.projection) continue;
    if (layer.kind == LayerKind::Pool || layer.max_pool || layer.logits || layer.global_average) {
      refuse(layer, "only a layer with weights that neither pools, averages nor gives logits may be a projection");
    }
    if (layer.activation_bits < 2) refuse(layer, "a projection needs at least 2 activation bits, one of them for its sign");
    if (!added[i]) refuse(layer, "it is a projection, but no layer adds it");
  }
}

// A pooling layer keeps its input's channels and largest value; a multiplier of 2^14 keeps a value (docs/arithmetic.md, "Pooling layers").
void shape_pool(Layer& layer, const LayerSpec& spec, int largest) {
  if (spec.max_pool || spec.logits || spec.shortcut) refuse(spec, "a pooling layer has neither shortcut, logits nor pooling behind it");
  layer.average = spec.average;
  layer.activation_max = largest;
  layer.output.channels = layer.input.channels;
}

}  // namespace

SliceShape parse_slice(const std::string& words) {
  if (words == "10x2") return {10, 2};
  if (words == "16x2") return {16, 2};
  throw InputError(fmt::format("slices of \"{}\" are not possible; choose 10x2 or 16x2 (inputs x channels)", words));
}

std::vector<std::string> network_names() { return shipped_names("networks"); }

NetworkSpec network_spec(const std::string& name) {
  const std::filesystem::path file = find_description(name, "networks", "network");
  return parse_network(read_json(file, "network").dump(), fmt::format("network file '{}'", file.string()));
}

std::vector<Layer> layer_shapes(const NetworkSpec& spec) {
  check_projections(spec);
  std::vector<Layer> layers;
  const auto tensor = [&](int source) { return source < 0 ? spec.input : layers[static_cast<std::size_t>(source)].output; };
  for (const LayerSpec& from : spec.layers) {
    Layer layer;
    layer.name = from.name;
    layer.kind = from.kind;
    layer.max_pool = from.max_pool;
    layer.logits = from.logits;
    layer.projection = from.projection;
    layer.activation_max = largest_output(from);
    layer.source = from.source;
    layer.digits = from.digits > 0;
    layer.global_average = from.global_average;
    const int source = from.source == kPreviousLayer ? static_cast<int>(layers.size()) - 1 : from.source;
    const Shape before = tensor(source);
    layer.input = before;
    layer.output.channels = from.channels;
    if (from.kind == LayerKind::Dense) {
      if (!from.global_average) layer.input = {1, 1, before.size()};
    } else {
      layer.kernel_height = from.kernel.height;
      layer.kernel_width = from.kernel.width;
      layer.stride = from.stride;
      layer.padding = from.padding;
      layer.dilation = from.dilation;
      layer.stack_rows = layers.empty() && from.kind == LayerKind::Convolution && !others_read_pixels(spec);
    }
    if (from.kind == LayerKind::Pool) shape_pool(layer, from, source < 0 ? 255 : layers[static_cast<std::size_t>(source)].activation_max);
    for (const int side : {layer.padding.top, layer.padding.left, layer.padding.bottom, layer.padding.right}) {
      const int most = std::max(layer.reach_height(), layer.reach_width()) - 1;
      if (side > most)
        refuse(from, fmt::format("its padding is {}, but its kernel reaches over {} pixels; take {} or less", side, most + 1, most));
    }
    const bool empty = layer.padded_height() < layer.reach_height() || layer.padded_width() < layer.reach_width();
    layer.output = layer.unpooled();
    if (from.max_pool) layer.output = {layer.output.height / 2, layer.output.width / 2, layer.output.channels};
    if (empty || layer.output.height < 1 || layer.output.width < 1) {
      throw InputError(fmt::format("layer {}: nothing is left of its {}x{} input; use a smaller kernel or fewer strides", from.name,
                                   before.height, before.width));
    }
    if (from.shortcut) layer.shortcut = shape_shortcut(from, spec.slice, tensor(from.shortcut->source), layer.output);
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace flexor
