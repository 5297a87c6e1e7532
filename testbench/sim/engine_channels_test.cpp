// SPDX-License-Identifier: Apache-2.0
// Networks whose weights do not fit weight memory: layers some channels at a time. Every word of every layer boundary against the golden
// model, every cycle and byte against the compiler. FLEXOR_SEED replays a printed seed, FLEXOR_NETWORKS says how many are drawn.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <span>
#include <string>

#include "boundary_check.hpp"
#include "code/error.hpp"
#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

// The compiler is told of less weight memory than the engine has.
EngineParameters tight(std::string_view configuration, int weight_words) {
  EngineParameters engine = find_configuration(configuration);
  engine.WeightWords = weight_words;
  return engine;
}

// Draws until a layer goes some channels at a time, in a network in strips or one that is not.
Network draw_in_channels(Random& random, const EngineParameters& engine, bool strips) {
  for (;;) {
    Network network = draw_fitting(random, engine);
    const MemoryImage image = compile(network, engine);
    const bool cut = std::any_of(image.layers.begin(), image.layers.end(), [](const auto& part) { return part.first_channel > 0; });
    if (cut && image.moves.empty() != strips) return network;
  }
}

struct Case {
  const char* configuration;
  int weight_words;
  int latency;
  double stall;
  int networks;
  bool strips = false;
};

class EngineChannels : public testing::TestWithParam<Case> {};

TEST_P(EngineChannels, EqualTheGoldenModelAndThePrediction) {
  const Case& c = GetParam();
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const EngineParameters engine = tight(c.configuration, c.weight_words);
  Random random(seed);
  const auto bus =
      make_verilator_engine(find_configuration(c.configuration), {{c.stall, c.stall, seed}, {}, {}, {c.latency, c.stall, seed}});
  Driver driver(*bus);
  const char* given = std::getenv("FLEXOR_NETWORKS");
  const int networks = given != nullptr ? std::atoi(given) : c.networks;
  for (int i = 0; i < networks && !testing::Test::HasFailure(); ++i) {
    const Network network = draw_in_channels(random, engine, c.strips);
    const MemoryImage image = compile(network, engine, random.below(2) == 0 ? 1 : 0);
    SCOPED_TRACE(fmt::format("{} latency {} stall {} FLEXOR_SEED={} network {}: batch {}, {} parts {}", c.configuration, c.latency, c.stall,
                             seed, i, image.batch, image.layers.size(), describe(network)));
    const ExternalImage external = lay_out_external(image, engine);
    const auto draw = [&] { return random_dataset(random, network.input, image.batch); };
    const auto put = [&](const Dataset& data, void (Driver::*set)(int, std::span<const std::uint8_t>)) {
      for (int k = 0; k < image.batch; ++k) (driver.*set)(k, layout_input(network, image, data.image(k)));
    };
    driver.load(image);
    Dataset data = draw();
    Finds finds = Finds::Nothing;
    for (int job = 0; job < 3; ++job) {
      if (finds != Finds::Inputs) put(data, &Driver::set_input);
      const bool follows = driver.takes_following();
      const Dataset next = draw();
      if (follows) put(next, &Driver::set_following_input);
      const JobResult result = expect_equal_run(driver, network, image, data);
      if (c.stall == 0) expect_predicted_transfers(external.list(finds, follows), image, *bus, result, c.latency);
      finds = follows ? Finds::Inputs : Finds::Network;
      data = next;
    }
  }
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const auto& [latency, stall] : {std::pair{1, 0.0}, {16, 0.0}, {100, 0.0}, {7, 0.25}, {7, 0.75}}) {
    all.push_back({"tiny", 256, latency, stall, 20});
    all.push_back({"tiny", 256, latency, stall, 10, true});
  }
  all.push_back({"slim", 1024, 16, 0.0, 10});
  all.push_back({"base", 512, 16, 0.0, 10});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineChannels, testing::ValuesIn(cases()), [](const auto& info) {
  const Case& c = info.param;
  return fmt::format("{}_latency{}_stall{:.0f}{}", c.configuration, c.latency, 100 * c.stall, c.strips ? "_strips" : "");
});

// What the networks above are drawn from; always the same ones.
TEST(EngineChannelsNetworks, HoldEveryKindOfLayer) {
  const EngineParameters engine = tight("tiny", 256);
  Random random(0);
  std::map<std::string, int> seen;
  for (int i = 0; i < 400; ++i) {
    const Network network = draw_in_channels(random, engine, false);
    const MemoryImage image = compile(network, engine);
    std::vector<int> parts(network.layers.size(), 0);
    for (const auto& part : image.layers) ++parts[static_cast<std::size_t>(part.layer)];
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      if (parts[l] < 2) continue;
      seen["several"] += parts[l] > 2 ? 1 : 0;
      seen["first"] += l == 0 ? 1 : 0;
      seen["logits"] += layer.logits ? 1 : 0;
      seen["dense"] += layer.kind == LayerKind::Dense ? 1 : 0;
      seen["pool"] += layer.max_pool ? 1 : 0;
      seen["average"] += layer.global_average ? 1 : 0;
      seen["shortcut"] += layer.shortcut ? 1 : 0;
      seen["shortcut to later channels"] += layer.shortcut && layer.shortcut->channel_offset > 0 ? 1 : 0;
      seen["digits"] += layer.digits ? 1 : 0;
      seen["projection"] += layer.projection ? 1 : 0;
      seen["batch"] += image.batch > 1 ? 1 : 0;
    }
  }
  for (const char* what : {"several", "first", "logits", "dense", "pool", "average", "shortcut", "shortcut to later channels", "digits",
                           "projection", "batch"}) {
    EXPECT_GT(seen[what], 1) << what;
  }
}

// The second share of a layer computes with the parameters of the first: its words differ, those of the first do not.
TEST(EngineChannelsCorruption, AShareWithTheParametersOfAnotherIsSeen) {
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const EngineParameters engine = tight("tiny", 256);
  Random random(seed);
  const auto bus = make_verilator_engine(find_configuration("tiny"), {{}, {}, {}, {3, 0, seed}});
  Driver driver(*bus);
  for (int draws = 0; draws < 200; ++draws) {
    const Network network = draw_in_channels(random, engine, false);
    MemoryImage image = compile(network, engine, 1);
    const auto share = std::find_if(image.layers.begin(), image.layers.end(), [](const auto& part) { return part.first_channel > 0; });
    if (share == image.layers.end()) continue;
    const auto part = static_cast<std::size_t>(share - image.layers.begin());
    const auto word = image.descriptor + part * kDescriptorWords + static_cast<std::size_t>(descriptor::parameter_base.word);
    image.control[word] = image.control[word - kDescriptorWords] % 65536 + image.control[word] / 65536 * 65536;
    const Dataset data = random_dataset(random, network.input, 1);
    BoundaryCheck check(network, {Golden(network).run(data.image(0))}, 0, image.layers);
    driver.load(image);
    driver.set_input(0, layout_input(network, image, data.image(0)));
    bus->on_write = [&check](const TraceWrite& write) { check.on_write(write); };
    check.finish(driver.run().cycles);
    bus->on_write = nullptr;
    if (!check.first()) continue;  // the clamps of both are alike
    EXPECT_EQ(check.first()->layer, share->layer);
    EXPECT_GE(check.first()->channel, share->first_channel);
    return;
  }
  FAIL() << "no share with wrong parameters was seen in 200 networks";
}

}  // namespace
}  // namespace flexor::test
