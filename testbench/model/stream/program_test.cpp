// SPDX-License-Identifier: Apache-2.0
#include "stream/program.hpp"

#include <gtest/gtest.h>

#include <string>

#include "code/error.hpp"
#include "networks.hpp"
#include "program_check.hpp"
#include "seed.hpp"
#include "stream_networks.hpp"

namespace flexor {
namespace {

using stream::kMicro16;
using test::StreamInterpreter;

test::GraphLimits limits() {
  test::GraphLimits limits;
  limits.slice = {16, 2};
  limits.pixel_shortcuts = false;
  limits.stacked_pixels = false;
  limits.channel_step = 16;
  return limits;
}

// Every layer kind and every way in which units may overlap.
TEST(Program, RandomGraphsGiveEveryWordOfTheGoldenModel) {
  Random random(test::random_seed());
  test::GraphParts seen;
  int right = 0;
  for (int i = 0; i < 150; ++i) {
    test::GraphParts parts;
    const Network network = test::draw_graph(random, parts, limits());
    stream::Program program;
    try {
      program = stream::compile(network);
    } catch (const InputError&) {
      continue;  // larger than the engine
    }
    const auto pixels = test::random_image(random, network.input);
    for (const auto when : {StreamInterpreter::When::AtOnce, StreamInterpreter::When::Late, StreamInterpreter::When::Random}) {
      StreamInterpreter interpreter(kMicro16.AccWidth, when, random.next());
      const bool upper = program.input.half && random.below(2) != 0;
      const std::string differs = test::compare_with_golden(network, program, kMicro16, pixels, interpreter, upper);
      ASSERT_EQ(differs, "") << "network " << i << " when " << static_cast<int>(when) << ": " << test::describe(network);
    }
    ++right;
    seen.shortcut |= parts.shortcut;
    seen.digits |= parts.digits;
    seen.planes |= parts.planes;
    seen.global_average |= parts.global_average;
    seen.source |= parts.source;
    seen.projection |= parts.projection;
    seen.pool |= parts.pool;
    seen.average |= parts.average;
    seen.uneven |= parts.uneven;
    seen.dilation |= parts.dilation;
  }
  EXPECT_GT(right, 40);
  EXPECT_TRUE(seen.shortcut && seen.digits && seen.planes && seen.global_average && seen.source && seen.projection && seen.pool &&
              seen.average);
}

TEST(Program, PlainNetworksGiveEveryWordOfTheGoldenModel) {
  Random random(test::random_seed());
  for (int i = 0; i < 100; ++i) {
    const auto code = [&] { return dense_code(32, 1 + static_cast<int>(random.below(32)), random.next()); };
    const int channels = 1 + static_cast<int>(random.below(48));
    const int kernel = 1 + static_cast<int>(random.below(3));
    const std::vector<test::LayerSpec> specs{
        {.channels = channels, .kernel = kernel, .padding = kernel / 2, .max_pool = random.below(2) == 0, .code = 0},
        {.channels = 1 + static_cast<int>(random.below(40)),
         .kernel = 3,
         .stride = 1 + static_cast<int>(random.below(2)),
         .padding = 1,
         .code = 1},
        {.kind = LayerKind::Dense, .channels = 2 + static_cast<int>(random.below(40)), .code = 2}};
    const Shape input{4 + static_cast<int>(random.below(5)), 4 + static_cast<int>(random.below(5)), 1 + static_cast<int>(random.below(20))};
    const Network network = test::random_network(random, input, {code(), code(), code()}, specs);
    const stream::Program program = stream::compile(network);
    StreamInterpreter interpreter(kMicro16.AccWidth, StreamInterpreter::When::Random, random.next());
    const auto pixels = test::random_image(random, network.input);
    ASSERT_EQ(test::compare_with_golden(network, program, kMicro16, pixels, interpreter), "") << test::describe(network);
  }
}

TEST(Program, Resnet20FitsAndGivesEveryWordOfTheGoldenModel) {
  Random random(test::random_seed());
  const Network network = test::random_resnet20(random);
  const stream::Program program = stream::compile(network);
  EXPECT_LE(program.predicted_cycles, 240'000);
  const auto pixels = test::random_image(random, network.input);
  for (const auto when : {StreamInterpreter::When::AtOnce, StreamInterpreter::When::Late, StreamInterpreter::When::Random}) {
    StreamInterpreter interpreter(kMicro16.AccWidth, when, random.next());
    EXPECT_EQ(test::compare_with_golden(network, program, kMicro16, pixels, interpreter, when == StreamInterpreter::When::Late), "");
  }
}

// The array computes what the layers ask for, and the report's layers are the whole job.
TEST(Program, ReportAddsUp) {
  Random random(test::random_seed());
  const Network network = test::random_resnet20(random);
  const stream::Program program = stream::compile(network);
  std::int64_t cycles = program.start_cycles, macs = 0;
  int stored = 0;
  for (const auto& layer : program.layers) {
    cycles += layer.predicted_cycles;
    macs += layer.macs;
    stored += layer.stored_halfwords;
  }
  EXPECT_EQ(cycles, program.predicted_cycles);
  EXPECT_EQ(stored, program.stored_halfwords);
  // conv1 in 8 digits, 6 layers of stage 1, 5 full and 1 strided of stages 2 and 3, dense in 8 digits.
  const std::int64_t full = 16 * 16 * 9 * 32 * 32;
  EXPECT_EQ(macs, 8 * 27 * 16 * 1024 + full * 6 + 2 * (5 * full + full / 2) + 8 * 640);
}

}  // namespace
}  // namespace flexor
