// SPDX-License-Identifier: Apache-2.0
// beat_unpacker: words of every size cut out of a stream of beats, with stalls on both sides, against the stream's bytes.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vbeat_unpacker_fine.h"
#include "Vbeat_unpacker_narrow.h"
#include "Vbeat_unpacker_pairs.h"
#include "Vbeat_unpacker_wide.h"

namespace flexor::testbench {
namespace {

template <class TopType, int BeatBytes, int WordBytes, int GrainBits = 8, int FineBits = 8 * WordBytes, int MovedBits = 8 * WordBytes>
struct Variant {
  using Top = TopType;
  static constexpr int kBeat = BeatBytes, kWord = WordBytes, kGrain = GrainBits;
  /// Whether words of so many grains may be asked for.
  static constexpr bool takes(int step) {
    const int bits = step * GrainBits;
    return bits <= FineBits || (bits <= MovedBits && bits % 8 == 0) || bits == 8 * BeatBytes;
  }
};

template <class V>
class BeatUnpacker : public ::testing::Test {
 protected:
  BeatUnpacker() {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    top_->start_i = top_->beat_valid_i = top_->word_ready_i = 0;
  }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  void begin(int step, bool bytes, std::uint32_t count) {
    top_->rst_ni = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
    top_->step_i = static_cast<std::uint8_t>(step);
    top_->bytes_i = bytes;
    top_->count_i = count;
    top_->start_i = 1;
    clock_edge(*top_);
    top_->start_i = 0;
  }

  /// Offers the next beat or none, and whether the word is wanted; returns whether the beat was taken.
  bool drive(const std::vector<std::uint8_t>& stream, std::size_t beat, int stall) {
    const bool more = (beat + 1) * V::kBeat <= stream.size();
    offered_ = more && (offered_ || below(100) >= stall);
    top_->beat_valid_i = offered_;
    for (int i = 0; i < V::kBeat; ++i) {
      set_bits(top_->beat_i, 8 * i, 8, offered_ ? stream[beat * V::kBeat + static_cast<std::size_t>(i)] : random_() & 0xFF);
    }
    top_->word_ready_i = below(100) >= stall;
    top_->eval();
    const bool taken = offered_ && top_->beat_ready_o != 0;
    offered_ = offered_ && !taken;
    return taken;
  }

  std::vector<std::uint8_t> random_bytes(std::size_t size) {
    std::vector<std::uint8_t> bytes(size);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random_());
    return bytes;
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
  bool offered_ = false;
};

using Variants = ::testing::Types<Variant<Vbeat_unpacker_narrow, 8, 5>, Variant<Vbeat_unpacker_wide, 16, 16>,
                                  Variant<Vbeat_unpacker_pairs, 8, 5, 2>, Variant<Vbeat_unpacker_fine, 16, 16, 4, 20, 32>>;
TYPED_TEST_SUITE(BeatUnpacker, Variants);

TYPED_TEST(BeatUnpacker, CutsWordsOutOfTheStream) {
  constexpr int kBeat = TypeParam::kBeat, kWord = TypeParam::kWord, kGrain = TypeParam::kGrain;
  auto& top = *this->top_;
  for (int round = 0; round < 400; ++round) {
    const bool bytes = this->below(2) != 0;
    int step = bytes ? (1 + this->below(kWord)) * 8 / kGrain : 1 + this->below(kWord * 8 / kGrain);
    while (!TypeParam::takes(step)) --step;
    const int stall = 25 * this->below(4);
    const std::size_t count = 1 + static_cast<std::size_t>(this->below(60));
    // In bits.
    const std::size_t length = static_cast<std::size_t>(step) * kGrain, size = bytes ? 8 * count : count * length;
    const auto stream = this->random_bytes((size + 8 * kBeat - 1) / (8 * kBeat) * kBeat);
    const auto bit = [&stream](std::size_t at) { return stream[at / 8] >> (at % 8) & 1U; };
    SCOPED_TRACE(::testing::Message() << "seed " << this->seed_ << " round " << round << " step " << step << " bytes " << bytes << " count "
                                      << count);
    this->begin(step, bytes, static_cast<std::uint32_t>(count));
    std::size_t at = 0, beat = 0;
    for (int cycle = 0; at < size; ++cycle) {
      ASSERT_LT(cycle, 4000);
      if (this->drive(stream, beat, stall)) ++beat;
      ASSERT_EQ(top.finished_o, 0);
      if (top.word_valid_o != 0 && top.word_ready_i != 0) {
        const std::size_t belong = std::min(length, size - at);
        for (std::size_t i = 0; i < belong; ++i) {
          ASSERT_EQ(get_bits(top.word_o, static_cast<int>(i), 1), bit(at + i)) << "bit " << at + i;
        }
        ASSERT_EQ(top.strobe_o, (1U << (belong + 7) / 8) - 1);
        at += belong;
        ASSERT_EQ(top.last_o != 0, at == size);
      }
      clock_edge(top);
    }
    top.eval();
    EXPECT_EQ(top.finished_o, 1);
    EXPECT_EQ(beat * kBeat, stream.size()) << "beats taken";
    top.beat_valid_i = 1;
    top.eval();
    EXPECT_EQ(top.beat_ready_o, 0) << "takes a beat that is not its own";
    top.beat_valid_i = 0;
    this->offered_ = false;
  }
}

// At the full rate: one word a cycle, no bubble where a word spans two beats.
TYPED_TEST(BeatUnpacker, GivesAWordEveryCycle) {
  constexpr int kBeat = TypeParam::kBeat, kWord = TypeParam::kWord, kGrain = TypeParam::kGrain;
  auto& top = *this->top_;
  for (int step = 1; step <= kWord * 8 / kGrain; ++step) {
    if (!TypeParam::takes(step)) continue;
    const std::size_t count = 100, size = count * static_cast<std::size_t>(step * kGrain);
    const auto stream = this->random_bytes((size + 8 * kBeat - 1) / (8 * kBeat) * kBeat);
    this->begin(step, false, count);
    std::size_t words = 0, beat = 0;
    for (int cycle = 0; cycle <= static_cast<int>(count); ++cycle) {
      if (this->drive(stream, beat, 0)) ++beat;
      words += top.word_valid_o != 0 ? 1 : 0;
      clock_edge(top);
    }
    EXPECT_EQ(words, count) << "step " << step;
    this->offered_ = false;
  }
}

}  // namespace
}  // namespace flexor::testbench
