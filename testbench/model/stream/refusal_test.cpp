// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "expect_input_error.hpp"
#include "networks.hpp"
#include "stream/program.hpp"
#include "stream_networks.hpp"

namespace flexor {
namespace {

using test::expect_input_error;
using Specs = std::vector<test::LayerSpec>;

constexpr auto kDense = LayerKind::Dense;

Network build(const Shape& input, Specs specs, int n_in = 13) {
  Random random(3);
  specs.push_back({.kind = kDense, .channels = 10});
  return test::random_network(random, input, {dense_code(32, n_in, 5)}, specs);
}

void expect_refused(const Network& network, const std::string& part) {
  expect_input_error([&] { static_cast<void>(stream::compile(network)); }, part);
}

void expect_taken(const Network& network) { EXPECT_NO_THROW(static_cast<void>(stream::compile(network))); }

// Two convolutions of `channels` channels; the second one adds the first one's output.
Network with_shortcut(int from, int to, int offset, int multiplier) {
  Network network = build({8, 8, 3}, {{.channels = from, .padding = 1}, {.channels = to, .padding = 1}});
  network.layers[1].shortcut = Shortcut{0, 1, offset, multiplier, multiplier / 256.0};
  return network;
}

TEST(StreamRefusal, RowsThatTheLineBufferDoesNotHold) {
  const Specs specs{{.channels = 64, .kernel = 1}, {.channels = 4, .kernel = 3, .stride = 2, .padding = 1}};
  expect_taken(build({14, 14, 3}, specs));
  expect_refused(build({22, 22, 3}, specs), "for one row of its output, but the line buffer of engine 'micro16' holds 256");
  expect_refused(build({2, 70, 3}, {{.channels = 64, .kernel = 1}, {.channels = 4, .kernel = 1}}),
                 "has 280 words of 16 channels in a row of its input");
}

TEST(StreamRefusal, WeightsThatTheCacheDoesNotHold) {
  expect_taken(build({5, 5, 160}, {{.channels = 4, .kernel = 5}}));
  expect_refused(build({5, 5, 176}, {{.channels = 4, .kernel = 5}}), "needs 275 words of weights for 16 output channels");
  expect_refused(build({17, 16, 3}, {{.channels = 4, .kernel = 1}}), "needs 272 words of weights for 16 outputs of a dense layer");
}

TEST(StreamRefusal, MicrocodeThatDoesNotFit) {
  const auto pooled = [](int channels) { return build({8, 8, channels}, {{.channels = 4, .kernel = 5, .max_pool = true}}); };
  expect_taken(pooled(32));
  expect_refused(pooled(48), "needs 300 entries of microcode");
}

TEST(StreamRefusal, StreamThatIsTooLong) {
  expect_refused(build({16, 16, 16}, {{.kind = kDense, .channels = 200}}, 32), "needs a stream of ");
}

TEST(StreamRefusal, TensorsThatDoNotFit) {
  expect_refused(build({50, 50, 3}, {{.channels = 4, .kernel = 1}}), "its input takes 2500 words as laid out");
  expect_refused(build({40, 40, 3}, {{.channels = 32, .kernel = 1, .stride = 1}}), "its output of 40x40x32 does not fit");
}

TEST(StreamRefusal, ShortcutsThatTheDrainDoesNotAdd) {
  expect_taken(with_shortcut(16, 32, 16, 4095));
  expect_refused(with_shortcut(16, 32, 8, 256), "adds its shortcut from channel 8 on, but engine 'micro16' adds from multiples of 16 on");
  expect_refused(with_shortcut(16, 32, 0, 4096), "multiplies its shortcut by 16.00, but engine 'micro16' takes less than 16");
  Network pixels = build({8, 8, 3}, {{.channels = 16, .padding = 1}});
  pixels.layers[0].shortcut = Shortcut{kNetworkInput, 1, 0, 256, 1.0};
  expect_refused(pixels, "adds the pixels");
}

TEST(StreamRefusal, SumsThatTheAccumulatorDoesNotHold) {
  Network network = build({8, 8, 3}, {{.channels = 16}});
  network.layers[0].bias[5] = (1 << 21) - 1000;
  expect_refused(network, "may sum up to ");
  network.layers[0].bias[5] = 0;
  expect_taken(network);
  network.layers[0].bias[5] = -(1 << 21) + 1000;
  expect_refused(network, "in channel 5, but engine 'micro16' holds sums below 2097152 (22 bits); train it with fewer");
}

TEST(StreamRefusal, GlobalAverageThatCannotBeProved) {
  Random random(1);
  Network network = test::random_resnet20(random);
  network.layers.erase(network.layers.end() - 2);
  Layer& dense = network.layers.back();
  dense.global_average = true;
  dense.input = network.layers[network.layers.size() - 2].output;
  expect_refused(network, "put an average pooling layer before it");
}

TEST(StreamRefusal, CodesAndShiftsOfOtherEngines) {
  Random random(2);
  const Network network = test::random_network(random, {8, 8, 3}, {nested_code(8)}, {{.channels = 4}, {.kind = kDense, .channels = 10}});
  expect_refused(network, "uses the code 'nested4' of 20 weights a slice, but engine 'micro16' takes 32");
  Network shift = build({8, 8, 3}, {{.channels = 4}});
  shift.layers[0].shift = 15;
  expect_refused(shift, "requantises with shift 15");
}

TEST(StreamRefusal, StackedRowsThatAreNotGathered) {
  const auto stacked = [](int kernel, int channels, int stride) {
    return build({12, 12, channels}, {{.channels = 4, .kernel = kernel, .stride = stride, .stack_rows = true}});
  };
  expect_taken(stacked(3, 3, 1));
  expect_taken(stacked(5, 1, 2));
  expect_refused(stacked(5, 3, 1), "stacks 80 bytes a pixel, but the engine gathers at most 64");
  expect_refused(stacked(4, 3, 1), "moves its stacked window by 12 bytes");
}

TEST(StreamRefusal, NamesOfNoConfiguration) {
  expect_input_error([] { static_cast<void>(stream::find_configuration("micro17")); }, "the stream engine has micro16");
  EXPECT_EQ(stream::find_configuration("micro16").K, 16);
}

}  // namespace
}  // namespace flexor
