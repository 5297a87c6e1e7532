// SPDX-License-Identifier: Apache-2.0
// output_writer: random layers (channels, pixels, blocks, pooling, logits, addresses) with random waits, against a loop nest over bytes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <random>
#include <utility>

#include "Voutput_writer_base.h"
#include "Voutput_writer_nano.h"
#include "Voutput_writer_one.h"
#include "Voutput_writer_tiny.h"
#include "output_writer_driver.hpp"
#include "requantise_reference.hpp"

namespace flexor::testbench {
namespace {

constexpr int kShift = 16;

template <class TopType, int K, int M, int R, int W, int AccWidth, int PMax, int AccBuffers, int ActRows, int ControlWords,
          int WriteLatency>
struct Variant {
  using Top = TopType;
  static constexpr int kK = K, kM = M, kR = R, kW = W, kAccWidth = AccWidth, kPMax = PMax, kAccBuffers = AccBuffers, kActRows = ActRows,
                       kControlWords = ControlWords, kWriteLatency = WriteLatency;
};

template <class V>
class OutputWriter : public ::testing::Test {
 protected:
  int below(int limit) { return static_cast<int>(random_() % static_cast<unsigned>(limit)); }

  WriterLayer random_layer() {
    WriterLayer l;
    const bool dense = below(4) == 0;
    l.logits = below(3) == 0;
    l.pool = !l.logits && below(2) == 0;
    l.activation_max = below(3) == 0 ? 255 : 1 + below(255);
    l.channels = 1 + below(3 * V::kM + 1);
    const int unit = l.pool ? 4 : 1;
    l.block_pixels = unit * (1 + below(V::kPMax / unit));
    l.pixels = dense ? unit : unit * (1 + below(3 * l.block_pixels / unit + 1));
    l.parameter_base = below(V::kControlWords - 2 * l.channels + 1);
    const int bytes = l.channels * (l.logits ? 2 : 1);
    const std::int64_t memory = 2LL * V::kActRows * V::kK;
    l.pixels = static_cast<int>(std::min<std::int64_t>(l.pixels, memory / bytes / unit * unit));
    l.output_step = bytes;
    const std::int64_t size = l.pixels / unit * l.output_step;
    l.output_base = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(memory - size + 1));
    for (int c = 0; c < l.channels; ++c) {
      l.offset.push_back(wrap(static_cast<std::int64_t>(random_() >> 8), V::kAccWidth));
      l.multiplier.push_back(static_cast<int>(wrap(below(65536), 2 + below(15))));
    }
    l.acc.assign(l.pixels, std::vector<std::int64_t>(l.channels));
    for (auto& pixel : l.acc) {
      for (int c = 0; c < l.channels; ++c) {
        // Near the clamp's ends, or anything.
        const double target = below(4) == 0 ? 0 : below(300);
        const double t = l.multiplier[c] == 0 || below(4) == 0 ? 0.0 : std::floor(std::ldexp(target, kShift) / l.multiplier[c]);
        pixel[c] =
            wrap(below(4) == 0 ? static_cast<std::int64_t>(random_() >> 8) : static_cast<std::int64_t>(t) - l.offset[c], V::kAccWidth);
      }
    }
    return l;
  }

  static int value(const WriterLayer& l, int pixel, int channel) {
    return requantise_reference(l.acc[pixel][channel], l.offset[channel], l.multiplier[channel], V::kAccWidth, kShift, l.logits,
                                l.activation_max);
  }

  /// Every byte and every trace word of the layer, one after another.
  static WriterResult reference(const WriterLayer& l) {
    WriterResult r;
    const int unit = l.pool ? 4 : 1;
    for (int p = 0; p < l.pixels / unit; ++p) {
      for (int c = 0; c < l.channels; ++c) {
        int out = value(l, p * unit, c);
        for (int i = 1; i < unit; ++i) out = std::max(out, value(l, p * unit + i, c));
        r.trace[{p, c}] = out;
        const std::int64_t address = l.output_base + p * l.output_step + c * (l.logits ? 2 : 1);
        r.bytes[address] = out & 0xFF;
        if (l.logits) r.bytes[address + 1] = (out >> 8) & 0xFF;
      }
    }
    return r;
  }

  template <class Map>
  static int differences(const Map& found, const Map& expected) {
    int n = 0;
    for (const auto& [place, v] : expected) n += found.count(place) == 0 || found.at(place) != v;
    for (const auto& [place, v] : found) n += expected.count(place) == 0;
    return n;
  }

  std::mt19937_64 random_{0};
};

using Base = Variant<Voutput_writer_base, 50, 16, 8, 16, 22, 40, 2, 2048, 8192, 2>;
using Variants = ::testing::Types<Variant<Voutput_writer_tiny, 10, 4, 2, 4, 20, 16, 1, 64, 512, 2>,
                                  Variant<Voutput_writer_nano, 20, 6, 2, 4, 20, 64, 1, 256, 1024, 1>, Base,
                                  Variant<Voutput_writer_one, 30, 3, 1, 4, 24, 9, 2, 128, 256, 3>>;
TYPED_TEST_SUITE(OutputWriter, Variants);

TYPED_TEST(OutputWriter, RandomLayers) {
  const unsigned seed = test_seed();
  std::cout << "seed " << seed << '\n';
  this->random_.seed(seed);
  WriterDriver<TypeParam> driver(seed);
  for (int round = 0; round < 60; ++round) {
    const WriterLayer layer = this->random_layer();
    SCOPED_TRACE(::testing::Message() << "round " << round << " channels " << layer.channels << " pixels " << layer.pixels << " block "
                                      << layer.block_pixels << " pool " << layer.pool << " logits " << layer.logits);
    const WriterResult found = driver.run(layer, round % 2 == 0);
    const WriterResult expected = this->reference(layer);
    ASSERT_EQ(this->differences(found.bytes, expected.bytes), 0);
    ASSERT_EQ(this->differences(found.trace, expected.trace), 0);
    ASSERT_EQ(found.repeated, 0);
    ASSERT_EQ(found.faults, 0);
  }
}

TYPED_TEST(OutputWriter, NoGapBetweenGroups) {
  WriterDriver<TypeParam> driver(1);
  for (int pixels = std::min(2 * TypeParam::kR, TypeParam::kPMax); pixels <= std::min(2 * TypeParam::kR + 2, TypeParam::kPMax); ++pixels) {
    WriterLayer layer;
    layer.channels = TypeParam::kM;
    layer.pixels = layer.block_pixels = pixels;
    layer.output_step = layer.channels;
    layer.offset.assign(layer.channels, 5);
    layer.multiplier.assign(layer.channels, 1 << 14);
    layer.acc.assign(pixels, std::vector<std::int64_t>(layer.channels, 100));
    const WriterResult found = driver.run(layer, true);
    const int writes = pixels * TypeParam::kM / TypeParam::kR;
    ASSERT_EQ(static_cast<int>(found.write_cycles.size()), writes);
    EXPECT_EQ(found.write_cycles.back() - found.write_cycles.front(), writes - 1) << pixels << " pixels";
    // docs/blocks/output_writer.md: the last read this long after acceptance, its write 7 cycles later.
    const int groups = TypeParam::kM / TypeParam::kR;
    EXPECT_EQ(found.write_cycles.back(), 2 * TypeParam::kR + 1 + std::max(pixels, 2 * TypeParam::kR) * (groups - 1) + pixels + 7);
  }
}

using DoubleBuffered = OutputWriter<Base>;
TEST_F(DoubleBuffered, NoGapBetweenBlocks) {
  WriterDriver<Base> driver(1);
  WriterLayer layer;
  layer.channels = 2 * Base::kM;
  layer.block_pixels = 2 * Base::kR + 3;
  layer.pixels = 3 * layer.block_pixels;
  layer.output_step = layer.channels;
  layer.offset.assign(layer.channels, 5);
  layer.multiplier.assign(layer.channels, 1 << 14);
  layer.acc.assign(layer.pixels, std::vector<std::int64_t>(layer.channels, 100));
  const WriterResult found = driver.run(layer, true);
  EXPECT_EQ(found.write_cycles.back() - found.write_cycles.front(), static_cast<int>(found.write_cycles.size()) - 1);
}

TYPED_TEST(OutputWriter, OneWrongBitIsSeen) {
  this->random_.seed(7);
  WriterDriver<TypeParam> driver(7);
  const WriterLayer layer = this->random_layer();
  const WriterResult found = driver.run(layer, true);
  WriterResult expected = this->reference(layer);
  expected.bytes.rbegin()->second ^= 0x10;
  expected.trace.begin()->second ^= 1;
  EXPECT_EQ(this->differences(found.bytes, expected.bytes), 1);
  EXPECT_EQ(this->differences(found.trace, expected.trace), 1);
  expected.bytes.erase(expected.bytes.begin());
  EXPECT_EQ(this->differences(found.bytes, expected.bytes), layer.channels * layer.pixels > 1 ? 2 : 1);
}

}  // namespace
}  // namespace flexor::testbench
