// SPDX-License-Identifier: Apache-2.0
// Whole engine: random networks (layer kinds, kernels, strides, padding, pooling, rates, codes, batch) with random stalls on every
// handshake; every word of every layer boundary against the golden model, every cycle against the compiler. FLEXOR_SEED replays a printed
// seed, FLEXOR_NETWORKS says how many networks a case draws. Engines with external memory load through it or through their bus windows.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "engine_bench.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

struct Case {
  const char* configuration;
  double stall;
  int networks;
};

class EngineRandom : public testing::TestWithParam<Case> {};

/// FLEXOR_NETWORKS networks a case instead of the usual number.
int chosen_networks(int usual) {
  const char* given = std::getenv("FLEXOR_NETWORKS");
  return given != nullptr ? std::atoi(given) : usual;
}

// The memories never stall, so the compiler's cycles are the engine's, layer by layer and stage by stage.
void expect_predicted(const MemoryImage& image, const EngineBus& bus, const JobResult& job) {
  for (std::size_t l = 0; l < image.layers.size(); ++l) {
    const PredictedCycles& p = image.layers[l].predicted;
    const auto found = [&](Stage stage) {
      return static_cast<std::int64_t>(bus.layer_cycles.at(l).stage[static_cast<std::size_t>(stage)]);
    };
    EXPECT_EQ(p.compute, found(Stage::Compute)) << "layer " << l;
    EXPECT_EQ(p.weight_stall, found(Stage::WeightStall)) << "layer " << l;
    EXPECT_EQ(p.drain_stall, found(Stage::DrainStall)) << "layer " << l;
    EXPECT_EQ(p.other, found(Stage::Other)) << "layer " << l;
  }
  EXPECT_EQ(image.predicted_cycles(), static_cast<std::int64_t>(job.cycles)) << "CYCLES register";
}

void run_networks(const Case& c, std::uint64_t seed) {
  const auto& engine = find_configuration(c.configuration);
  Random random(seed);
  const auto bus =
      make_verilator_engine(engine, {{c.stall, c.stall, seed}, {}, {}, {1 + static_cast<int>(random.below(100)), c.stall, seed}});
  const int networks = chosen_networks(c.networks);
  for (int i = 0; i < networks && !testing::Test::HasFailure(); ++i) {
    const Network network = draw_fitting(random, engine);
    const int batch = random.below(2) == 0 ? 1 : 0;
    const MemoryImage image = compile(network, engine, batch);
    SCOPED_TRACE(fmt::format("{} stall {} FLEXOR_SEED={} network {}: batch {} {}", c.configuration, c.stall, seed, i, image.batch,
                             describe(network)));
    const bool fits = image.weight.size() <= static_cast<std::size_t>(engine.WeightWords) && image.moves.empty();
    const bool external = bus->memory() != nullptr && (!fits || random.below(2) == 0);
    Driver driver(*bus, external ? Loading::External : Loading::Windows);
    const JobResult job = expect_equal_job(driver, network, image, random_dataset(random, network.input, image.batch));
    std::uint64_t pixels = 0;
    for (const auto& layer : bus->layer_cycles) pixels += layer.stage[static_cast<std::size_t>(Stage::Compute)];
    EXPECT_EQ(job.compute, pixels & ((std::uint64_t{1} << engine.CounterWidth) - 1)) << "COMPUTE register against the trace port";
    if (!external) expect_predicted(image, *bus, job);
  }
}

TEST_P(EngineRandom, EqualsTheGoldenModelWithSeed0) { run_networks(GetParam(), 0); }

TEST_P(EngineRandom, EqualsTheGoldenModelWithARandomSeed) {
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  run_networks(GetParam(), seed);
}

// Planes of a layer's weights: those of the projections that its sum begins with, and its own.
std::size_t planes_of(const Network& network, std::size_t l) {
  const Layer& layer = network.layers[l];
  if (!layer.shortcut || layer.shortcut->source < 0) return 1;
  const auto from = static_cast<std::size_t>(layer.shortcut->source);
  const Layer& plane = network.layers[from];
  const bool alike = plane.projection && network.source(from) == network.source(l) && plane.kernel_height == layer.kernel_height &&
                     plane.kernel_width == layer.kernel_width && plane.stride == layer.stride;
  return alike ? planes_of(network, from) + 1 : 1;
}

// What the networks above are drawn from; always the same networks.
TEST(EngineRandomNetworks, HoldEveryLayerKindThatTinyRuns) {
  Random random(0);
  int shortcuts = 0, projections = 0, maxima = 0, averages = 0;
  std::map<std::size_t, int> layers;  // of so many planes
  for (int i = 0; i < 600; ++i) {
    const Network network = draw_fitting(random, find_configuration("tiny"));
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      if (!layer.projection) ++layers[planes_of(network, l)];
      shortcuts += layer.shortcut ? 1 : 0;
      projections += layer.projection ? 1 : 0;
      maxima += layer.kind == LayerKind::Pool && !layer.average ? 1 : 0;
      averages += layer.average ? 1 : 0;
    }
  }
  EXPECT_GT(shortcuts, 5);
  EXPECT_GT(projections, 5);
  EXPECT_GT(maxima, 5);
  EXPECT_GT(averages, 5);
  for (const std::size_t planes : {1, 2, 3, 4}) EXPECT_GT(layers[planes], 2) << planes << " planes";
}

// Every engine that this build simulates: medium and large where they were asked for.
std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& [name, networks] :
       {std::pair{"tiny", 60}, {"nano", 40}, {"micro", 40}, {"slim", 30}, {"small", 40}, {"base", 40}, {"medium", 10}, {"large", 10}}) {
    if (!is_simulated(find_configuration(name))) continue;
    for (const double stall : {0.0, 0.25, 0.5, 0.75}) {
      all.push_back({name, stall, networks});
    }
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineRandom, testing::ValuesIn(cases()),
                         [](const auto& info) { return fmt::format("{}_stall{:.0f}", info.param.configuration, 100 * info.param.stall); });

}  // namespace
}  // namespace flexor::test
