// SPDX-License-Identifier: Apache-2.0
// Random networks, compiled and executed literally by the interpreter, against the golden model: every word of every boundary.
#include "compiler/compiler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>

#include "engine_interpreter.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

// A named configuration with memories wide enough for any drawn network.
EngineParameters roomy(std::string_view name, int decryption, int style) {
  EngineParameters engine{};
  for (const EngineParameters& candidate : kConfigurations) {
    if (candidate.name == name) engine = candidate;
  }
  engine.Decryption = decryption;
  engine.PeStyle = style;
  engine.ActRows = 8192;
  engine.WeightWords = 1 << 20;
  engine.ControlWords = 1 << 15;
  engine.CodeWords = 256;
  engine.PMax = std::max(engine.PMax, 128);
  engine.AccWidth = 24;
  engine.Digits = 8;
  engine.SumBits = 8;
  engine.ResidualWords = 1 << 16;
  engine.Windows = 1;
  return engine;
}

const EngineParameters& named(std::string_view name) {
  for (const EngineParameters& engine : kConfigurations) {
    if (engine.name == name) return engine;
  }
  throw std::logic_error("no such configuration");
}

// Index of the first differing word over all boundaries, or -1.
long first_difference(const Network& network, const MemoryImage& image, const EngineParameters& engine, Random& random) {
  const Golden golden(network);
  test::EngineInterpreter machine(image, engine);
  std::vector<std::vector<int>> expected(network.layers.size());
  std::vector<std::vector<std::int16_t>> logits;
  for (int i = 0; i < image.batch; ++i) {
    const auto pixels = test::random_image(random, network.input);
    machine.load_input(i, layout_input(network, image, pixels.data()));
    const auto boundaries = golden.run(pixels.data());
    for (std::size_t l = 0; l < boundaries.size(); ++l) expected[l].insert(expected[l].end(), boundaries[l].begin(), boundaries[l].end());
    logits.push_back(boundaries.back());
  }
  machine.run();
  long word = 0;
  for (std::size_t l = 0; l < expected.size(); ++l) {
    if (machine.boundaries().at(l).size() != expected[l].size()) return word;
    for (std::size_t i = 0; i < expected[l].size(); ++i, ++word) {
      if (machine.boundaries()[l][i] != expected[l][i]) return word;
    }
  }
  for (int i = 0; i < image.batch; ++i) {
    if (machine.logits(i) != logits[static_cast<std::size_t>(i)]) return word;
  }
  return -1;
}

struct Case {
  const char* configuration;
  int decryption;
  int style;
};

class CompilerRuns : public testing::TestWithParam<Case> {};

TEST_P(CompilerRuns, RandomNetworksAsTheGoldenModel) {
  const Case& c = GetParam();
  const EngineParameters engine = roomy(c.configuration, c.decryption, c.style);
  const std::uint64_t seed = test::random_seed();
  for (std::uint64_t n = 0; n < 30; ++n) {
    Random random(n == 0 ? 0 : seed + n);
    Network network = test::draw_network(random);
    if (c.decryption == 1) test::wire(network, random);
    const MemoryImage image = compile(network, engine, 1 + static_cast<int>(random.below(3)));
    ASSERT_EQ(first_difference(network, image, engine, random), -1)
        << "FLEXOR_SEED=" << seed << " network " << n << ": " << test::describe(network);
  }
}

TEST_P(CompilerRuns, RandomGraphsAsTheGoldenModel) {
  const Case& c = GetParam();
  const EngineParameters engine = roomy(c.configuration, c.decryption, c.style);
  const std::uint64_t seed = test::random_seed();
  // At most 255 chunks of the narrowest engine's 10 lanes, and sums that fit 24 bits whatever the style adds.
  test::GraphLimits limits{.pixel_shortcuts = false, .mixed_digits = false, .stacked_pixels = false, .digits = 4, .channel_step = engine.R};
  limits.dilation = false;
  limits.dense_inputs = 2000;
  for (std::uint64_t n = 0; n < 12; ++n) {
    Random random(seed + n);
    test::GraphParts parts;
    Network network = test::draw_graph(random, parts, limits);
    if (c.decryption == 1) test::wire(network, random);
    const MemoryImage image = compile(network, engine, 1 + static_cast<int>(random.below(3)));
    ASSERT_EQ(first_difference(network, image, engine, random), -1)
        << "FLEXOR_SEED=" << seed << " graph " << n << ": " << test::describe(network);
  }
}

// What the graphs above are drawn from; always the same graphs.
TEST(Compiler, RandomGraphsHoldShortcutsDigitsAndAverages) {
  int uneven = 0, shortcuts = 0, digits = 0, averages = 0, projections = 0, pools = 0, planes = 0;
  for (std::uint64_t n = 0; n < 200; ++n) {
    Random random(n);
    test::GraphParts parts;
    test::draw_graph(random, parts, {.pixel_shortcuts = false, .mixed_digits = false, .digits = 4, .dilation = false, .channel_step = 8});
    uneven += parts.uneven ? 1 : 0;
    shortcuts += parts.shortcut ? 1 : 0;
    digits += parts.digits ? 1 : 0;
    averages += parts.global_average ? 1 : 0;
    projections += parts.projection ? 1 : 0;
    pools += parts.pool && parts.average ? 1 : 0;
    planes += parts.planes ? 1 : 0;
  }
  EXPECT_GT(uneven, 20);
  EXPECT_GT(shortcuts, 20);
  EXPECT_GT(digits, 20);
  EXPECT_GT(averages, 20);
  EXPECT_GT(projections, 20);
  EXPECT_GT(pools, 5);
  EXPECT_GT(planes, 20);
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const char* name : {"tiny", "nano", "micro", "small", "base"}) {
    for (const int decryption : {0, 2}) {
      for (const int style : {0, 4, 5}) all.push_back({name, decryption, style});
    }
  }
  for (const int style : {1, 2, 3}) all.push_back({"small", 0, style});
  for (const int style : {0, 3, 4, 5}) all.push_back({"small", 1, style});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Engines, CompilerRuns, testing::ValuesIn(cases()), [](const auto& info) {
  return std::string(info.param.configuration) + "_decryption" + std::to_string(info.param.decryption) + "_style" +
         std::to_string(info.param.style);
});

TEST(Compiler, RunsLeNetOnTheNamedConfigurationsAsTheyAre) {
  for (const char* name : {"nano", "small", "base"}) {
    Random random(7);
    const Network network = test::random_lenet(random, 8);
    const EngineParameters& engine = named(name);
    const MemoryImage image = compile(network, engine, 1);
    EXPECT_EQ(first_difference(network, image, engine, random), -1) << name;
  }
}

// Slices that a tile has room for but the layer has not are zero: no bit is invented, none is lost.
TEST(Compiler, WeightMemoryHasTheStoredBitsAndNothingElse) {
  Random random(test::random_seed());
  for (int n = 0; n < 40; ++n) {
    const Network network = test::draw_network(random);
    long stored = 0;
    for (const Layer& layer : network.layers) {
      for (const Plane& plane : layer.planes) {
        for (const std::uint8_t byte : plane.stored) stored += std::popcount(byte);
      }
    }
    for (const char* name : {"tiny", "small", "base"}) {
      const MemoryImage image = compile(network, roomy(name, 0, 0), 1);
      long held = 0;
      for (const std::uint64_t word : image.weight) held += std::popcount(word);
      EXPECT_EQ(held, stored) << name << " network " << n;
    }
  }
}

TEST(Compiler, ComparisonFindsOneFlippedWeightBit) {
  Random random(3);
  const Network network = test::draw_network(random);
  const EngineParameters engine = roomy("small", 0, 0);
  MemoryImage image = compile(network, engine, 2);
  Random pixels(4);
  ASSERT_EQ(first_difference(network, image, engine, pixels), -1);
  image.weight[0] ^= 1;
  EXPECT_NE(first_difference(network, image, engine, pixels), -1);
}

// Likewise of a projection and of a pooling layer.
TEST(Compiler, ComparisonFindsAWrongProjectionOrWindow) {
  const EngineParameters engine = roomy("small", 0, 0);
  Random random(22);
  const test::LayerSpec conv{LayerKind::Convolution, 20, 3, 1, 1, false, false, 0, 8};
  const test::LayerSpec dense{LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {6, 6, 20}, {nested_code(8)}, {conv, conv, conv, dense});
  network.layers[1].projection = true;
  network.layers[1].activation_max = 127;
  network.layers[1].source = network.layers[2].source = 0;
  network.layers[2].shortcut = Shortcut{.source = 1, .multiplier = 200};
  Layer pool = network.layers[2];
  pool.name = "pool4";
  pool.kind = LayerKind::Pool;
  pool.source = kPreviousLayer;
  pool.shortcut.reset();
  pool.planes.clear();
  pool.multiplier.assign(20, 16384);
  network.layers.insert(network.layers.begin() + 3, pool);
  const MemoryImage image = compile(network, engine, 2);
  Random pixels(4);
  ASSERT_EQ(first_difference(network, image, engine, pixels), -1);
  for (const auto& [word, flip] :
       {std::pair{32 + 19, 1U << 6}, {64 + 19, 1U << 7}, {96 + 19, 1U << 8}, {96 + 19, 1U << 9}, {96 + 11, 1U}, {96 + 9, 1U << 20}}) {
    MemoryImage wrong = image;
    wrong.control[static_cast<std::size_t>(word)] ^= flip;
    EXPECT_NE(first_difference(network, wrong, engine, pixels), -1) << "word " << word;
  }
}

// One flipped bit of what a residual network has in its descriptors beyond the others.
TEST(Compiler, ComparisonFindsAWrongShortcut) {
  const EngineParameters engine = roomy("small", 0, 0);
  Random random(21);
  const test::LayerSpec conv{LayerKind::Convolution, 8, 3, 1, 1, false, false, 0, 8};
  const test::LayerSpec dense{LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {6, 6, 3}, {nested_code(8)}, {conv, conv, conv, dense});
  network.layers[2].shortcut = Shortcut{.source = 0, .multiplier = 200};
  const MemoryImage image = compile(network, engine, 2);
  Random pixels(4);
  ASSERT_EQ(first_difference(network, image, engine, pixels), -1);
  for (const auto& [word, flip] : {std::pair{20, 64U}, {21, 1U << 19}, {23, 1U}, {24, 1U}, {25, 1U}, {26, 1U}}) {
    MemoryImage wrong = image;
    wrong.control[static_cast<std::size_t>(64 + word)] ^= flip;
    EXPECT_NE(first_difference(network, wrong, engine, pixels), -1) << "word " << word;
  }
}

TEST(Compiler, ComparisonFindsOneFlippedOffsetBit) {
  Random random(3);
  const Network network = test::draw_network(random);
  const EngineParameters engine = roomy("small", 0, 0);
  MemoryImage image = compile(network, engine, 2);
  // The last layer gives logits, which saturate last: change the offset of its first channel in a high bit.
  const std::size_t last = (network.layers.size() - 1) * 32;
  image.control[(image.control[last + 2] & 0xFFFF)] ^= 1U << 14;
  EXPECT_NE(first_difference(network, image, engine, random), -1);
}

TEST(Compiler, ChoosesTheLargestBatchThatFits) {
  Random random(5);
  const Network network = test::random_lenet(random, 8);
  EngineParameters engine = roomy("base", 0, 0);
  EXPECT_EQ(compile(network, engine).batch, 16);
  // Stacked input 24*28*5 = 3360 bytes and the first output 12*12*20 = 2880: 6240 bytes an image.
  engine.ActRows = 256;  // 25,600 bytes
  EXPECT_EQ(compile(network, engine).batch, 4);
}

TEST(Compiler, InputAndOutputOfALayerNeverOverlap) {
  Random random(11);
  for (int n = 0; n < 50; ++n) {
    const Network network = test::draw_network(random);
    const EngineParameters engine = roomy("base", 0, 0);
    const MemoryImage image = compile(network, engine);
    std::int64_t input_size = static_cast<std::int64_t>(image.input.size()) * image.batch;
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      const std::int64_t output_size = static_cast<std::int64_t>(layer.output.size()) * (layer.logits ? 2 : 1) * image.batch;
      const auto& plan = image.layers[l];
      EXPECT_TRUE(plan.input_address + input_size <= plan.output_address || plan.output_address + output_size <= plan.input_address);
      EXPECT_LE(plan.output_address + output_size, engine.activation_bytes());
      EXPECT_LE(plan.input_address + input_size, engine.activation_bytes());
      input_size = output_size;
    }
  }
}

TEST(Compiler, NestedCodesShareTheirColumns) {
  Random random(9);
  const std::vector<Code> codes{nested_code(8), nested_code(12)};
  const test::LayerSpec first{LayerKind::Dense, 8, 1, 1, 0, false, false, 0, 8};
  const test::LayerSpec second{LayerKind::Dense, 8, 1, 1, 0, false, false, 1, 8};
  const Network network = test::random_network(random, {4, 4, 1}, codes, {first, second});
  EXPECT_EQ(compile(network, named("small")).code.size(), 12U);
}

TEST(Compiler, WeightWordsFollowTheRate) {
  Random random(2);
  // small: K = 30, M = 16, D = 8: S = 24 slices, three groups. Dense 90 -> 32: 3 chunks x 2 m-tiles x 3 n words.
  const test::LayerSpec spec{LayerKind::Dense, 32, 1, 1, 0, false, false, 0, 8};
  for (const int n : {8, 12, 16, 20}) {
    const Network network = test::random_network(random, {9, 10, 1}, {nested_code(n)}, {spec});
    const MemoryImage image = compile(network, named("small"));
    EXPECT_EQ(image.weight.size(), static_cast<std::size_t>(6 * 3 * n));
    EXPECT_EQ(image.layers[0].tiles, 6);
    EXPECT_EQ(image.layers[0].macs, 90 * 32 * image.batch);
  }
}

TEST(Compiler, PlainEngineStoresTwentyBitsASlice) {
  Random random(2);
  const test::LayerSpec spec{LayerKind::Dense, 32, 1, 1, 0, false, false, 0, 8};
  const Network network = test::random_network(random, {9, 10, 1}, {nested_code(8)}, {spec});
  EngineParameters engine = named("small");
  engine.Decryption = 2;
  const MemoryImage image = compile(network, engine);
  EXPECT_EQ(image.weight.size(), 6U * 3U * 20U);
  EXPECT_TRUE(image.code.empty());
}

}  // namespace
}  // namespace flexor
