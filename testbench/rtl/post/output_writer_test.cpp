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
#include "Voutput_writer_port.h"
#include "Voutput_writer_residual.h"
#include "Voutput_writer_tiny.h"
#include "Voutput_writer_xc7.h"
#include "output_writer_driver.hpp"
#include "requantise_reference.hpp"

namespace flexor::testbench {
namespace {

constexpr int kShift = 16;

template <class TopType, int K, int M, int R, int W, int AccWidth, int PMax, int AccBuffers, int ActRows, int ControlWords,
          int WriteLatency, int SumBits = 0, int ResidualWords = 0, bool SinglePort = false>
struct Variant {
  using Top = TopType;
  static constexpr int kK = K, kM = M, kR = R, kW = W, kAccWidth = AccWidth, kPMax = PMax, kAccBuffers = AccBuffers, kActRows = ActRows,
                       kControlWords = ControlWords, kWriteLatency = WriteLatency, kTWidth = AccWidth + SumBits, kSumBits = SumBits,
                       kResidualWords = ResidualWords;
  static constexpr bool kSinglePort = SinglePort;
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
    if (!l.pool && V::kSumBits > 0 && below(3) == 0) l.sum_pixels = 1 + below(std::min(V::kPMax, 1 << V::kSumBits));
    const int unit = l.pool ? 4 : l.sum_pixels;
    l.block_pixels = unit * (1 + below(V::kPMax / unit));
    l.pixels = dense ? unit : unit * (1 + below(3 * l.block_pixels / unit + 1));
    l.parameter_base = below(V::kControlWords - 2 * l.channels + 1);
    const int bytes = l.channels * (l.logits ? 2 : 1);
    const std::int64_t memory = 2LL * V::kActRows * V::kK;
    l.pixels = static_cast<int>(std::min<std::int64_t>(l.pixels, memory / bytes / unit * unit));
    l.output_step = bytes;
    const std::int64_t size = l.pixels / unit * l.output_step;
    l.output_base = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(memory - size + 1));
    if (V::kResidualWords > 0) draw_residual(l, l.pixels / unit);
    for (int c = 0; c < l.channels; ++c) {
      l.offset.push_back(wrap(static_cast<std::int64_t>(random_() >> 8), V::kTWidth));
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

  /// Walks of residual memory that may wrap, in images of a size that does not matter otherwise.
  void draw_residual(WriterLayer& l, int outputs) {
    const int step = (l.channels + V::kR - 1) / V::kR;
    if (!l.logits && outputs * step <= V::kResidualWords && below(2) == 0) l.residual_base = below(V::kResidualWords);
    l.projection = l.residual_base && !l.pool && below(2) == 0;
    if (l.projection) l.activation_max = below(128);
    if (l.logits || l.pool || l.sum_pixels > 1 || below(3) == 0) return;
    l.columns = 1 + below(7);
    l.rows = 1 + below(4);
    const auto distance = [this] { return static_cast<std::int64_t>(below(2 * V::kResidualWords)) - V::kResidualWords; };
    l.shortcut = WriterShortcut{below(2) == 0 ? 256 : below(65536), below(4) * V::kR, 0, distance(), distance(), distance(), distance()};
    l.shortcut->end = l.shortcut->first + 1 + below(l.channels);
    l.shortcut->is_signed = below(2) == 0;
  }

  /// Sum of the pixels of one output, which a signed accumulator holds wrapped, with the offset.
  static std::int64_t sum(const WriterLayer& l, int pixel, int count, int channel) {
    std::int64_t sum = l.offset[channel];
    for (int i = 0; i < count; ++i) sum += l.acc[pixel + i][channel];
    return sum;
  }

  static int value(const WriterLayer& l, int pixel, int count, int channel, const std::vector<std::uint8_t>& residual) {
    ShortcutTerm term;
    const int group = channel / V::kR * V::kR;  // the rest of a last word is 0 where a layer wrote it, and noise here
    if (l.shortcut && group >= l.shortcut->first && group < l.shortcut->end) {
      std::int64_t word = l.shortcut->base + channel / V::kR;
      for (int p = 1; p <= pixel; ++p) {
        word += p % (l.columns * l.rows) == 0 ? l.shortcut->step_image : p % l.columns == 0 ? l.shortcut->step_y : l.shortcut->step_x;
      }
      const std::int64_t place = ((word % V::kResidualWords) + V::kResidualWords) % V::kResidualWords;
      const int byte = residual.at(static_cast<std::size_t>(place * V::kR + channel % V::kR));
      term = {l.shortcut->is_signed && byte > 127 ? byte - 256 : byte, l.shortcut->multiplier};
    }
    return requantise_reference(sum(l, pixel, count, channel), l.multiplier[channel], V::kTWidth, kShift, l.logits, l.activation_max, term,
                                l.projection);
  }

  /// Every byte and every trace word of the layer, one after another.
  static WriterResult reference(const WriterLayer& l, const std::vector<std::uint8_t>& residual) {
    WriterResult r;
    const int unit = l.pool ? 4 : l.sum_pixels;
    const int words = (l.channels + V::kR - 1) / V::kR;
    for (int p = 0; p < l.pixels / unit; ++p) {
      for (int lane = 0; l.residual_base && lane < words * V::kR; ++lane) {
        r.residual[(*l.residual_base + p * words + lane / V::kR) % V::kResidualWords * V::kR + lane % V::kR] = 0;
      }
      for (int c = 0; c < l.channels; ++c) {
        int out = value(l, p * unit, l.sum_pixels, c, residual);
        for (int i = 1; l.pool && i < unit; ++i) out = std::max(out, value(l, p * unit + i, 1, c, residual));
        r.trace[{p, c}] = out;
        if (l.residual_base) r.residual[(*l.residual_base + p * words + c / V::kR) % V::kResidualWords * V::kR + c % V::kR] = out & 0xFF;
        if (l.projection) continue;
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
                                  Variant<Voutput_writer_one, 30, 3, 1, 4, 24, 9, 2, 128, 256, 3>,
                                  Variant<Voutput_writer_residual, 50, 8, 4, 8, 22, 40, 2, 512, 1024, 2, 5, 1024>,
                                  Variant<Voutput_writer_port, 16, 6, 1, 4, 24, 64, 1, 512, 1024, 2, 6, 1024, true>,
                                  Variant<Voutput_writer_xc7, 50, 8, 4, 8, 22, 40, 2, 512, 1024, 2, 5, 1024>>;
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
    const WriterResult expected = this->reference(layer, driver.residual());
    ASSERT_EQ(this->differences(found.residual, expected.residual), 0);
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

// The reference knows the layer, the module gets it with one bit of a sum flipped: (105 << 14) + half >> 16 = 26 becomes 41 << 14: 10.
TYPED_TEST(OutputWriter, OneWrongBitOfASumIsSeen) {
  WriterDriver<TypeParam> driver(7);
  WriterLayer layer;
  layer.channels = TypeParam::kM;
  layer.pixels = layer.block_pixels = 4;
  layer.output_step = layer.channels;
  layer.offset.assign(layer.channels, 5);
  layer.multiplier.assign(layer.channels, 1 << 14);
  layer.acc.assign(layer.pixels, std::vector<std::int64_t>(layer.channels, 100));
  const WriterResult expected = this->reference(layer, driver.residual());
  layer.acc[2][1] ^= 64;
  WriterResult found = driver.run(layer, true);
  EXPECT_EQ(this->differences(found.bytes, expected.bytes), 1);
  EXPECT_EQ(this->differences(found.trace, expected.trace), 1);
  // A pixel that is not written is seen, too.
  layer.acc[2][1] ^= 64;
  layer.pixels = layer.block_pixels = 3;
  found = driver.run(layer, true);
  EXPECT_EQ(this->differences(found.bytes, expected.bytes), layer.channels);
  EXPECT_EQ(this->differences(found.trace, expected.trace), layer.channels);
}

}  // namespace
}  // namespace flexor::testbench
