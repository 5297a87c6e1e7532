// SPDX-License-Identifier: Apache-2.0
// sequencer with descriptor_reader, pixel_walker, tile_walker, pixel_tags: whole jobs against the loop nest, with random tile
// arrivals and random drains; order, alignment, periods and hand-over of blocks.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <iostream>
#include <memory>

#include "../port_bits.hpp"
#include "Vsequencer_double.h"
#include "Vsequencer_narrow.h"
#include "Vsequencer_single.h"
#include "random_walk.hpp"

namespace flexor::testbench {
namespace {

// A job has at most 3 layers of 4000 pixel steps and as many blocks, each drained within 201 cycles: a third of this.
constexpr int kHangs = 10000000;

constexpr int kAccumulatorLatency = 4;  // docs/blocks/sequencer.md

template <class TopType, int Lanes, int Rows, int Block, int Count, int Latency, int MostDigits, int Channels = 0, int Word = Lanes,
          int Reads = 1>
struct Variant {
  using Top = TopType;
  static constexpr int K = Lanes, kRows = Rows, kPMax = Block, kBuffers = Count, kArrayLatency = Latency, kDigits = MostDigits,
                       M = Channels, kWord = Word, kReads = Reads, kFetchLatency = 3 + Reads, kMinPeriod = 6 + Reads,
                       kLate = Reads > 1 ? 1 : 0;  // cycles by which the decision looks back
  static constexpr bool kWindows = Channels > 0;   // of an m-tile
};

/// One pixel of the nest, with everything that the sequencer says of it.
struct Step {
  long address;
  int x, y, string, chunk_start, last_chunk, layer;
  bool tile_first, tile_last, block_first, block_last, store, twice;
  int buffer, accumulator;
};
struct Block {
  int buffer, pixels, layer;
  bool first, layer_first;
};

template <class V>
class Sequencer : public ::testing::Test {
 protected:
  static constexpr int kMemory = 2 * V::kRows * V::kWord;

  void expect(const Walk& walk, int layer) {
    int buffer = 0;
    for (int m = 0; m < walk.m_tiles; ++m) {
      for (std::size_t begin = 0; begin < walk.pixels.size(); begin += static_cast<std::size_t>(walk.block_pixels)) {
        const auto end = std::min(walk.pixels.size(), begin + static_cast<std::size_t>(walk.block_pixels));
        const int tiles = walk.digits * walk.strings * walk.chunks;
        for (int n = 0; n < tiles; ++n) {
          const int c = n % walk.chunks, r = n / walk.chunks % walk.strings;
          for (auto p = begin; p < end; ++p) {
            const Pixel& pixel = walk.pixels[p];
            const bool first = n == 0, last = n + 1 == tiles, digit = n > 0 && r == 0 && c == 0;
            const int chunk_start = walk.window ? c * walk.window_bytes + m * V::M : c * V::K;
            const long address = (pixel.address + r * walk.row_step + chunk_start) % kMemory;
            steps_.push_back({(address + kMemory) % kMemory, pixel.x, pixel.y, r, chunk_start, !walk.window && c + 1 == walk.chunks, layer,
                              p == begin, p + 1 == end, first && p == begin, last && p + 1 == end, first, digit, buffer,
                              static_cast<int>(p - begin)});
          }
        }
        blocks_.push_back({buffer, static_cast<int>(end - begin), layer, begin == 0, m == 0 && begin == 0});
        if (V::kBuffers == 2) buffer = 1 - buffer;
      }
    }
  }

  int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  void job() {
    const int layers = draw(1, 3), base = draw(0, 40);
    steps_.clear();
    blocks_.clear();
    control_.assign(512, 0);
    for (int l = 0; l < layers; ++l) {
      Walk walk;
      do {
        walk = random_walk(V::kWord, V::kRows, V::kPMax, random_, V::kDigits, V::kWindows);
      } while (walk.pixels.size() * static_cast<std::size_t>(walk.m_tiles * walk.digits * walk.strings * walk.chunks) > 4000);
      set_field(walk, descriptor::last, l + 1 == layers);
      std::copy(walk.words.begin(), walk.words.end(), control_.begin() + base + l * kDescriptorWords);
      expect(walk, l);
    }
    set_bits(top_->descriptor_address_i, 0, 9, static_cast<std::uint64_t>(base));
    top_->start_i = 1;
  }

  Sequencer() {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    top_->rst_ni = top_->start_i = top_->abort_i = 0;
    top_->writer_idle_i = 1;
    clock_edge(*top_);
    top_->rst_ni = 1;
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
  std::vector<std::uint32_t> control_;
  std::deque<Step> steps_;
  std::deque<Block> blocks_;
};

using Variants =
    ::testing::Types<Variant<Vsequencer_single, 10, 64, 16, 1, 2, 1>, Variant<Vsequencer_narrow, 10, 64, 16, 1, 2, 8, 0, 16, 3>,
                     Variant<Vsequencer_double, 50, 2048, 256, 2, 4, 4, 38>>;
TYPED_TEST_SUITE(Sequencer, Variants);

TYPED_TEST(Sequencer, RunsTheLoopNest) {
  using V = TypeParam;
  auto& top = *this->top_;
  for (int n = 0; n < 40; ++n) {
    this->job();
    const int slow_tiles = this->draw(0, 3), slow_drain = this->draw(0, 2) * 100;
    std::deque<std::pair<int, Step>> at_array, at_accumulator;  // (cycle, step)
    std::deque<int> complete;                                   // cycles in which blocks become readable
    int draining = -1, drain_left = 0, last_tile = -100, last_pixel = -100, t = 0;
    bool holding[2] = {false, false};
    std::array<bool, 3> ready{};  // of the cycles before, the latest first
    for (;; ++t) {
      ASSERT_LT(t, kHangs) << "the job does not end";
      top.tile_ready_i = this->draw(0, 3) >= slow_tiles;
      set_bits(top.buffer_free_i, 0, V::kBuffers, draining < 0 ? ~0ULL : ~(1ULL << draining));
      top.writer_idle_i = draining < 0;
      top.block_ready_i = draining < 0;
      top.eval();
      if (top.done_o) break;
      if (top.pixel_valid_o) {
        ASSERT_FALSE(this->steps_.empty()) << "a pixel too many";
        const Step s = this->steps_.front();
        this->steps_.pop_front();
        const long address =
            (address_of(top.pixel_pair_o, V::kWord, V::kRows) + address_of(top.tile_pair_o, V::kWord, V::kRows)) % this->kMemory;
        ASSERT_EQ(address, s.address) << "job " << n << " cycle " << t;
        ASSERT_EQ(get_bits(top.x_o, 0, 10), static_cast<unsigned>(s.x) & 0x3FF);
        ASSERT_EQ(get_bits(top.y_o, 0, 10), static_cast<unsigned>(s.y) & 0x3FF);
        ASSERT_EQ(top.string_o, s.string);
        ASSERT_EQ(static_cast<int>(top.chunk_start_o), s.chunk_start);
        ASSERT_EQ(top.last_chunk_o, s.last_chunk);
        ASSERT_EQ(top.layer_o, s.layer);
        ASSERT_EQ(top.stage_o, static_cast<int>(Stage::Compute));
        if (s.tile_first) {
          ASSERT_TRUE(ready[1 + V::kLate]) << "decided in the cycle before, from what was known in the one before that";
          ASSERT_GE(t - last_tile, V::kMinPeriod + V::kLate);
          last_tile = t;
        }
        ASSERT_GE(t - last_pixel, V::kReads);
        last_pixel = t;
        if (s.block_first) {
          ASSERT_FALSE(holding[s.buffer]) << "a block begins in a buffer that is not free";
        }
        if (s.block_last) holding[s.buffer] = true;
        at_array.emplace_back(t + V::kFetchLatency, s);
        at_accumulator.emplace_back(t + V::kFetchLatency + V::kArrayLatency, s);
      } else {
        ASSERT_NE(top.stage_o, static_cast<int>(Stage::Compute));
      }
      const bool array = !at_array.empty() && at_array.front().first == t;
      ASSERT_EQ(top.tile_take_o, array && at_array.front().second.tile_first);
      if (array) {
        ASSERT_TRUE(top.tile_busy_o);
        at_array.pop_front();
      }
      const bool accumulate = !at_accumulator.empty() && at_accumulator.front().first == t;
      ASSERT_EQ(top.accumulate_o, accumulate);
      if (accumulate) {
        const Step& s = at_accumulator.front().second;
        ASSERT_EQ(top.accumulate_address_o, s.accumulator);
        ASSERT_EQ(top.accumulate_buffer_o, s.buffer);
        ASSERT_EQ(top.accumulate_first_o, s.store);
        ASSERT_EQ(top.accumulate_twice_o, s.twice);
        if (s.block_last) complete.push_back(t + kAccumulatorLatency);
        at_accumulator.pop_front();
      }
      if (top.block_valid_o) {
        ASSERT_FALSE(this->blocks_.empty());
        const Block& b = this->blocks_.front();
        ASSERT_EQ(top.block_buffer_o, b.buffer);
        ASSERT_EQ(top.block_pixels_o, b.pixels);
        ASSERT_EQ(top.block_first_o, b.first);
        ASSERT_EQ(top.block_layer_first_o, b.layer_first);
        ASSERT_EQ(top.layer_o, b.layer);
      }
      ready = {top.tile_ready_i != 0, ready[0], ready[1]};
      const bool accepted = top.block_valid_o && top.block_ready_i;
      const bool read = top.control_read_o;
      const auto word = top.control_address_o;
      clock_edge(top);
      top.start_i = 0;
      if (read) top.control_data_i = this->control_[word];
      if (draining >= 0 && --drain_left <= 0) {
        holding[draining] = false;
        draining = -1;
      }
      if (accepted) {
        ASSERT_FALSE(complete.empty());
        ASSERT_GE(t, complete.front()) << "the block is offered before its sums are complete";
        complete.pop_front();
        draining = this->blocks_.front().buffer;
        drain_left = 1 + this->draw(0, slow_drain);
        this->blocks_.pop_front();
      }
    }
    EXPECT_EQ(top.error_o, 0);
    EXPECT_TRUE(this->steps_.empty());
    EXPECT_TRUE(this->blocks_.empty());
    EXPECT_EQ(draining, -1) << "done before the last drain";
    clock_edge(top);
  }
}

TYPED_TEST(Sequencer, TilesFollowWithoutAGap) {
  using V = TypeParam;
  auto& top = *this->top_;
  top.tile_ready_i = 1;
  top.block_ready_i = 1;
  top.buffer_free_i = (1 << V::kBuffers) - 1;
  for (int n = 0; n < 10; ++n) {
    this->job();
    // Every tile lasts max(kReads * pixels, kMinPeriod + kLate) cycles; with one buffer a block also waits for its own hand-over.
    long gaps = 0, expected = 0;
    bool seen = false;
    for (int t = 0; !top.done_o; ++t) {
      ASSERT_LT(t, kHangs);
      if (top.pixel_valid_o) {
        const Step s = this->steps_.front();
        this->steps_.pop_front();
        const bool layer_end = this->steps_.empty() || this->steps_.front().layer != s.layer;
        const bool counts = !layer_end && !(V::kBuffers == 1 && s.block_last);
        if (counts) expected += V::kReads - 1;
        if (counts && s.tile_last) expected += std::max(0, V::kMinPeriod + V::kLate - V::kReads * (1 + s.accumulator));
        seen = !layer_end && !(V::kBuffers == 1 && s.block_last);
      } else if (seen && top.stage_o != static_cast<int>(Stage::DrainStall)) {
        ++gaps;
      }
      const bool read = top.control_read_o;
      const auto word = top.control_address_o;
      clock_edge(top);
      top.start_i = 0;
      if (read) top.control_data_i = this->control_[word];
      top.eval();
    }
    EXPECT_LE(gaps, expected);
    EXPECT_EQ(top.error_o, 0);
    EXPECT_TRUE(this->steps_.empty());
    clock_edge(top);
  }
}

TYPED_TEST(Sequencer, AbortFlushesAndEndsWithErrorTwo) {
  auto& top = *this->top_;
  top.tile_ready_i = top.block_ready_i = 1;
  top.buffer_free_i = 1;
  for (int n = 0; n < 40; ++n) {
    this->job();
    const int stop = this->draw(1, 200);
    bool flushed = false, aborted = false;
    for (int t = 0; !top.done_o; ++t) {
      top.abort_i = t == stop;
      aborted = aborted || t == stop;
      const bool read = top.control_read_o;
      const auto word = top.control_address_o;
      clock_edge(top);
      flushed = flushed || top.flush_o;
      top.start_i = 0;
      if (read) top.control_data_i = this->control_[word];
      top.eval();
      ASSERT_LT(t, kHangs);
    }
    // A job that ends before its abort comes is an ordinary one.
    EXPECT_EQ(flushed, aborted);
    EXPECT_EQ(top.error_o, aborted ? 2 : 0);
    top.abort_i = 0;
    clock_edge(top);
    clock_edge(top);
    EXPECT_EQ(top.stage_o, static_cast<int>(Stage::Idle));
    EXPECT_EQ(top.pixel_valid_o, 0);
  }
}

}  // namespace
}  // namespace flexor::testbench
