// SPDX-License-Identifier: Apache-2.0
#include "compiler/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "code/error.hpp"
#include "compiler/activation_plan.hpp"
#include "compiler/code_memory.hpp"
#include "compiler/descriptor.hpp"
#include "compiler/engine_limits.hpp"
#include "compiler/geometry.hpp"
#include "compiler/placement.hpp"
#include "compiler/strip_schedule.hpp"
#include "compiler/tiler.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {
namespace {

void check_memory(const char* memory, std::size_t need, int have, const EngineParameters& engine) {
  if (need <= static_cast<std::size_t>(have)) return;
  throw InputError(fmt::format("the network needs {} words of {} memory, but engine '{}' has {}; take a larger engine", need, memory,
                               engine.name, have));
}

// offset = bias - sum of c, `width` bits, sign extended.
std::uint32_t offset_word(std::int64_t bias, std::int64_t correction, int width) {
  const std::int64_t span = std::int64_t{1} << width;
  std::int64_t offset = (bias - correction) % span;
  if (offset < -span / 2) offset += span;
  if (offset >= span / 2) offset -= span;
  return static_cast<std::uint32_t>(offset);
}

void append_parameters(const Layer& layer, const TiledLayer& tiled, const EngineParameters& engine, std::vector<std::uint32_t>& control) {
  for (std::size_t m = 0; m < layer.bias.size(); ++m) {
    control.push_back(offset_word(layer.bias[m], tiled.correction[m] * layer.averaged_pixels(), engine.AccWidth + engine.SumBits));
    control.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(layer.multiplier[m])));
  }
}

std::vector<TiledLayer> tile_layers(const Network& network, const EngineParameters& engine) {
  std::vector<TiledLayer> tiled;
  tiled.reserve(network.layers.size());
  for (const Layer& layer : network.layers) {
    tiled.push_back(layer.kind == LayerKind::Pool ? no_weights(layer, engine) : tile_layer(network, layer, engine));
  }
  return tiled;
}

// Progress of transfers that each part waits for.
std::vector<int> whole_progress(const std::vector<WeightPlace>& weights, const EngineParameters& engine) {
  std::vector<int> result;
  int progress = 0;
  for (std::size_t p = 0; p < weights.size(); ++p) {
    if (p == 0 || weights[p].words != 0) progress = layer_progress(p);
    result.push_back(engine.AxiBytes == 0 ? 0 : progress);
  }
  return result;
}

// What a part's layer adds: the part's rows of the shortcut's tensor.
std::optional<DescriptorValues::Shortcut> part_shortcut(const Network& network, const Placement& placement, const Part& part,
                                                        const EngineParameters& engine) {
  const auto& shortcut = network.layers[part.layer].shortcut;
  if (!shortcut) return std::nullopt;
  const auto source = static_cast<std::size_t>(shortcut->source);
  const Shape& from = network.layers[source].output;
  const std::int64_t row = std::int64_t{from.width} * residual_step(from.channels, engine);
  return DescriptorValues::Shortcut{from,
                                    placement.residual[source] + part.strip.first * shortcut->stride * row,
                                    shortcut->stride,
                                    shortcut->channel_offset,
                                    shortcut->multiplier,
                                    network.layers[source].projection};
}

int digits_of(const Layer& layer) { return std::max(1, static_cast<int>(layer.planes.size())); }

std::string name_of(const Layer& layer, const Geometry& g, const Part& part) {
  std::string name = layer.name;
  if (part.strip.rows != g.rows) name += fmt::format(" rows {}-{}", part.strip.first, part.strip.first + part.strip.rows - 1);
  const ChannelRange& channels = part.channels;
  if (channels.count != g.channels) name += fmt::format(" channels {}-{}", channels.first, channels.first + channels.count - 1);
  return name;
}

// A part in the plan of its layer `g`, without its predicted cycles.
MemoryImage::LayerPlan part_plan(const Layer& layer, const Geometry& g, const Part& part, const TiledLayer& tiled,
                                 const WeightPlace& weights, int batch, const EngineParameters& engine) {
  const int end = part.strip.first + part.strip.rows;
  const int digits = digits_of(layer);
  const std::int64_t all = layer.macs() * digits * batch / g.channels * part.channels.count;
  const std::int64_t macs = all * end / g.rows - all * part.strip.first / g.rows;
  const int other_channels = g.channels - part.channels.count;
  MemoryImage::LayerPlan plan;
  plan.name = name_of(layer, g, part);
  plan.input_address = static_cast<std::uint32_t>(part.input);
  plan.output_address = static_cast<std::uint32_t>(part.output);
  plan.macs = macs;
  plan.ideal_cycles = static_cast<double>(macs) / engine.macs();
  plan.tiles = layer.planes.empty() ? 0 : static_cast<std::int64_t>(m_tiles(part.channels, engine)) * digits * g.strings * tiled.chunks;
  plan.weight_words = weights.words;
  plan.layer = static_cast<int>(part.layer);
  plan.first_pixel = std::int64_t{part.strip.first} * g.columns;
  plan.first_channel = part.channels.first;
  plan.output_bytes = layer.projection ? 0 : std::int64_t{part_of(g, part.strip).output_size()} * batch - other_channels * g.channel_bytes;
  return plan;
}

// Plan and memories of one image, filled part by part.
class Assembly {
 public:
  Assembly(const Network& network, const EngineParameters& engine, int batch)
      : network_(network),
        engine_(engine),
        geometry_(network.layers.begin(), network.layers.end()),
        codes_(network, engine),
        tiles_(tile_layers(network, engine)),
        placement_(place(network, geometry_, tiles_, engine, batch)) {
    describe();
    if (placement_.strips) {
      StripSchedule schedule = schedule_strips(network, geometry_, *placement_.strips, placement_.parts, placement_.weights, engine);
      image_.moves = std::move(schedule.moves);
      image_.outside = placement_.strips->outside;
      progress_ = std::move(schedule.progress);
    } else {
      progress_ = whole_progress(placement_.weights, engine);
    }
    image_.control.assign(placement_.parts.size() * kDescriptorWords, 0);
  }

  MemoryImage finish() && {
    for (std::size_t p = 0; p < placement_.parts.size(); ++p) add(p);
    image_.layers.front().predicted.other += kStartCycles;
    image_.layers.back().predicted.other += kEndCycles;
    check_memory("code", image_.code.size(), engine_.CodeWords, engine_);
    return std::move(image_);
  }

 private:
  void describe() {
    image_.configuration = engine_.name;
    image_.batch = placement_.batch;
    image_.code = codes_.words();
    image_.input = geometry_.front().input;
    image_.input_address = static_cast<std::uint32_t>(placement_.input);
    image_.output_address = static_cast<std::uint32_t>(placement_.output);
    image_.classes = network_.layers.back().output.size();
    image_.following_after = placement_.following_after;
  }

  // Weights and parameters of layer `l`, once.
  void add_layer(std::size_t l) {
    const Layer& layer = network_.layers[l];
    prove_no_overflow(network_, layer, tiles_[l], network_.largest(network_.source(l)), engine_);
    parameter_base_ = static_cast<int>(image_.control.size());
    append_parameters(layer, tiles_[l], engine_, image_.control);
    image_.weight.insert(image_.weight.end(), tiles_[l].words.begin(), tiles_[l].words.end());
    if (engine_.AxiBytes == 0) check_memory("weight", image_.weight.size(), engine_.WeightWords, engine_);
    check_memory("control", image_.control.size(), engine_.ControlWords, engine_);
  }

  DescriptorValues values(std::size_t p, const LayerTiming& timing, std::int64_t first_pixel) const {
    const Part& part = placement_.parts[p];
    const Layer& layer = network_.layers[part.layer];
    const TiledLayer& tiled = tiles_[part.layer];
    const std::int64_t residual = placement_.residual[part.layer];
    DescriptorValues v;
    v.last = p + 1 == placement_.parts.size();
    v.logits = layer.logits;
    v.activation_max = layer.activation_max;
    v.stored_bits = tiled.stored_bits;
    if (!layer.planes.empty()) v.code_base = codes_.base(network_.codes[static_cast<std::size_t>(layer.planes[0].code)]);
    v.weight_base = placement_.weights[p].base;
    v.parameter_base = parameter_base_ + 2 * part.channels.first;
    v.first_channel = part.channels.first;
    v.residual_step = residual_step(layer.output.channels, engine_);
    v.m_tiles = m_tiles(part.channels, engine_);
    v.chunks = tiled.chunks;
    v.block_pixels = timing.block_pixels;
    v.input_address = static_cast<std::uint32_t>(part.input);
    v.output_address = static_cast<std::uint32_t>(part.output);
    v.batch = placement_.batch;
    v.digits = digits_of(layer);
    v.progress = progress_[p];
    v.residual = residual < 0 ? -1 : residual + first_pixel * v.residual_step + part.channels.first / engine_.R;
    v.projection = layer.projection;
    v.shortcut = part_shortcut(network_, placement_, part, engine_);
    return v;
  }

  void add(std::size_t p) {
    const Part& part = placement_.parts[p];
    const Layer& layer = network_.layers[part.layer];
    const TiledLayer& tiled = tiles_[part.layer];
    Geometry g = part_of(geometry_[part.layer], part.strip);
    g.channels = part.channels.count;
    const bool begins = p == 0 || placement_.parts[p - 1].layer != part.layer;
    if (begins) add_layer(part.layer);
    LayerTiming timing{.channels = g.channels,
                       .m_tiles = m_tiles(part.channels, engine_),
                       .tiles = digits_of(layer) * g.strings * tiled.chunks,
                       .stored_bits = tiled.stored_bits,
                       .pixels = static_cast<std::int64_t>(g.pixels()) * placement_.batch,
                       .shortcut = layer.shortcut.has_value()};
    timing.block_pixels = choose_block(timing, g.whole_pixels(), engine_);
    MemoryImage::LayerPlan plan = part_plan(layer, geometry_[part.layer], part, tiled, placement_.weights[p], placement_.batch, engine_);
    write_descriptor(layer.name, g, values(p, timing, plan.first_pixel), engine_,
                     std::span(image_.control).subspan(p * kDescriptorWords, kDescriptorWords));
    plan.predicted = predict_cycles(timing, engine_);
    image_.layers.push_back(std::move(plan));
  }

  const Network& network_;
  const EngineParameters& engine_;
  std::vector<Geometry> geometry_;
  CodeMemory codes_;
  std::vector<TiledLayer> tiles_;
  Placement placement_;
  std::vector<int> progress_;
  int parameter_base_ = 0;
  MemoryImage image_;
};

}  // namespace

std::int64_t MemoryImage::predicted_cycles() const {
  std::int64_t cycles = kJobCycles;
  for (const LayerPlan& layer : layers) cycles += layer.predicted.total();
  return cycles;
}

MemoryImage compile(const Network& network, const EngineParameters& engine, int batch) {
  validate(network);
  if (batch < 0)
    throw InputError(fmt::format("a batch of {} images is not possible; choose 1 or more, or 0 for the largest that fits", batch));
  check_runs(network, engine);
  return Assembly(network, engine, batch).finish();
}

}  // namespace flexor
