// SPDX-License-Identifier: Apache-2.0
// Networks whose activations do not fit on the chip: layers in strips, tensors in external memory. Every word of every layer boundary
// against the golden model, every cycle and byte against the compiler. FLEXOR_SEED replays a printed seed, FLEXOR_NETWORKS says how many
// are drawn.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>

#include "boundary_check.hpp"
#include "code/error.hpp"
#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

int between(Random& random, int low, int high) { return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1))); }

struct Case {
  const char* configuration;
  int latency;
  double stall;
  int networks;
  int low, high;  // sides of the pictures
};

Network draw_chain(Random& random, const Case& c) {
  const Shape input{between(random, c.low, c.high), between(random, c.low, c.high), between(random, 1, 5)};
  std::vector<LayerSpec> specs;
  Shape at = input;
  for (int i = between(random, 1, 3); i > 0 && at.height > 6 && at.width > 6; --i) {
    LayerSpec s;
    s.kernel = between(random, 1, 5);
    s.padding = between(random, 0, (s.kernel - 1) / 2);
    s.stride = between(random, 1, 2);
    s.channels = between(random, 1, 9);
    s.stack_rows = specs.empty() && random.below(3) == 0;
    s.max_pool = random.below(2) == 0;
    s.code = between(random, 0, 1);
    const auto out = [&](int side) { return ((side + 2 * s.padding - s.kernel) / s.stride + 1) / (s.max_pool ? 2 : 1); };
    at = {out(at.height), out(at.width), s.channels};
    specs.push_back(s);
  }
  LayerSpec last;
  last.kind = LayerKind::Dense;
  last.channels = between(random, 2, 9);
  specs.push_back(last);
  return random_network(random, input, {nested_code(between(random, 4, 20)), dense_code(20, between(random, 4, 20), random.next())}, specs);
}

// Draws until one runs in strips; a chain, or what draw_graph() gives.
Network draw_in_strips(Random& random, const EngineParameters& engine, const Case& c) {
  for (;;) {
    GraphParts parts;
    const GraphLimits limits{.pixel_shortcuts = false,
                             .mixed_digits = false,
                             .stacked_pixels = false,
                             .windows = engine.Windows != 0,
                             .dilation = false,
                             .channel_step = engine.R,
                             .side = c.high,
                             .channels = 8};
    Network network = random.below(2) == 0 ? draw_chain(random, c) : draw_graph(random, parts, limits);
    try {
      if (!compile(network, engine, 1).moves.empty()) return network;
    } catch (const InputError&) {
    }
  }
}

class EngineStrips : public testing::TestWithParam<Case> {};

TEST_P(EngineStrips, EqualTheGoldenModelAndThePrediction) {
  const Case& c = GetParam();
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const auto& engine = find_configuration(c.configuration);
  Random random(seed);
  const auto bus = make_verilator_engine(engine, {{c.stall, c.stall, seed}, {}, {}, {c.latency, c.stall, seed}});
  Driver driver(*bus);
  const char* given = std::getenv("FLEXOR_NETWORKS");
  const int networks = given != nullptr ? std::atoi(given) : c.networks;
  for (int i = 0; i < networks && !testing::Test::HasFailure(); ++i) {
    const Network network = draw_in_strips(random, engine, c);
    const MemoryImage image = compile(network, engine);
    SCOPED_TRACE(fmt::format("{} latency {} stall {} FLEXOR_SEED={} network {}: {} parts {}", c.configuration, c.latency, c.stall, seed, i,
                             image.layers.size(), describe(network)));
    const ExternalImage external = lay_out_external(image, engine);
    const JobResult first = expect_equal_job(driver, network, image, random_dataset(random, network.input, 1));
    if (c.stall == 0) expect_predicted_transfers(external.first, image, *bus, first, c.latency);
    // The next job finds the network.
    const Dataset data = random_dataset(random, network.input, 1);
    EXPECT_FALSE(driver.takes_following());
    driver.set_input(0, layout_input(network, image, data.image(0)));
    const JobResult next = expect_equal_run(driver, network, image, data);
    if (c.stall == 0) expect_predicted_transfers(external.next, image, *bus, next, c.latency);
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& [latency, stall] : {std::pair{1, 0.0}, {16, 0.0}, {100, 0.0}, {7, 0.25}, {7, 0.75}}) {
    all.push_back({"tiny", latency, stall, 30, 10, 26});
  }
  all.push_back({"base", 16, 0.0, 4, 230, 300});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineStrips, testing::ValuesIn(cases()), [](const auto& info) {
  return fmt::format("{}_latency{}_stall{:.0f}", info.param.configuration, info.param.latency, 100 * info.param.stall);
});

// What the networks above are drawn from; always the same ones.
TEST(EngineStripsNetworks, HoldEveryKindOfStrip) {
  const auto& engine = find_configuration("tiny");
  Random random(0);
  std::map<std::string, int> seen;
  for (int i = 0; i < 600; ++i) {
    const Network network = draw_in_strips(random, engine, {"tiny", 1, 0, 1, 10, 26});
    const MemoryImage image = compile(network, engine);
    for (const Move& move : image.moves) {
      if (move.what == Move::What::Store) ++seen["store"];
      if (move.what == Move::What::Load && move.tensor > 0) ++seen["load of what was stored"];
      if (move.what == Move::What::Load && move.tensor == 0 && move.offset > 0) ++seen["part of the input"];
    }
    std::vector<int> parts(network.layers.size(), 0);
    for (const auto& part : image.layers) ++parts[static_cast<std::size_t>(part.layer)];
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      if (parts[l] < 2) continue;
      seen["padding"] += !layer.padding.none() && layer.kernel_height > 1 ? 1 : 0;
      seen["5x5"] += layer.kernel_height == 5 ? 1 : 0;
      seen["stride"] += layer.stride > 1 ? 1 : 0;
      seen["pool"] += layer.max_pool ? 1 : 0;
      seen["stacked rows"] += layer.stack_rows ? 1 : 0;
      seen["pooling layer"] += layer.kind == LayerKind::Pool ? 1 : 0;
      seen["shortcut"] += layer.shortcut ? 1 : 0;
      seen["digits"] += layer.digits ? 1 : 0;
      seen["projection"] += layer.projection ? 1 : 0;
    }
  }
  for (const char* what : {"store", "load of what was stored", "part of the input", "padding", "5x5", "stride", "pool", "stacked rows",
                           "pooling layer", "shortcut", "digits", "projection"}) {
    EXPECT_GT(seen[what], 1) << what;
  }
}

TEST(EngineStripsLoading, BusWindowsAreRefused) {
  Random random(3);
  const auto& engine = find_configuration("tiny");
  const Network network = draw_in_strips(random, engine, {"tiny", 1, 0, 1, 10, 26});
  const MemoryImage image = compile(network, engine);
  const auto bus = make_verilator_engine(engine, {});
  Driver driver(*bus, Loading::Windows);
  try {
    driver.load(image);
    ADD_FAILURE() << "loaded";
  } catch (const EngineFault& fault) {
    EXPECT_STREQ(fault.what(), "the network runs in strips from external memory; load it through external memory");
  }
}

// A strip that is stored from one byte further on than the engine has written it: the layer that reads it differs.
TEST(EngineStripsCorruption, AStripFromTheWrongPlaceIsSeen) {
  const Case c{"tiny", 3, 0, 1, 16, 26};
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const auto& engine = find_configuration("tiny");
  Random random(seed);
  const auto bus = make_verilator_engine(engine, {{}, {}, {}, {c.latency, 0, seed}});
  Driver driver(*bus);
  for (int draws = 0; draws < 200; ++draws) {
    const Network network = draw_in_strips(random, engine, c);
    MemoryImage image = compile(network, engine);
    const auto stored = std::find_if(image.moves.begin(), image.moves.end(), [](const Move& m) { return m.what == Move::What::Store; });
    if (stored == image.moves.end()) continue;
    const Dataset data = random_dataset(random, network.input, 1);
    const auto golden = Golden(network).run(data.image(0));
    const auto& values = golden[static_cast<std::size_t>(stored->tensor) - 1];
    if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end()) continue;  // a byte further on is the same
    const int stored_by = stored->tensor - 1;
    stored->chip += 1;
    BoundaryCheck check(network, {golden}, 0, image.layers);
    driver.load(image);
    driver.set_input(0, layout_input(network, image, data.image(0)));
    bus->on_write = [&check](const TraceWrite& write) { check.on_write(write); };
    check.finish(driver.run().cycles);
    bus->on_write = nullptr;
    if (!check.first()) continue;  // what reads it clamps the difference away
    EXPECT_GT(check.first()->layer, stored_by);
    EXPECT_EQ(check.counts()[static_cast<std::size_t>(stored_by)].differing, 0U);
    return;
  }
  FAIL() << "no strip from the wrong place was seen in 200 networks";
}

}  // namespace
}  // namespace flexor::test
