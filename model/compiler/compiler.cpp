// SPDX-License-Identifier: Apache-2.0
#include "compiler/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "code/error.hpp"
#include "compiler/activation_plan.hpp"
#include "compiler/descriptor.hpp"
#include "compiler/geometry.hpp"
#include "compiler/pe_style.hpp"
#include "compiler/tiler.hpp"

namespace flexor {
namespace {

// What model files can hold and the engine cannot run yet (docs/decisions/0405-network-graph.md).
void check_graph(const Network& network, std::size_t l) {
  const Layer& layer = network.layers[l];
  const auto refuse = [&layer](bool has, const char* what) {
    if (has) throw InputError(fmt::format("layer '{}' {}; run it with flexor eval", layer.name, what));
  };
  refuse(layer.shortcut.has_value(), "has a shortcut, which the engine cannot add yet");
  refuse(layer.digits, "has weights of several binary digits, which the engine cannot sum yet");
  refuse(layer.global_average, "averages over all pixels, which the engine cannot do yet");
  refuse(network.source(l) != static_cast<int>(l) - 1, "reads another layer than the one before, which the engine cannot do yet");
}

void check_supported(const Layer& layer, const Code& code, const EngineParameters& engine) {
  if (layer.planes.size() != 1) {
    throw InputError(fmt::format("layer '{}' has {} bit planes, but this version runs networks with one", layer.name, layer.planes.size()));
  }
  if (layer.shift != engine.Shift) {
    throw InputError(
        fmt::format("layer '{}' requantises with shift {}, but engine '{}' is built for {}; export the network with that shift", layer.name,
                    layer.shift, engine.name, engine.Shift));
  }
  if (engine.Decryption == static_cast<int>(Decryption::Fixed) && code.rows != nested_code(code.n_in).rows) {
    throw InputError(fmt::format(
        "layer '{}' uses the code '{}', but engine '{}' has the nested code in its gates; take an engine with serial decryption",
        layer.name, code.name, engine.name));
  }
}

// The true sum with its bias must fit the accumulator: max(a) * max(#plus, #minus) + |bias| < 2^(AccWidth-1).
void prove_no_overflow(const Network& network, const Layer& layer, int largest_input, const EngineParameters& engine) {
  const std::vector<std::int8_t> weights = decrypt_weights(network, layer);
  const std::size_t inputs = weights.size() / static_cast<std::size_t>(layer.output.channels);
  const std::int64_t limit = std::int64_t{1} << (engine.AccWidth - 1);
  for (std::size_t m = 0; m < layer.bias.size(); ++m) {
    const auto row = std::span(weights).subspan(m * inputs, inputs);
    const std::int64_t plus = std::count(row.begin(), row.end(), std::int8_t{1});
    const std::int64_t worst =
        largest_input * std::max(plus, static_cast<std::int64_t>(inputs) - plus) + std::abs(static_cast<std::int64_t>(layer.bias[m]));
    if (worst < limit) continue;
    throw InputError(
        fmt::format("layer '{}', channel {}: its sums may reach {}, but engine '{}' accumulates below {} ({} bits); take a wider engine",
                    layer.name, m, worst, engine.name, limit, engine.AccWidth));
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
  for (const Layer& layer : network.layers) used.push_back(&network.codes[static_cast<std::size_t>(layer.planes[0].code)]);
  // Longest first, so that shorter prefixes find their columns there.
  std::stable_sort(used.begin(), used.end(), [](const Code* a, const Code* b) { return a->n_in > b->n_in; });
  for (const Code* code : used) memory.add(*code);
  return memory;
}

// offset = bias - sum of c, AccWidth bits, sign extended.
std::uint32_t offset_word(std::int64_t bias, std::int64_t correction, int acc_width) {
  const std::int64_t span = std::int64_t{1} << acc_width;
  std::int64_t offset = (bias - correction) % span;
  if (offset < -span / 2) offset += span;
  if (offset >= span / 2) offset -= span;
  return static_cast<std::uint32_t>(offset);
}

void append_parameters(const Layer& layer, const TiledLayer& tiled, const EngineParameters& engine, std::vector<std::uint32_t>& control) {
  for (std::size_t m = 0; m < layer.bias.size(); ++m) {
    control.push_back(offset_word(layer.bias[m], tiled.correction[m], engine.AccWidth));
    control.push_back(static_cast<std::uint32_t>(static_cast<std::int32_t>(layer.multiplier[m])));
  }
}

}  // namespace

MemoryImage compile(const Network& network, const EngineParameters& engine, int batch) {
  validate(network);
  if (batch < 0)
    throw InputError(fmt::format("a batch of {} images is not possible; choose 1 or more, or 0 for the largest that fits", batch));
  int largest_input = 255;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    check_graph(network, l);
    check_supported(layer, network.codes[static_cast<std::size_t>(layer.planes[0].code)], engine);
    prove_no_overflow(network, layer, largest_input, engine);
    largest_input = layer.activation_max;
  }
  const std::vector<Geometry> geometry(network.layers.begin(), network.layers.end());
  const ActivationPlan plan = plan_activations(network, geometry, engine, batch);
  const CodeMemory codes = collect_codes(network, engine);

  MemoryImage image;
  image.configuration = engine.name;
  image.batch = plan.batch;
  image.code = codes.words();
  image.input = geometry.front().input;
  image.input_address = plan.address.front();
  image.output_address = plan.address.back();
  image.classes = network.layers.back().output.size();
  image.control.assign(network.layers.size() * kDescriptorWords, 0);
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    const Geometry& g = geometry[l];
    const TiledLayer tiled = tile_layer(network, layer, engine);
    DescriptorValues values;
    values.last = l + 1 == network.layers.size();
    values.logits = layer.logits;
    values.activation_max = layer.activation_max;
    values.stored_bits = tiled.stored_bits;
    if (engine.Decryption == static_cast<int>(Decryption::Serial)) {
      values.code_base = codes.base(network.codes[static_cast<std::size_t>(layer.planes[0].code)]);
    }
    values.weight_base = static_cast<std::int64_t>(image.weight.size());
    values.parameter_base = static_cast<int>(image.control.size());
    values.m_tiles = tiled.m_tiles;
    values.chunks = tiled.chunks;
    values.input_address = plan.address[l];
    values.output_address = plan.address[l + 1];
    values.batch = plan.batch;
    append_parameters(layer, tiled, engine, image.control);
    image.weight.insert(image.weight.end(), tiled.words.begin(), tiled.words.end());
    check_memory("weight", image.weight.size(), engine.WeightWords, engine);
    check_memory("control", image.control.size(), engine.ControlWords, engine);
    write_descriptor(layer.name, g, values, engine, std::span(image.control).subspan(l * kDescriptorWords, kDescriptorWords));
    const std::int64_t macs = layer.macs() * plan.batch;
    image.layers.push_back({layer.name, plan.address[l], plan.address[l + 1], macs, static_cast<double>(macs) / engine.macs(),
                            static_cast<std::int64_t>(tiled.m_tiles) * g.strings * tiled.chunks,
                            static_cast<std::int64_t>(tiled.words.size())});
  }
  check_memory("code", image.code.size(), engine.CodeWords, engine);
  return image;
}

}  // namespace flexor
