// SPDX-License-Identifier: Apache-2.0
// Cycles of one image on the same array under other dataflows (docs/decisions/0212-dataflow.md), by the compiler's cycle model.
// usage: dataflows MODEL [CONFIGURATION]
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "code/error.hpp"
#include "compiler/compiler.hpp"
#include "compiler/geometry.hpp"

namespace flexor {
namespace {

/// A layer, and how the engine walks it.
struct Work {
  const Layer* layer;
  Geometry geometry;
  int digits;
  LayerTiming timing;
};

int field_of(const MemoryImage& image, std::size_t layer, const DescriptorField& field) {
  const std::uint32_t word = image.control[image.descriptor + layer * kDescriptorWords + static_cast<std::size_t>(field.word)];
  return static_cast<int>(word >> field.low & (field.width < 32 ? (1U << field.width) - 1 : ~0U));
}

std::vector<Work> works(const Network& network, const MemoryImage& image) {
  std::vector<Work> all;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const auto read = [&](const DescriptorField& field) { return field_of(image, l, field); };
    const int digits = read(descriptor::digits);
    all.push_back({&network.layers[l],
                   Geometry(network.layers[l]),
                   digits,
                   {.channels = read(descriptor::channels),
                    .m_tiles = read(descriptor::m_tiles),
                    .tiles = digits * read(descriptor::strings) * read(descriptor::chunks),
                    .stored_bits = read(descriptor::stored_bits),
                    .pixels = read(descriptor::pixels),
                    .block_pixels = read(descriptor::block_pixels)}});
  }
  return all;
}

int chunks(int inputs, int lanes) { return (inputs + lanes - 1) / lanes; }

struct Dataflow {
  const char* name;
  std::function<LayerTiming(const Work&, const EngineParameters&)> timing;
};

const std::vector<Dataflow>& dataflows() {
  static const std::vector<Dataflow> all = {
      {"a tile serves a block of pixels (chosen)", [](const Work& w, const EngineParameters&) { return w.timing; }},
      {"a tile serves a whole layer",
       [](const Work& w, const EngineParameters&) {
         LayerTiming t = w.timing;
         t.block_pixels = static_cast<int>(t.pixels);
         return t;
       }},
      {"a pixel stays, tiles pass",
       [](const Work& w, const EngineParameters&) {
         LayerTiming t = w.timing;
         t.block_pixels = w.geometry.whole_pixels();
         return t;
       }},
      {"lanes along channels, kernel places one by one",
       [](const Work& w, const EngineParameters& engine) {
         LayerTiming t = w.timing;
         t.tiles = w.digits * w.layer->kernel_height * w.layer->kernel_width * chunks(w.layer->input.channels, engine.K);
         return t;
       }},
      {"lanes along whole windows, gathered beforehand",
       [](const Work& w, const EngineParameters& engine) {
         LayerTiming t = w.timing;
         t.tiles = w.digits * chunks(w.layer->kernel_height * w.layer->kernel_width * w.layer->input.channels, engine.K);
         return t;
       }},
  };
  return all;
}

void print(const std::filesystem::path& model, const EngineParameters& engine) {
  const Network network = load_network(model);
  const MemoryImage image = compile(network, engine, 1);
  const std::vector<Work> layers = works(network, image);
  double ideal = 0;
  for (const auto& layer : image.layers) ideal += layer.ideal_cycles;
  fmt::print("{} on {}, one image, {:.0f} cycles if every MAC worked\n\n", network.name, engine.name, ideal);
  fmt::print("{:<50} {:>12} {:>12} {:>22} {:>20}\n", "dataflow", "cycles", "utilisation", "words of weights read", "accumulator bits");
  for (const Dataflow& dataflow : dataflows()) {
    std::int64_t cycles = 0, words = 0, deepest = 0;
    for (const Work& work : layers) {
      const LayerTiming t = dataflow.timing(work, engine);
      cycles += predict_cycles(t, engine).total();
      const std::int64_t blocks = (t.pixels + t.block_pixels - 1) / t.block_pixels;
      words += blocks * t.m_tiles * t.tiles * t.stored_bits * engine.groups();
      deepest = std::max<std::int64_t>(deepest, t.block_pixels);
    }
    const std::int64_t bits = deepest * engine.M * (engine.AccWidth + engine.SumBits) * engine.AccBuffers;
    fmt::print("{:<50} {:>12} {:>10.1f} % {:>22} {:>20}\n", dataflow.name, cycles, 100 * ideal / static_cast<double>(cycles), words, bits);
  }
}

}  // namespace
}  // namespace flexor

int main(int argc, char** argv) try {
  if (argc != 2 && argc != 3) {
    fmt::print(stderr, "usage: dataflows MODEL [CONFIGURATION]\n");
    return 2;
  }
  const std::string_view name = argc == 3 ? argv[2] : "base";
  const auto found =
      std::find_if(flexor::kConfigurations.begin(), flexor::kConfigurations.end(), [&](const auto& c) { return c.name == name; });
  if (found == flexor::kConfigurations.end()) throw flexor::InputError(fmt::format("there is no configuration {}", name));
  flexor::print(argv[1], *found);
  return 0;
} catch (const flexor::InputError& problem) {
  fmt::print(stderr, "dataflows: {}\n", problem.what());
  return 2;
}
