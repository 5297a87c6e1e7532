// SPDX-License-Identifier: Apache-2.0
#include "compiler/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>

#include "code/error.hpp"
#include "compiler/activation_plan.hpp"
#include "compiler/descriptor.hpp"
#include "compiler/geometry.hpp"
#include "compiler/pe_style.hpp"
#include "compiler/placement.hpp"
#include "compiler/strip_schedule.hpp"
#include "compiler/tiler.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {
namespace {

bool same_codes(const Network& network, const Layer& layer) {
  const auto code = [&network](const Plane& plane) -> const Code& { return network.codes[static_cast<std::size_t>(plane.code)]; };
  const Code& first = code(layer.planes[0]);
  return std::all_of(layer.planes.begin(), layer.planes.end(),
                     [&](const Plane& plane) { return code(plane).n_in == first.n_in && code(plane).rows == first.rows; });
}

// What model files can hold and this engine, or every engine, does not run (docs/decisions/0405-network-graph.md).
void check_graph(const Network& network, std::size_t l, const EngineParameters& engine) {
  const Layer& layer = network.layers[l];
  const auto refuse = [&layer](bool has, const std::string& what) {
    if (has) throw InputError(fmt::format("layer '{}' {}; run it with flexor eval", layer.name, what));
  };
  const auto missing = [&engine](const char* what) { return fmt::format("{}, for which engine '{}' is not built", what, engine.name); };
  refuse(layer.shortcut.has_value() && engine.ResidualWords == 0, missing("has a shortcut"));
  refuse(layer.kind == LayerKind::Pool && engine.Windows == 0, missing("pools windows"));
  refuse(layer.digits && static_cast<int>(layer.planes.size()) > engine.Digits, missing("has weights of several binary digits"));
  refuse(layer.global_average && layer.averaged_pixels() > std::min(1 << engine.SumBits, engine.PMax),
         missing(fmt::format("averages over {} pixels", layer.averaged_pixels()).c_str()));
  refuse(layer.digits && !same_codes(network, layer), "has binary digits of different codes, which no engine runs");
  refuse(l > 0 && network.source(l) == kNetworkInput && network.layers.front().stack_rows,
         "reads the pixels, which the first layer wants row-stacked");
  if (!layer.shortcut) return;
  refuse(layer.shortcut->source == kNetworkInput, "adds the pixels, which no engine does");
  refuse(layer.shortcut->channel_offset % engine.R != 0,
         fmt::format("adds its shortcut from channel {} on, but engine '{}' adds from multiples of {} on", layer.shortcut->channel_offset,
                     engine.name, engine.R));
}

void check_supported(const Network& network, const Layer& layer, const EngineParameters& engine) {
  if (layer.shift != engine.Shift) {
    throw InputError(
        fmt::format("layer '{}' requantises with shift {}, but engine '{}' is built for {}; export the network with that shift", layer.name,
                    layer.shift, engine.name, engine.Shift));
  }
  if (layer.planes.empty()) return;
  const Code& code = network.codes[static_cast<std::size_t>(layer.planes[0].code)];
  if (engine.Decryption == static_cast<int>(Decryption::Fixed) && code.rows != nested_code(code.n_in).rows) {
    throw InputError(fmt::format(
        "layer '{}' uses the code '{}', but engine '{}' has the nested code in its gates; take an engine with serial decryption",
        layer.name, code.name, engine.name));
  }
}

// Sum of a channel's positive weights and of its negative ones, w = sum_p 2^p b_p.
struct WeightSums {
  std::int64_t plus = 0, minus = 0;
};

std::vector<WeightSums> weight_sums(const Network& network, const Layer& layer) {
  std::vector<std::int64_t> weights(static_cast<std::size_t>(layer.weights()), 0);
  for (std::size_t p = 0; p < layer.planes.size(); ++p) {
    const std::vector<std::int8_t> plane = decrypt_weights(network, layer, static_cast<int>(p));
    for (std::size_t i = 0; i < plane.size(); ++i) weights[i] += std::int64_t{plane[i]} << p;
  }
  std::vector<WeightSums> sums(layer.bias.size());
  if (layer.kind == LayerKind::Pool) {
    for (WeightSums& s : sums) s.plus = layer.pooled_units();
    return sums;
  }
  const std::size_t inputs = weights.size() / sums.size();
  for (std::size_t i = 0; i < weights.size(); ++i) (weights[i] > 0 ? sums[i / inputs].plus : sums[i / inputs].minus) += weights[i];
  return sums;
}

// The true sum of all pixels with its bias must fit t: max(a) * max(plus, -minus) * pixels + |bias| < 2^(AccWidth+SumBits-1).
// Where an accumulator is extended to t (SumBits > 0), what the array adds must not wrap it.
void prove_no_overflow(const Network& network, const Layer& layer, const TiledLayer& tiled, int largest_input,
                       const EngineParameters& engine) {
  const std::vector<WeightSums> sums = weight_sums(network, layer);
  const int width = engine.AccWidth + engine.SumBits;
  const auto refuse = [&](std::size_t m, std::int64_t worst, std::int64_t limit, int bits) {
    if (worst < limit) return;
    throw InputError(
        fmt::format("layer '{}', channel {}: its sums may reach {}, but engine '{}' accumulates below {} ({} bits); take a wider engine",
                    layer.name, m, worst, engine.name, limit, bits));
  };
  for (std::size_t m = 0; m < sums.size(); ++m) {
    const std::int64_t worst = largest_input * std::max(sums[m].plus, -sums[m].minus);
    refuse(m, worst * layer.averaged_pixels() + std::abs(static_cast<std::int64_t>(layer.bias[m])), std::int64_t{1} << (width - 1), width);
    if (engine.SumBits == 0) continue;
    const bool is_signed = dot_signed(engine.PeStyle);
    const std::int64_t limit = std::int64_t{1} << (engine.AccWidth - (is_signed ? 1 : 0));
    refuse(m, tiled.correction[m] + largest_input * sums[m].plus, limit, engine.AccWidth);
    if (is_signed) refuse(m, -tiled.correction[m] - largest_input * sums[m].minus, limit, engine.AccWidth);
  }
}

void check_memory(const char* memory, std::size_t need, int have, const EngineParameters& engine) {
  if (need <= static_cast<std::size_t>(have)) return;
  throw InputError(fmt::format("the network needs {} words of {} memory, but engine '{}' has {}; take a larger engine", need, memory,
                               engine.name, have));
}

// Columns of every recoded code M' = T M in use; codes share columns where they agree (every nested code does).
class CodeMemory {
 public:
  explicit CodeMemory(const EngineParameters& engine) : engine_(engine) {}

  void add(const Code& code) {
    const std::vector<std::uint32_t> columns = recoded(code);
    if (find(columns) == words_.end()) words_.insert(words_.end(), columns.begin(), columns.end());
  }
  [[nodiscard]] int base(const Code& code) const { return static_cast<int>(find(recoded(code)) - words_.begin()); }
  [[nodiscard]] const std::vector<std::uint32_t>& words() const { return words_; }

 private:
  [[nodiscard]] std::vector<std::uint32_t> recoded(const Code& code) const {
    std::vector<std::uint32_t> columns;
    columns.reserve(static_cast<std::size_t>(code.n_in));
    for (int j = 0; j < code.n_in; ++j) columns.push_back(recode_slice(engine_.PeStyle, code.column(j)));
    return columns;
  }
  [[nodiscard]] std::vector<std::uint32_t>::const_iterator find(const std::vector<std::uint32_t>& columns) const {
    return std::search(words_.begin(), words_.end(), columns.begin(), columns.end());
  }

  const EngineParameters& engine_;
  std::vector<std::uint32_t> words_;
};

CodeMemory collect_codes(const Network& network, const EngineParameters& engine) {
  CodeMemory memory(engine);
  if (engine.Decryption != static_cast<int>(Decryption::Serial)) return memory;
  std::vector<const Code*> used;
  used.reserve(network.layers.size());
  for (const Layer& layer : network.layers) {
    if (!layer.planes.empty()) used.push_back(&network.codes[static_cast<std::size_t>(layer.planes[0].code)]);
  }
  // Longest first, so that shorter prefixes find their columns there.
  std::stable_sort(used.begin(), used.end(), [](const Code* a, const Code* b) { return a->n_in > b->n_in; });
  for (const Code* code : used) memory.add(*code);
  return memory;
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
  for (std::size_t l = 0; l < weights.size(); ++l) {
    if (l == 0 || weights[l].words != 0) progress = layer_progress(l);
    result.push_back(engine.AxiBytes == 0 ? 0 : progress);
  }
  return result;
}

// What a part adds: its rows of the shortcut's tensor.
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

// A part in the plan of its layer `g`, without its predicted cycles.
MemoryImage::LayerPlan part_plan(const Layer& layer, const Geometry& g, const Part& part, const TiledLayer& tiled, bool begins, int batch,
                                 const EngineParameters& engine) {
  const int end = part.strip.first + part.strip.rows;
  const int digits = std::max(1, static_cast<int>(layer.planes.size()));
  const std::int64_t all = layer.macs() * digits * batch;
  const std::int64_t macs = all * end / g.rows - all * part.strip.first / g.rows;
  MemoryImage::LayerPlan plan;
  plan.name = part.strip.rows == g.rows ? layer.name : fmt::format("{} rows {}-{}", layer.name, part.strip.first, end - 1);
  plan.input_address = static_cast<std::uint32_t>(part.input);
  plan.output_address = static_cast<std::uint32_t>(part.output);
  plan.macs = macs;
  plan.ideal_cycles = static_cast<double>(macs) / engine.macs();
  plan.tiles = layer.planes.empty() ? 0 : static_cast<std::int64_t>(tiled.m_tiles) * digits * g.strings * tiled.chunks;
  plan.weight_words = begins ? static_cast<std::int64_t>(tiled.words.size()) : 0;
  plan.layer = static_cast<int>(part.layer);
  plan.first_pixel = std::int64_t{part.strip.first} * g.columns;
  plan.output_bytes = layer.projection ? 0 : std::int64_t{part_of(g, part.strip).output_size()} * batch;
  return plan;
}

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
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    check_graph(network, l, engine);
    check_supported(network, layer, engine);
  }
  const std::vector<Geometry> geometry(network.layers.begin(), network.layers.end());
  const Placement placement = place(network, geometry, engine, batch);
  const CodeMemory codes = collect_codes(network, engine);

  MemoryImage image;
  image.configuration = engine.name;
  image.batch = placement.batch;
  image.code = codes.words();
  image.input = geometry.front().input;
  image.input_address = static_cast<std::uint32_t>(placement.input);
  image.output_address = static_cast<std::uint32_t>(placement.output);
  image.classes = network.layers.back().output.size();
  image.following_after = placement.following_after;
  const std::vector<TiledLayer> tiles = tile_layers(network, engine);
  const std::vector<WeightPlace> weights = place_weights(network, tiles, engine);
  std::vector<int> progress;
  if (placement.strips) {
    StripSchedule schedule = schedule_strips(network, geometry, *placement.strips, placement.parts, weights, engine);
    image.moves = std::move(schedule.moves);
    image.outside = placement.strips->outside;
    progress = std::move(schedule.progress);
  } else {
    progress = whole_progress(weights, engine);
  }
  image.control.assign(placement.parts.size() * kDescriptorWords, 0);
  int parameter_base = 0;
  for (std::size_t p = 0; p < placement.parts.size(); ++p) {
    const Part& part = placement.parts[p];
    const std::size_t l = part.layer;
    const Layer& layer = network.layers[l];
    const Geometry g = part_of(geometry[l], part.strip);
    const TiledLayer& tiled = tiles[l];
    const bool begins = p == 0 || placement.parts[p - 1].layer != l;
    if (begins) {
      prove_no_overflow(network, layer, tiled, network.largest(network.source(l)), engine);
      parameter_base = static_cast<int>(image.control.size());
      append_parameters(layer, tiled, engine, image.control);
      image.weight.insert(image.weight.end(), tiled.words.begin(), tiled.words.end());
    }
    DescriptorValues values;
    values.last = p + 1 == placement.parts.size();
    values.logits = layer.logits;
    values.activation_max = layer.activation_max;
    values.stored_bits = tiled.stored_bits;
    if (engine.Decryption == static_cast<int>(Decryption::Serial) && !layer.planes.empty()) {
      values.code_base = codes.base(network.codes[static_cast<std::size_t>(layer.planes[0].code)]);
    }
    values.weight_base = weights[l].base;
    values.progress = progress[p];
    values.parameter_base = parameter_base;
    values.m_tiles = tiled.m_tiles;
    values.chunks = tiled.chunks;
    values.input_address = static_cast<std::uint32_t>(part.input);
    values.output_address = static_cast<std::uint32_t>(part.output);
    values.batch = placement.batch;
    values.digits = std::max(1, static_cast<int>(layer.planes.size()));
    LayerTiming timing{.channels = g.channels,
                       .m_tiles = tiled.m_tiles,
                       .tiles = values.digits * g.strings * tiled.chunks,
                       .stored_bits = tiled.stored_bits,
                       .pixels = static_cast<std::int64_t>(g.pixels()) * placement.batch,
                       .shortcut = layer.shortcut.has_value()};
    timing.block_pixels = values.block_pixels = choose_block(timing, g.whole_pixels(), engine);
    MemoryImage::LayerPlan plan = part_plan(layer, geometry[l], part, tiled, begins, placement.batch, engine);
    values.residual = placement.residual[l] < 0 ? -1 : placement.residual[l] + plan.first_pixel * residual_step(g.channels, engine);
    values.projection = layer.projection;
    values.shortcut = part_shortcut(network, placement, part, engine);
    if (engine.AxiBytes == 0) check_memory("weight", image.weight.size(), engine.WeightWords, engine);
    check_memory("control", image.control.size(), engine.ControlWords, engine);
    write_descriptor(layer.name, g, values, engine, std::span(image.control).subspan(p * kDescriptorWords, kDescriptorWords));
    plan.predicted = predict_cycles(timing, engine);
    image.layers.push_back(std::move(plan));
  }
  image.layers.front().predicted.other += kStartCycles;
  image.layers.back().predicted.other += kEndCycles;
  check_memory("code", image.code.size(), engine.CodeWords, engine);
  return image;
}

}  // namespace flexor
