// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <memory>

#include "code/error.hpp"
#include "command.hpp"
#include "compiler/compiler.hpp"
#include "driver.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "stream/stream_compare.hpp"
#include "stream/verilated_host.hpp"
#include "stream_engine.hpp"
#include "table.hpp"
#include "utilisation.hpp"
#include "wave_target.hpp"

namespace flexor {

namespace {

struct SimFlags {
  std::filesystem::path model, json, wave;
  DataFlags data;
  EngineFlags engine;
  std::uint64_t from = 0, to = std::numeric_limits<std::uint64_t>::max();
  bool windowed = false;
};

struct Result {
  std::vector<LayerUse> layers;
  std::uint64_t cycles = 0;
  std::int64_t predicted_cycles = 0;               // the compiler's
  std::int64_t bytes_read = 0, bytes_written = 0;  // external memory
  int correct = 0;
  double seconds = 0;  // processor time
};

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// Images from `first` on; the job also brings as many after them where there are so many.
void run_job(Driver& driver, const Network& network, const MemoryImage& image, const Dataset& data, int first, int latency,
             Result& result) {
  const auto input = [&](int number) { return layout_input(network, image, data.image(number)); };
  for (int i = 0; i < image.batch && !driver.finds_inputs(); ++i) {
    driver.set_input(i, input(first + i));
  }
  const int following = first + image.batch;
  for (int i = 0; i < image.batch && following + image.batch <= data.count && driver.takes_following(); ++i) {
    driver.set_following_input(i, input(following + i));
  }
  const JobPrediction predicted = driver.predict(latency);
  const JobResult job = driver.run();
  result.cycles += job.cycles;
  result.bytes_read += job.bytes_read;
  result.bytes_written += job.bytes_written;
  result.predicted_cycles += predicted.cycles;
  for (int i = 0; i < image.batch; ++i) {
    const auto logits = driver.logits(i);
    const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
    result.correct += best == data.labels[static_cast<std::size_t>(first + i)];
  }
  for (std::size_t l = 0; l < image.layers.size(); ++l) {
    result.layers[l].macs += image.layers[l].macs;
    result.layers[l].ideal_cycles += image.layers[l].ideal_cycles;
    result.layers[l].predicted_cycles += predicted.layers[l];
    for (std::size_t s = 0; l < driver.bus().layer_cycles.size() && s < std::size(result.layers[l].cycles.stage); ++s) {
      result.layers[l].cycles.stage[s] += driver.bus().layer_cycles[l].stage[s];
    }
  }
}

Result run(const SimFlags& flags, const Network& network, const Dataset& data, const MemoryImage& image, EngineBus& bus) {
  Result result;
  for (const auto& layer : image.layers) {
    result.layers.push_back({layer.name, {}, 0, 0});
  }
  Driver driver(bus);
  driver.load(image);
  Progress progress("sim", data.count);
  const double begin = processor_seconds();
  int first = 0;
  for (; first + image.batch <= data.count; first += image.batch) {
    check_interrupt();
    run_job(driver, network, image, data, first, flags.engine.latency, result);
    progress.update(first + image.batch);
  }
  if (first < data.count) {
    const MemoryImage rest = compile(network, bus.parameters(), data.count - first);
    driver.load(rest);
    run_job(driver, network, rest, data, first, flags.engine.latency, result);
  }
  result.seconds = processor_seconds() - begin;
  if (flags.engine.stall > 0) {
    fmt::print("random stalls: probability {}, seed {}\n", flags.engine.stall, flags.engine.seed);
  }
  return result;
}

EngineOptions engine_options(const SimFlags& flags) {
  EngineOptions options{flags.engine.stalls(), flags.wave, {}, flags.engine.memory()};
  if (flags.windowed) {
    if (flags.wave.empty()) {
      throw InputError("--from-cycle and --to-cycle choose what goes into the wave file; give --wave FILE with them");
    }
    if (flags.from > flags.to) {
      throw InputError("--from-cycle is after --to-cycle; exchange them");
    }
    options.wave_window = {flags.from, flags.to};
  }
  return options;
}

// One image after another on the stream engine; without --images one.
Result run_stream(const SimFlags& flags, const Network& network, const Dataset& data) {
  if (flags.windowed) throw InputError("--from-cycle and --to-cycle are not for the stream engine: its wave file holds the whole run");
  Comparison sum;
  {
    WaveTarget wave(flags.wave);
    Progress progress("sim", data.count);
    stream::RunOptions options;
    options.images = data.count;
    options.check = false;
    options.make_host = [&] { return stream::make_verilated_host(wave.temporary()); };
    options.progress = [&](int done) { progress.update(done); };
    options.stop = [] { return interrupted(); };
    sum = stream::run_images(network, data, stream::find_configuration(flags.engine.configuration), options);
    check_interrupt();
    if (!sum.fault.empty()) throw EngineFault(sum.fault);
    wave.keep();
  }
  Result result;
  for (const auto& layer : sum.layers)
    result.layers.push_back({layer.name, layer.cycles, layer.ideal_cycles, layer.macs, layer.predicted_cycles});
  result.cycles = sum.cycles;
  result.predicted_cycles = sum.predicted_cycles;
  result.correct = sum.correct_engine;
  result.seconds = sum.simulation_seconds;
  return result;
}

void simulate(const SimFlags& flags, const Context& context) {
  const bool streams = is_stream(flags.engine);
  const Network network = load_network(flags.model);
  Result result;
  Dataset data;
  int batch = 1;
  if (streams) {
    data = load_data(flags.data, context, network, 1);
    result = run_stream(flags, network, data);
  } else {
    const auto& configuration = find_configuration(flags.engine.configuration);
    check_simulated(configuration);
    const auto options = engine_options(flags);
    const MemoryImage image = compile(network, configuration, flags.engine.batch);
    batch = image.batch;
    data = load_data(flags.data, context, network, image.batch);
    WaveTarget wave(flags.wave);
    auto with_wave = options;
    with_wave.wave_file = wave.temporary();
    std::unique_ptr<EngineBus> bus = make_verilator_engine(configuration, with_wave);
    result = run(flags, network, data, image, *bus);
    bus = nullptr;  // closes the wave file
    wave.keep();
  }
  LayerUse whole;
  auto layers = nlohmann::ordered_json::array();
  for (const auto& layer : result.layers) {
    layers.push_back(utilisation_json(layer));
    whole.ideal_cycles += layer.ideal_cycles;
    whole.macs += layer.macs;
  }
  const double speed = static_cast<double>(whole.macs) / result.seconds;
  fmt::print("{} on {}: {} images, {} right, {} cycles an image\n\n{}\nsimulated {:.1f} million MACs a second on one core\n", network.name,
             flags.engine.configuration, data.count, result.correct, grouped(static_cast<long long>(result.cycles) / data.count),
             utilisation_table(result.layers, result.cycles, result.predicted_cycles), speed / 1e6);
  if (!flags.wave.empty()) {
    fmt::print("wrote {}\n", flags.wave.string());
  }
  write_json(flags.json, context,
             {{"model", flags.model.string()},
              {"network", network.name},
              {"configuration", flags.engine.configuration},
              {"images", data.count},
              {"batch", batch},
              {"cycles", result.cycles},
              {"predicted_cycles", result.predicted_cycles},
              {"ideal_cycles", whole.ideal_cycles},
              {"utilisation", utilisation(whole.ideal_cycles, result.cycles)},
              {"bytes_read", result.bytes_read},
              {"bytes_written", result.bytes_written},
              {"macs", whole.macs},
              {"macs_per_cycle", macs_per_cycle(flags.engine)},
              {"macs_per_second", speed},
              {"seconds", result.seconds},
              {"accuracy_rtl", 100.0 * result.correct / data.count},
              {"layers", std::move(layers)}});
}

}  // namespace

void add_sim(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<SimFlags>();
  CLI::App* command = add_command(app, "sim", "Run a model on the simulated RTL: cycles, stalls and utilisation of every layer, waves.",
                                  "flexor sim model/zoo/lenet5-small-0.4/model.flexor --wave lenet5.fst --from-cycle 0 --to-cycle 2000");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  add_data(*command, flags->data, "images to run; without it one job");
  add_engine(*command, flags->engine);
  command->add_option("--wave", flags->wave, "write FST waves (a slower build of the engine)")->type_name("FILE");
  auto* from = command->add_option("--from-cycle", flags->from, "first cycle of a job in the wave file")->type_name("N");
  auto* to = command->add_option("--to-cycle", flags->to, "last cycle of a job in the wave file")->type_name("N");
  add_json(*command, flags->json);
  command->callback([flags, from, to, &context] {
    flags->windowed = from->count() + to->count() > 0;
    simulate(*flags, context);
  });
}

}  // namespace flexor
