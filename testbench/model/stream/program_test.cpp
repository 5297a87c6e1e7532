// SPDX-License-Identifier: Apache-2.0
#include "stream/program.hpp"

#include <gtest/gtest.h>

#include <map>
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

TEST(Program, RandomGraphsGiveEveryWordOfTheGoldenModel) {
  Random random(test::random_seed());
  std::map<std::string, int> refused;
  int right = 0;
  for (int i = 0; i < 200; ++i) {
    test::GraphParts parts;
    const Network network = test::draw_graph(random, parts, limits());
    stream::Program program;
    try {
      program = stream::compile(network);
    } catch (const InputError& error) {
      std::string what = error.what();
      std::erase_if(what, [](char c) { return c >= '0' && c <= '9'; });
      ++refused[what];
      continue;
    }
    const auto pixels = test::random_image(random, network.input);
    for (const auto when : {StreamInterpreter::When::AtOnce, StreamInterpreter::When::Late, StreamInterpreter::When::Random}) {
      StreamInterpreter interpreter(kMicro16.AccWidth, when, random.next());
      const std::string differs = test::compare_with_golden(network, program, kMicro16, pixels, interpreter);
      ASSERT_EQ(differs, "") << "network " << i << " when " << static_cast<int>(when) << ": " << test::describe(network);
    }
    ++right;
  }
  for (const auto& [what, count] : refused) std::printf("%d refused: %s\n", count, what.c_str());
  std::printf("%d right\n", right);
  EXPECT_GT(right, 50);
}

TEST(Program, Resnet20FitsAndGivesEveryWordOfTheGoldenModel) {
  Random random(test::random_seed());
  const Network network = test::random_resnet20(random);
  const stream::Program program = stream::compile(network);
  std::printf("stream %zu halfwords, stored %d, tables %d, cycles %ld, start %ld\n", program.stream.size(), program.stored_halfwords,
              program.table_halfwords, program.predicted_cycles, program.start_cycles);
  for (const auto& layer : program.layers) {
    std::printf("%-8s bank %d at %4d, %4d words, T %3d, m-tiles %d, ideal %8.0f, bits %d, GOs %d, cycles %ld\n", layer.name.c_str(),
                layer.output.bank, layer.output.address, layer.output.words, layer.entries, layer.m_tiles, layer.ideal_cycles,
                layer.stored_halfwords, layer.computes, layer.predicted_cycles);
  }
  const auto pixels = test::random_image(random, network.input);
  for (const auto when : {StreamInterpreter::When::AtOnce, StreamInterpreter::When::Late, StreamInterpreter::When::Random}) {
    StreamInterpreter interpreter(kMicro16.AccWidth, when, random.next());
    EXPECT_EQ(test::compare_with_golden(network, program, kMicro16, pixels, interpreter, when == StreamInterpreter::When::Late), "");
  }
}

}  // namespace
}  // namespace flexor
