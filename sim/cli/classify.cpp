// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <numeric>

#include "code/error.hpp"
#include "command.hpp"
#include "data/image_folder.hpp"
#include "driver.hpp"
#include "golden/golden.hpp"
#include "interrupt.hpp"

namespace flexor {

namespace {

struct ClassifyFlags {
  std::filesystem::path model, json;
  std::vector<std::filesystem::path> pictures;
  std::string configuration;
  int top = 5;
};

using Classifier = std::function<std::vector<std::int16_t>(const std::uint8_t*)>;

Classifier on_golden(const Network& network) {
  const auto golden = std::make_shared<Golden>(network);
  return [golden](const std::uint8_t* pixels) { return golden->logits(pixels); };
}

// The simulated RTL, one picture a job.
Classifier on_engine(const Network& network, const std::string& name) {
  const auto& engine = find_configuration(name);
  check_simulated(engine);
  struct Running {
    MemoryImage image;
    std::unique_ptr<EngineBus> bus;
    std::unique_ptr<Driver> driver;
  };
  const auto running = std::make_shared<Running>();
  running->image = compile_for(network, engine, 1);
  running->bus = make_verilator_engine(engine);
  running->driver = std::make_unique<Driver>(*running->bus);
  running->driver->load(running->image);
  return [running, &network](const std::uint8_t* pixels) {
    running->driver->set_input(0, layout_input(network, running->image, pixels));
    running->driver->run();
    return running->driver->logits(0);
  };
}

std::string class_name(const Network& network, std::size_t c) {
  return c < network.classes.size() ? network.classes[c] : fmt::format("class {}", c);
}

// Prints the best classes of one picture; equal logits in the order of their classes, as the accuracy counts them.
nlohmann::ordered_json show(const Network& network, const std::filesystem::path& picture, const std::vector<std::int16_t>& logits,
                            int top) {
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&logits](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  order.resize(std::min(order.size(), static_cast<std::size_t>(top)));
  auto best = nlohmann::ordered_json::array();
  fmt::print("{}\n", picture.string());
  for (std::size_t i = 0; i < order.size(); ++i) {
    fmt::print("  {}  {:<24} {:>7}\n", i + 1, class_name(network, order[i]), logits[order[i]]);
    best.push_back({{"class", order[i]}, {"name", class_name(network, order[i])}, {"logit", logits[order[i]]}});
  }
  return {{"file", picture.string()}, {"top", std::move(best)}};
}

void classify(const ClassifyFlags& flags, const Context& context) {
  std::vector<std::filesystem::path> read = flags.pictures;
  read.push_back(flags.model);
  check_files(read, {flags.json});
  const Network network = load_network(flags.model);
  const Shape& shape = network.input;
  if (shape.channels != 1 && shape.channels != 3) {
    throw InputError(fmt::format("the model takes {} channels, but pictures have 1 (grey) or 3; give a model of pictures", shape.channels));
  }
  const ImageFiles images{flags.pictures};
  std::vector<std::vector<std::uint8_t>> pixels;  // all are read before anything is printed
  for (std::size_t i = 0; i < flags.pictures.size(); ++i) {
    pixels.emplace_back(static_cast<std::size_t>(shape.size()));
    read_image(images, static_cast<int>(i), shape, pixels.back().data());
  }
  const Classifier logits = flags.configuration.empty() ? on_golden(network) : on_engine(network, flags.configuration);
  auto found = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < flags.pictures.size(); ++i) {
    check_interrupt();
    found.push_back(show(network, flags.pictures[i], logits(pixels[i].data()), flags.top));
  }
  write_json(flags.json, context,
             {{"model", flags.model.string()},
              {"network", network.name},
              {"configuration", flags.configuration.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(flags.configuration)},
              {"pictures", std::move(found)}});
}

}  // namespace

void add_classify(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ClassifyFlags>();
  CLI::App* command = add_command(app, "classify", "Tell what pictures show: the best classes and their logits.",
                                  "flexor classify run/model.flexor cat.jpg --config base");
  command->add_option("model", flags->model, "model file")->required()->type_name("MODEL");
  command
      ->add_option(
          "pictures", flags->pictures,
          "JPEG or PNG files, brought to the model's input as in evaluation: upright by their EXIF orientation, the middle, resized, "
          "grey for a model of one channel")
      ->required()
      ->type_name("PICTURE ...");
  command
      ->add_option("--config", flags->configuration,
                   "run on the simulated RTL of this engine configuration; without it on the golden model")
      ->type_name("NAME");
  command->add_option("--top", flags->top, "classes to print of each picture")
      ->capture_default_str()
      ->type_name("N")
      ->check(between(1, 1000));
  add_json(*command, flags->json);
  command->callback([flags, &context] { classify(*flags, context); });
}

}  // namespace flexor
