// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <variant>

#include "code/error.hpp"
#include "stream/cycle_model.hpp"
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

// Cycles of the job and of every layer: from its first row to that of the next layer.
void predict_cycles(const Schedule& schedule, const Parameters& parameters, Program& program) {
  const Prediction prediction = predict(schedule.instructions, parameters);
  program.predicted_cycles = prediction.cycles;
  std::int64_t end = prediction.cycles;
  for (auto layer = program.layers.rbegin(); layer != program.layers.rend(); ++layer) {
    const std::int64_t begin = prediction.rows[static_cast<std::size_t>(layer->first_compute)];
    layer->predicted_cycles = end - begin;
    end = begin;
  }
  program.start_cycles = end;
}

// Choices layer by layer: those with which the whole job takes the fewest cycles.
class Search {
 public:
  Search(const Network& network, const Placement& placement, const Parameters& parameters)
      : network_(network), placement_(placement), parameters_(parameters) {
    for (const TensorPlace& place : placement.outputs) choices_.push_back({0, place.bank});
    best_ = cycles();
  }

  Choices run() {
    for (std::size_t l = 0; l < network_.layers.size(); ++l) {
      for (const int band : possible_bands(network_, l, placement_, parameters_)) try_choice(l, {band, choices_[l].idle_bank});
      if (!network_.layers[l].shortcut) try_choice(l, {choices_[l].band, 1 - choices_[l].idle_bank});
    }
    return choices_;
  }

 private:
  [[nodiscard]] std::int64_t cycles() const {
    return schedule(stream::plan(network_, placement_, choices_, parameters_), parameters_).cycles;
  }
  void try_choice(std::size_t l, const Choice& choice) {
    const Choice before = choices_[l];
    choices_[l] = choice;
    const std::int64_t taken = cycles();
    if (taken < best_) {
      best_ = taken;
    } else {
      choices_[l] = before;
    }
  }

  const Network& network_;
  const Placement& placement_;
  const Parameters& parameters_;
  Choices choices_;
  std::int64_t best_ = 0;
};

}  // namespace

Program compile(const Network& network, const Parameters& parameters) {
  validate(network);
  const Placement placement = place(network, parameters);
  const Choices choices = Search(network, placement, parameters).run();
  Plan plan = stream::plan(network, placement, choices, parameters);
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
  const Schedule schedule = stream::schedule(plan, parameters);
  serialise(schedule, program);
  if (static_cast<int>(program.stream.size()) > parameters.Halfwords) {
    throw InputError(fmt::format(
        "network '{}' needs a stream of {} halfwords ({} of them stored bits), but engine '{}' holds {}; train it with fewer stored bits a "
        "weight or fewer weights",
        network.name, program.stream.size(), program.stored_halfwords, parameters.name, parameters.Halfwords));
  }
  predict_cycles(schedule, parameters, program);
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
