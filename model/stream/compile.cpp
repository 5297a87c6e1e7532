// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <variant>

#include "code/error.hpp"
#include "stream/instruction.hpp"
#include "stream/placement.hpp"
#include "stream/plan.hpp"
#include "stream/program.hpp"
#include "stream/schedule.hpp"

namespace flexor::stream {
namespace {

// Writes the stream and counts what it holds.
void serialise(const Schedule& schedule, Program& program) {
  auto layer = schedule.layer_of_bits.begin();
  for (const Instruction& instruction : schedule.instructions) {
    append(program.stream, instruction);
    if (const auto* bits = std::get_if<Bits>(&instruction)) {
      const int halfwords = static_cast<int>(bits->data.size());
      program.stored_halfwords += halfwords;
      program.layers[static_cast<std::size_t>(*layer++)].stored_halfwords += halfwords;
    } else if (const auto* copy = std::get_if<Copy>(&instruction)) {
      program.table_halfwords += static_cast<int>(copy->data.size());
    }
  }
}

}  // namespace

Program compile(const Network& network, const Parameters& parameters) {
  validate(network);
  const Placement placement = place(network, parameters);
  Plan plan = stream::plan(network, placement, parameters);
  Program program;
  program.configuration = parameters.name;
  program.network = network.name;
  program.input = placement.input;
  const TensorPlace& logits = placement.outputs.back();
  program.logits_bank = logits.bank;
  program.logits_address = logits.address * parameters.word_halfwords();
  program.classes = network.layers.back().output.channels;
  program.layers = std::move(plan.layers);
  program.results = std::move(plan.results);
  serialise(schedule(plan, parameters), program);
  if (static_cast<int>(program.stream.size()) > parameters.Halfwords) {
    throw InputError(fmt::format(
        "network '{}' needs a stream of {} halfwords ({} of them stored bits), but engine '{}' holds {}; train it with fewer stored bits a "
        "weight or fewer weights",
        network.name, program.stream.size(), program.stored_halfwords, parameters.name, parameters.Halfwords));
  }
  return program;
}

const Parameters& find_configuration(std::string_view name) {
  std::string known;
  for (const Parameters& configuration : kConfigurations) {
    if (configuration.name == name) return configuration;
    known += (known.empty() ? "" : ", ") + std::string(configuration.name);
  }
  throw InputError(fmt::format("there is no configuration '{}'; the stream engine has {}", name, known));
}

}  // namespace flexor::stream
