// SPDX-License-Identifier: Apache-2.0
#include "compile_stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "network/atomic_file.hpp"
#include "stream/program.hpp"
#include "table.hpp"

namespace flexor {
namespace {

struct StreamUse {
  std::string memory;
  std::int64_t used;
  std::int64_t size;
};

// Highest word of a tensor bank that the program uses.
int bank_words(const stream::Program& program, int bank) {
  int words = 0;
  for (const auto& layer : program.layers) {
    if (layer.output.bank == bank) words = std::max(words, layer.output.address + layer.output.words);
  }
  return words;
}

std::vector<StreamUse> memory_use(const stream::Program& program, const stream::Parameters& p) {
  const int input_size = program.input.half ? p.InputHalfwords : p.Halfwords;
  return {{"bank 0 (words)", bank_words(program, 0), p.bank_words()},
          {"bank 1 (words)", bank_words(program, 1), p.bank_words()},
          {"stream (halfwords)", static_cast<std::int64_t>(program.stream.size()), p.Halfwords},
          {"input (halfwords)", program.input.halfwords, input_size}};
}

void write_stream(const stream::Program& program, const std::filesystem::path& out) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint16_t halfword : program.stream) {
    bytes.push_back(static_cast<std::uint8_t>(halfword & 0xFF));
    bytes.push_back(static_cast<std::uint8_t>(halfword >> 8));
  }
  write_file(out, bytes);
}

std::string percent(double part, double whole) { return fmt::format("{:.1f}", whole > 0 ? 100 * part / whole : 0); }

}  // namespace

void compile_stream(const std::filesystem::path& model, const std::filesystem::path& out, const std::filesystem::path& json,
                    const EngineFlags& engine, const Context& context) {
  const stream::Parameters& parameters = stream::find_configuration(engine.configuration);
  const Network network = load_network(model);
  const stream::Program program = stream::compile(network, parameters);
  write_stream(program, out);
  Table memory({"memory", "used", "size", "%"});
  nlohmann::ordered_json memories;
  for (const StreamUse& use : memory_use(program, parameters)) {
    memory.add({use.memory, grouped(use.used), grouped(use.size), percent(static_cast<double>(use.used), static_cast<double>(use.size))});
    memories[use.memory.substr(0, use.memory.find(" ("))] = {{"used", use.used}, {"size", use.size}};
  }
  Table plan({"layer", "m-tiles", "entries", "stored halfwords", "MACs", "ideal cycles", "predicted", "utilisation %", "output at"});
  auto layers = nlohmann::ordered_json::array();
  double ideal = 0;
  for (const auto& layer : program.layers) {
    ideal += layer.ideal_cycles;
    plan.add({layer.name, grouped(layer.m_tiles), grouped(layer.entries), grouped(layer.stored_halfwords), grouped(layer.macs),
              fmt::format("{:.0f}", layer.ideal_cycles), grouped(layer.predicted_cycles),
              percent(layer.ideal_cycles, static_cast<double>(layer.predicted_cycles)),
              fmt::format("bank {}, word {}", layer.output.bank, layer.output.address)});
    layers.push_back({{"name", layer.name},
                      {"m_tiles", layer.m_tiles},
                      {"entries", layer.entries},
                      {"stored_halfwords", layer.stored_halfwords},
                      {"macs", layer.macs},
                      {"ideal_cycles", layer.ideal_cycles},
                      {"predicted_cycles", layer.predicted_cycles},
                      {"output_bank", layer.output.bank},
                      {"output_word", layer.output.address}});
  }
  fmt::print("{} on {}, 1 image a job, {} cycles predicted, {} % utilisation\n\n{}\n{}\n", network.name, parameters.name,
             grouped(program.predicted_cycles), percent(ideal, static_cast<double>(program.predicted_cycles)), memory.text(), plan.text());
  fmt::print("stream: {} halfwords of stored bits, {} of tables, {} of instructions; {} cycles before the first row\n",
             grouped(program.stored_halfwords), grouped(program.table_halfwords),
             grouped(static_cast<std::int64_t>(program.stream.size()) - program.stored_halfwords - program.table_halfwords),
             grouped(program.start_cycles));
  if (!program.input.half) fmt::print("the image takes more than half of the input bank: the next one is uploaded between jobs\n");
  fmt::print("wrote {}\n", out.string());
  write_json(json, context,
             {{"model", model.string()},
              {"configuration", parameters.name},
              {"batch", 1},
              {"predicted_cycles", program.predicted_cycles},
              {"start_cycles", program.start_cycles},
              {"stored_halfwords", program.stored_halfwords},
              {"table_halfwords", program.table_halfwords},
              {"memories", std::move(memories)},
              {"layers", std::move(layers)},
              {"out", out.string()}});
}

}  // namespace flexor
