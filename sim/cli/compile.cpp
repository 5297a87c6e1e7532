// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "compile_stream.hpp"
#include "compiler/compiler.hpp"
#include "compiler/transfer_list.hpp"
#include "compiler/transfer_model.hpp"
#include "stored_bits.hpp"
#include "stream_engine.hpp"
#include "table.hpp"

namespace flexor {

namespace {

struct CompileFlags {
  std::filesystem::path model, out, json;
  EngineFlags engine;
};

constexpr int kUsualLatency = 16;  // cycles, as flexor compare's

struct Use {
  const char* memory;
  std::int64_t used;
  std::int64_t size;
};

// Highest byte that the job touches in the activation memory.
std::int64_t activation_bytes(const MemoryImage& image) {
  std::int64_t top = image.moves.empty() ? image.input_address + std::int64_t{image.batch} * image.input.size() : 0;
  for (const auto& layer : image.layers) {
    if (layer.output_bytes != 0) top = std::max(top, layer.output_address + layer.output_bytes);
  }
  for (const Move& move : image.moves) top = std::max(top, std::int64_t{move.chip} + move.bytes);
  return top;
}

// What runs from external memory: traffic and cycles of a first job, of one that finds the network, and of one in a row of jobs that bring
// one another's inputs; null without external memory.
nlohmann::ordered_json external_json(const Network& network, const MemoryImage& image, const EngineParameters& engine) {
  if (engine.AxiBytes == 0) return nullptr;
  const ExternalImage external = lay_out_external(image, engine);
  std::int64_t stored = 0, weights = 0;
  double ideal = 0;
  for (const auto& layer : image.layers) ideal += layer.ideal_cycles;
  for (const auto& layer : network.layers) stored += stored_bits(network, layer);
  for (const auto& transfer : external.first) {
    if (transfer.kind == TransferKind::Weight) weights += std::int64_t{transfer.beats} * engine.AxiBytes;
  }
  const auto job = [&](const std::vector<Transfer>& list) -> nlohmann::ordered_json {
    const JobPrediction predicted = predict_job(list, image, engine, kUsualLatency);
    return {{"cycles", predicted.cycles}, {"bytes_read", predicted.bytes_read}, {"bytes_written", predicted.bytes_written}};
  };
  const double ratio = 8 * static_cast<double>(weights) / static_cast<double>(stored);
  fmt::print("external memory: {} bytes, weights {} bytes = {:.3f} times the stored bits\n", grouped(external.size), grouped(weights),
             ratio);
  nlohmann::ordered_json json{{"bytes", external.size}, {"weight_bytes", weights}, {"weight_ratio", ratio}, {"latency", kUsualLatency}};
  const auto print_job = [&](const char* key, const char* name, const std::vector<Transfer>& list) {
    json[key] = job(list);
    const auto figure = [&](const char* what) { return json[key][what].get<std::int64_t>(); };
    fmt::print("{}: {} cycles at a latency of {}, {:.2f} % utilisation, {} bytes read, {} written\n", name, grouped(figure("cycles")),
               kUsualLatency, 100 * ideal / static_cast<double>(figure("cycles")), grouped(figure("bytes_read")),
               grouped(figure("bytes_written")));
  };
  print_job("first_job", "first job", external.first);
  print_job("next_job", "next jobs", external.next);
  if (external.follows[static_cast<std::size_t>(Finds::Inputs)]) {
    print_job("job_in_a_row", "jobs in a row", external.list(Finds::Inputs, true));
  }
  return json;
}

void compile_command(const CompileFlags& flags, const Context& context) {
  if (is_stream(flags.engine)) return compile_stream(flags.model, flags.out, flags.json, flags.engine, context);
  const auto& engine = find_configuration(flags.engine.configuration);
  const Network network = load_network(flags.model);
  check_files({flags.model}, {flags.out, flags.json});
  const MemoryImage image = compile_for(network, engine, flags.engine.batch);
  save_image(image, flags.out);
  const Use uses[] = {{"weight (words)", static_cast<std::int64_t>(image.weight.size()), engine.WeightWords},
                      {"control (words)", static_cast<std::int64_t>(image.control.size()), engine.ControlWords},
                      {"code (columns)", static_cast<std::int64_t>(image.code.size()), engine.CodeWords},
                      {"activation (bytes)", activation_bytes(image), engine.activation_bytes()}};
  Table memory({"memory", "used", "size", "%"});
  nlohmann::ordered_json memories;
  for (const auto& use : uses) {
    memory.add({use.memory, grouped(use.used), grouped(use.size),
                fmt::format("{:.1f}", 100.0 * static_cast<double>(use.used) / static_cast<double>(use.size))});
    memories[std::string(use.memory, std::string_view(use.memory).find(' '))] = {{"used", use.used}, {"size", use.size}};
  }
  Table plan({"layer", "tiles", "weight words", "MACs", "ideal cycles", "predicted", "utilisation", "input at", "output at"});
  const std::int64_t predicted = image.predicted_cycles();
  auto layers = nlohmann::ordered_json::array();
  for (const auto& layer : image.layers) {
    plan.add({layer.name, grouped(layer.tiles), grouped(layer.weight_words), grouped(layer.macs), fmt::format("{:.0f}", layer.ideal_cycles),
              grouped(layer.predicted.total()),
              fmt::format("{:.1f} %", 100 * layer.ideal_cycles / static_cast<double>(layer.predicted.total())),
              grouped(layer.input_address), grouped(layer.output_address)});
    layers.push_back({{"name", layer.name},
                      {"tiles", layer.tiles},
                      {"weight_words", layer.weight_words},
                      {"macs", layer.macs},
                      {"ideal_cycles", layer.ideal_cycles},
                      {"predicted_cycles", layer.predicted.total()},
                      {"input_address", layer.input_address},
                      {"output_address", layer.output_address}});
  }
  fmt::print("{} on {}, {} image{} a job, {} cycles predicted\n\n{}\n{}\nwrote {}\n", network.name, engine.name, image.batch,
             image.batch == 1 ? "" : "s", grouped(predicted), memory.text(), plan.text(), flags.out.string());
  if (!image.moves.empty()) {
    fmt::print("in strips: {} of {} tensors live in external memory, {} layers of the network are {} of the engine\n",
               std::count_if(image.outside.begin(), image.outside.end(), [](std::int64_t bytes) { return bytes != 0; }),
               image.outside.size(), network.layers.size(), image.layers.size());
  } else if (image.layers.size() > network.layers.size()) {
    fmt::print("some channels at a time: {} layers of the network are {} of the engine, whose weight memory holds two of their shares\n",
               network.layers.size(), image.layers.size());
  }
  auto external = external_json(network, image, engine);
  write_json(flags.json, context,
             {{"model", flags.model.string()},
              {"configuration", engine.name},
              {"batch", image.batch},
              {"predicted_cycles", predicted},
              {"memories", std::move(memories)},
              {"layers", std::move(layers)},
              {"external_memory", std::move(external)},
              {"out", flags.out.string()}});
}

}  // namespace

void add_compile(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<CompileFlags>();
  CLI::App* command = add_command(app, "compile", "Compile a model to a memory image and print the plan.",
                                  "flexor compile model/zoo/lenet5-small-0.4/model.flexor --config small --out lenet5.img");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  command->add_option("--out", flags->out, "memory image to write; of micro16 the stream, 16-bit little endian")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--config", flags->engine.configuration,
                   "engine configuration: nano, micro, tiny, slim, small, base, medium or large; micro16 is the stream engine")
      ->capture_default_str()
      ->type_name("NAME");
  command->add_option("--batch", flags->engine.batch, "images of one job; without it the most that fit, at most 16")
      ->type_name("N")
      ->check(between(1, 1024));
  add_json(*command, flags->json);
  command->callback([flags, &context] { compile_command(*flags, context); });
}

}  // namespace flexor
