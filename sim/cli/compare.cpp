// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "stream/stream_compare.hpp"
#include "stream/verilated_host.hpp"
#include "stream_engine.hpp"
#include "table.hpp"
#include "utilisation.hpp"

namespace flexor {

namespace {

constexpr int kDefaultImages = 100;

struct CompareFlags {
  std::filesystem::path model, json;
  DataFlags data;
  EngineFlags engine;
  int threads = 1;
  std::string corrupt;
};

double percent(int correct, int images) { return images == 0 ? 0 : 100.0 * correct / images; }

const char* kind_name(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::Missing:
      return "missing";
    case Difference::Kind::Twice:
      return "twice";
    case Difference::Kind::Unexpected:
      return "unexpected";
    default:
      return "value";
  }
}

nlohmann::ordered_json first_json(const Comparison& result) {
  if (!result.first) {
    return nullptr;
  }
  const Difference& d = *result.first;
  return {{"kind", kind_name(d.kind)}, {"image", d.image}, {"layer", d.layer},   {"layer_name", d.layer_name},
          {"channel", d.channel},      {"row", d.row},     {"column", d.column}, {"cycle", d.cycle},
          {"expected", d.expected},    {"found", d.found}};
}

nlohmann::ordered_json to_json(const Comparison& result, std::string_view configuration, int macs_per_cycle) {
  auto layers = nlohmann::ordered_json::array();
  for (const auto& layer : result.layers) {
    auto one = utilisation_json({layer.name, layer.cycles, layer.ideal_cycles, layer.macs, layer.predicted_cycles});
    one["words_compared"] = layer.words_compared;
    one["words_differing"] = layer.words_differing;
    layers.push_back(std::move(one));
  }
  return {{"configuration", configuration},
          {"images", result.images},
          {"words_compared", result.words_compared},
          {"words_differing", result.words_differing},
          {"logits_differing", result.logits_differing},
          {"cycles", result.cycles},
          {"predicted_cycles", result.predicted_cycles},
          {"ideal_cycles", result.ideal_cycles},
          {"utilisation", utilisation(result.ideal_cycles, result.cycles)},
          {"accuracy_golden", percent(result.correct_golden, result.images)},
          {"accuracy_rtl", percent(result.correct_engine, result.images)},
          {"bytes_read", result.bytes_read},
          {"bytes_written", result.bytes_written},
          {"macs", result.macs},
          {"macs_per_cycle", macs_per_cycle},
          {"macs_per_second", result.simulation_seconds > 0 ? static_cast<double>(result.macs) / result.simulation_seconds : 0},
          {"simulation_seconds", result.simulation_seconds},
          {"wall_seconds", result.wall_seconds},
          {"fault", result.fault},
          {"first_difference", first_json(result)},
          {"layers", std::move(layers)}};
}

void print(const Network& network, std::string_view configuration, const Comparison& result) {
  std::vector<LayerUse> uses;
  Table words({"layer", "words compared", "words differing"});
  for (const auto& layer : result.layers) {
    uses.push_back({layer.name, layer.cycles, layer.ideal_cycles, layer.macs, layer.predicted_cycles});
    words.add({layer.name, grouped(static_cast<long long>(layer.words_compared)), grouped(static_cast<long long>(layer.words_differing))});
  }
  words.add({"whole", grouped(static_cast<long long>(result.words_compared)), grouped(static_cast<long long>(result.words_differing))});
  fmt::print("{} on {}: {} images, accuracy {:.2f} % golden, {:.2f} % RTL\n\n{}\n{}\n", network.name, configuration, grouped(result.images),
             percent(result.correct_golden, result.images), percent(result.correct_engine, result.images), words.text(),
             utilisation_table(uses, result.cycles, result.predicted_cycles));
  fmt::print("simulated {:.1f} million MACs a second on one core, {:.1f} s in all\n",
             static_cast<double>(result.macs) / result.simulation_seconds / 1e6, result.wall_seconds);
  if (result.bytes_read != 0) {
    fmt::print("external memory: {} bytes read, {} written\n", grouped(result.bytes_read), grouped(result.bytes_written));
  }
  if (result.equal()) {
    fmt::print("every word is equal\n");
  }
}

// Says on standard error why the comparison failed.
void complain(const Comparison& result) {
  if (!result.fault.empty()) {
    fmt::print(stderr, "flexor: the engine failed: {}\n", result.fault);
  }
  if (result.first) {
    fmt::print(stderr, "flexor: {} words differ, the first one: {}\n", result.words_differing, to_string(*result.first));
  } else if (result.logits_differing != 0) {
    fmt::print(stderr, "flexor: {} logits read over the bus differ from what the engine wrote\n", result.logits_differing);
  }
}

Comparison compare_on_stream(const CompareFlags& flags, const Network& network, const Dataset& data, Progress& progress) {
  stream::RunOptions options;
  options.images = data.count;
  options.corruption = flags.corrupt.empty() ? Corruption{} : parse_corruption(flags.corrupt);
  options.make_host = [] { return stream::make_verilated_host(); };
  options.progress = [&](int done) { progress.update(done); };
  options.stop = [] { return interrupted(); };
  return stream::run_images(network, data, stream::find_configuration(flags.engine.configuration), options);
}

Comparison compare_on_engine(const CompareFlags& flags, const Network& network, const Dataset& data, Progress& progress) {
  const auto& engine = find_configuration(flags.engine.configuration);
  CompareOptions options;
  options.images = data.count;
  options.batch = flags.engine.batch;
  options.threads = flags.threads;
  options.corruption = flags.corrupt.empty() ? Corruption{} : parse_corruption(flags.corrupt);
  options.make_engine = [&] { return make_verilator_engine(engine, {flags.engine.stalls(), {}, {}, flags.engine.memory()}); };
  options.latency = flags.engine.latency;
  options.progress = [&](int done) { progress.update(done); };
  options.stop = [] { return interrupted(); };
  if (flags.engine.stall > 0) {
    fmt::print("random stalls: probability {}, seed {}\n", flags.engine.stall, flags.engine.seed);
  }
  return compare(network, data, engine, options);
}

void compare_command(const CompareFlags& flags, Context& context) {
  const std::string& configuration = flags.engine.configuration;
  const bool streams = is_stream(flags.engine);
  if (!streams) check_simulated(find_configuration(configuration));
  const Network network = load_network(flags.model);
  const Dataset data = load_data(flags.data, context, network, kDefaultImages);
  Progress progress("compare", data.count);
  const Comparison result = streams ? compare_on_stream(flags, network, data, progress) : compare_on_engine(flags, network, data, progress);
  check_interrupt();
  if (result.fault.empty()) print(network, configuration, result);
  auto json = to_json(result, configuration, macs_per_cycle(flags.engine));
  json["model"] = flags.model.string();
  json["network"] = network.name;
  json["data"] = data.name;
  write_json(flags.json, context, std::move(json));
  if (!result.equal()) {
    complain(result);
    context.exit_code = 1;
  }
}

}  // namespace

void add_compare(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<CompareFlags>();
  CLI::App* command = add_command(
      app, "compare", "Run a model on the simulated RTL and on the golden model and compare every word of every layer boundary.",
      "flexor compare model/zoo/lenet5-small-0.4/model.flexor --data ~/mnist --images 10000 --json compare.json");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  add_data(*command, flags->data, "test images to run; without it 100");
  add_engine(*command, flags->engine);
  add_threads(*command, flags->threads);
  command
      ->add_option(
          "--corrupt", flags->corrupt,
          "flip one bit of KIND[:LAYER] to see the comparison fail: stored-bit, code-entry, bias or activation on the engine's side, "
          "golden-shift on the golden model's")
      ->type_name("KIND");
  add_json(*command, flags->json);
  command->callback([flags, &context] { compare_command(*flags, context); });
}

}  // namespace flexor
