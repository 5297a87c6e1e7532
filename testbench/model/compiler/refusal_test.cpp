// SPDX-License-Identifier: Apache-2.0
// What the compiler refuses, each with one sentence.
#include <gtest/gtest.h>

#include "compiler/compiler.hpp"
#include "compiler/descriptor.hpp"
#include "configuration.hpp"
#include "expect_input_error.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

class Refusal : public testing::Test {
 protected:
  EngineParameters engine_ = test::configuration("small");
  Random random_{1};
  Network lenet_ = test::random_lenet(random_, 8);
};

TEST_F(Refusal, WeightMemory) {
  engine_.WeightWords = 1024;
  expect_input_error([&] { compile(lenet_, engine_); }, "words of weight memory, but engine 'small' has 1024");
}

TEST_F(Refusal, ControlMemory) {
  engine_.ControlWords = 512;
  expect_input_error([&] { compile(lenet_, engine_); }, "words of control memory, but engine 'small' has 512");
}

TEST_F(Refusal, SlicesOfAlignedWords) {
  const test::LayerSpec dense{LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8};
  const Network network = test::random_network(random_, {4, 4, 16}, {nested_code(13, 32)}, {dense});
  expect_input_error([&] { compile(network, engine_); },
                     "has slices of 16x2 weights, but engine 'small' takes 10x2; train it with --slice 10x2");
}

TEST_F(Refusal, CodeMemory) {
  engine_.CodeWords = 4;
  expect_input_error([&] { compile(lenet_, engine_); }, "needs 8 words of code memory, but engine 'small' has 4");
}

TEST_F(Refusal, ActivationMemory) {
  engine_.ActRows = 64;
  expect_input_error([&] { compile(lenet_, engine_); },
                     "layer 'conv1' needs 6240 bytes of activation memory for a batch of 1, but engine 'small' has 3840");
}

TEST_F(Refusal, BatchThatDoesNotFit) {
  expect_input_error([&] { compile(lenet_, engine_, 16); }, "take a smaller batch");
  expect_input_error([&] { compile(lenet_, engine_, -1); }, "a batch of -1");
}

TEST_F(Refusal, SumsThatPassTheAccumulator) {
  engine_.AccWidth = 16;
  expect_input_error([&] { compile(lenet_, engine_); }, "accumulates below 32768");
}

TEST_F(Refusal, BiasThatPassesTheAccumulator) {
  lenet_.layers[3].bias[4] = 1 << 20;
  expect_input_error([&] { compile(lenet_, engine_); }, "layer 'dense4', channel 4");
}

TEST_F(Refusal, Dilation) {
  Layer& layer = lenet_.layers[1];
  layer.dilation = 2;
  layer.padding = 2;
  expect_input_error([&] { compile(lenet_, engine_); }, "layer 'conv2' has a dilation of 2, which no engine runs; run it with flexor eval");
}

TEST_F(Refusal, AnotherShift) {
  lenet_.layers[1].shift = 15;
  expect_input_error([&] { compile(lenet_, engine_); }, "layer 'conv2' requantises with shift 15");
}

// Parts of residual networks that this engine, or every engine, does not run; each network is valid, so only the compiler minds.
class GraphRefusal : public Refusal {
 protected:
  GraphRefusal() {
    const test::LayerSpec conv{LayerKind::Convolution, 8, 3, 1, 1, false, false, 0, 8};
    const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
    plain_ = test::random_network(random_, {6, 6, 4}, {nested_code(8), nested_code(12)}, {conv, conv, conv, dense});
  }

  static EngineParameters complete() {
    EngineParameters engine = test::configuration("base");
    engine.Digits = 8;
    engine.SumBits = 8;
    engine.ResidualWords = 4096;
    return engine;
  }

  template <class Change>
  void expect(const EngineParameters& engine, const Change& change, const char* sentence) {
    Network network = plain_;
    change(network.layers);
    ASSERT_NO_THROW(validate(network)) << sentence;
    expect_input_error([&] { compile(network, engine, 1); }, sentence);
  }

  static void make_average(std::vector<Layer>& layers) {
    Layer& last = layers.back();
    last.global_average = true;
    last.input = {6, 6, 8};
    last.planes[0].stored.resize(1);
  }

  static void add_digit(Layer& layer, int code) {
    layer.digits = true;
    layer.planes.push_back(layer.planes[0]);
    layer.planes.back().code = code;
    layer.planes.back().stored.resize(code == 0 ? layer.planes[0].stored.size() : layer.planes[0].stored.size() * 12 / 8);
  }

  Network plain_;
};

TEST_F(GraphRefusal, AnEngineThatIsNotBuiltForIt) {
  ASSERT_NO_THROW(compile(plain_, engine_));
  const char* sentence = "layer 'conv2' has a shortcut, for which engine 'small' is not built; run it with flexor eval";
  expect(
      engine_, [](auto& l) { l[1].shortcut = Shortcut{.source = 0}; }, sentence);
  expect(
      engine_, [](auto& l) { add_digit(l[0], 0); }, "layer 'conv1' has weights of several binary digits, for which engine 'small'");
  expect(
      engine_,
      [](auto& l) {
        l[1].kind = LayerKind::Pool;
        l[1].planes.clear();
      },
      "layer 'conv2' pools windows, for which engine 'small' is not built; run it with flexor eval");
  expect(engine_, make_average, "layer 'dense4' averages over 36 pixels, for which engine 'small' is not built");
}

TEST_F(GraphRefusal, WhatNoEngineRuns) {
  const EngineParameters engine = complete();
  ASSERT_NO_THROW(compile(plain_, engine, 1));
  expect(
      engine, [](auto& l) { l[1].shortcut = Shortcut{.source = -1}; }, "layer 'conv2' adds the pixels, which no engine does");
  expect(
      engine, [](auto& l) { add_digit(l[1], 1); }, "layer 'conv2' has binary digits of different codes, which no engine runs");
  EngineParameters wide = engine;
  wide.R = 16;
  Network moved = plain_;
  moved.layers[2].shortcut = Shortcut{.source = 0};
  ASSERT_NO_THROW(compile(moved, wide, 1));
  EngineParameters few = engine;
  few.SumBits = 5;
  expect(few, make_average, "layer 'dense4' averages over 36 pixels");
}

TEST_F(GraphRefusal, ShortcutThatBeginsInsideAWord) {
  const EngineParameters engine = complete();
  const test::LayerSpec conv{LayerKind::Convolution, 4, 3, 1, 1, false, false, 0, 8};
  test::LayerSpec wide = conv;
  wide.channels = 16;
  const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random_, {6, 6, 4}, {nested_code(8)}, {conv, wide, dense});
  network.layers[1].shortcut = Shortcut{.source = 0, .channel_offset = 8};
  ASSERT_NO_THROW(compile(network, engine, 1));
  network.layers[1].shortcut->channel_offset = 4;
  expect_input_error([&] { compile(network, engine, 1); },
                     "adds its shortcut from channel 4 on, but engine 'base' adds from multiples of 8 on");
}

TEST_F(GraphRefusal, PixelsThatAreRowStackedForAnother) {
  const test::LayerSpec stacked{LayerKind::Convolution, 8, 3, 1, 1, true, false, 0, 8};
  const test::LayerSpec conv{LayerKind::Convolution, 8, 3, 1, 1, false, false, 0, 8};
  const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random_, {6, 6, 8}, {nested_code(8)}, {stacked, conv, dense});
  network.layers[1].source = kNetworkInput;
  expect_input_error([&] { compile(network, engine_); }, "layer 'conv2' reads the pixels, which the first layer wants row-stacked");
}

TEST_F(GraphRefusal, ResidualMemory) {
  EngineParameters engine = complete();
  engine.ResidualWords = 512;  // 36 pixels x 1 word an image
  Network network = plain_;
  network.layers[2].shortcut = Shortcut{.source = 0};
  EXPECT_EQ(compile(network, engine).batch, 14);
  expect_input_error([&] { compile(network, engine, 15); },
                     "layer 'conv1' needs 540 words of residual memory for a batch of 15, but engine 'base' has 512; take a smaller batch");
  engine.ResidualWords = 32;
  engine.ActRows = 4;  // 400 bytes: activations would go in strips, shortcuts do not
  expect_input_error([&] { compile(network, engine); },
                     "layer 'conv1' needs 36 words of residual memory for a batch of 1, but engine 'base' has 32; take a larger engine");
}

TEST_F(Refusal, StringLongerThan4095Chunks) {
  engine_.K = engine_.WordBytes = 10;
  engine_.M = 48;
  engine_.ActRows = 4096;
  engine_.AccWidth = 30;
  const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
  const Network network = test::random_network(random_, {64, 64, 10}, {nested_code(4)}, {dense});
  expect_input_error([&] { compile(network, engine_); }, "number of input chunks is 4096, but the engine takes 1 to 4095");
}

// The largest side that the engine takes and one more, which it would report as descriptor error 1.
TEST_F(Refusal, MoreRowsColumnsOrInputRowsThanItCounts) {
  engine_ = test::configuration("base");
  const test::LayerSpec conv{LayerKind::Convolution, 2, 1, 1, 0, false, false, 0, 8};
  test::LayerSpec strided = conv;
  strided.stride = 2;
  test::LayerSpec pooled = conv;
  pooled.max_pool = true;
  const test::LayerSpec dense{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8};
  const auto build = [&](const Shape& input, const test::LayerSpec& first) {
    return test::random_network(random_, input, {nested_code(4)}, {first, dense});
  };
  EXPECT_NO_THROW(compile(build({2, 1023, 1}, conv), engine_, 1));
  expect_input_error(
      [&] {
        compile(build({2, 1024, 1}, conv), engine_, 1);
      },
      "number of output columns is 1024, but the engine takes 1 to 1023");
  EXPECT_NO_THROW(compile(build({1023, 2, 1}, conv), engine_, 1));
  expect_input_error([&] { compile(build({1024, 2, 1}, conv), engine_, 1); }, "number of output rows is 1024");
  expect_input_error([&] { compile(build({1024, 2, 1}, strided), engine_, 1); }, "input height is 1024");
  EXPECT_NO_THROW(compile(build({2, 2046, 1}, pooled), engine_, 1)) << "1023 windows";
  expect_input_error([&] { compile(build({2, 2048, 1}, pooled), engine_, 1); }, "number of output columns is 1024");
  engine_ = test::configuration("micro");
  EXPECT_NO_THROW(compile(build({2, 255, 1}, conv), engine_, 1));
  expect_input_error(
      [&] {
        compile(build({2, 256, 1}, conv), engine_, 1);
      },
      "number of output columns is 256, but the engine takes 1 to 255");
}

// What no network that fits into the memories can ask for, straight to the descriptor.
TEST_F(Refusal, CountsThatTheEngineCallsIllegal) {
  std::vector<std::uint32_t> words(kDescriptorWords);
  const auto write = [&](const auto& change) {
    Geometry geometry(lenet_.layers[1]);
    DescriptorValues values{.stored_bits = 8, .m_tiles = 1, .chunks = 1};
    change(geometry, values);
    write_descriptor("conv2", geometry, values, engine_, words);
  };
  EXPECT_NO_THROW(write([](Geometry&, DescriptorValues&) {}));
  expect_input_error([&] { write([](Geometry&, DescriptorValues& v) { v.stored_bits = 0; }); }, "takes 1 to 32");
  expect_input_error([&] { write([](Geometry&, DescriptorValues& v) { v.stored_bits = 33; }); }, "stored bits per slice is 33");
  expect_input_error([&] { write([](Geometry&, DescriptorValues& v) { v.m_tiles = 0; }); }, "number of channel tiles is 0");
  expect_input_error([&] { write([](Geometry&, DescriptorValues& v) { v.chunks = 0; }); }, "number of input chunks is 0");
  expect_input_error([&] { write([](Geometry& g, DescriptorValues&) { g.strings = 0; }); }, "number of kernel rows is 0");
  // small: 2 * 512 * 30 = 30,720 bytes, 15 bits; PixelWidth = 18 bits, so 2^17 pixels are too many.
  const auto pixels = [](int batch) {
    return [batch](Geometry& g, DescriptorValues& v) { g.pool = false, g.rows = 1, g.columns = 1, v.batch = batch; };
  };
  EXPECT_NO_THROW(write(pixels((1 << 17) - 1)));
  expect_input_error([&] { write(pixels(1 << 17)); }, "number of pixels is 131072, but the engine takes 1 to 131071");
}

TEST_F(Refusal, AnotherCodeThanTheGatesOfAFixedEngine) {
  engine_.Decryption = 1;
  lenet_.codes[0] = dense_code(20, 8, 1);
  expect_input_error([&] { compile(lenet_, engine_); }, "is wired for the code 'wired' of 12 stored bits");
}

TEST_F(Refusal, NetworkThatIsNotValid) {
  lenet_.layers[1].input.channels = 21;
  expect_input_error([&] { compile(lenet_, engine_); }, "layer 'conv2'");
}

}  // namespace
}  // namespace flexor
