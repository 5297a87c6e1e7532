// SPDX-License-Identifier: Apache-2.0
// beat_sum: transfers with pauses against sums of 64-bit integers cut to 32 bits; flipped bits and swapped beats are seen.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vbeat_sum_narrow.h"
#include "Vbeat_sum_wide.h"

namespace flexor::testbench {
namespace {

template <class TopType, int Size>
struct Variant {
  using Top = TopType;
  static constexpr int kBytes = Size;
};

template <class V>
class BeatSum : public ::testing::Test {
 protected:
  using Beat = std::vector<std::uint32_t>;

  BeatSum() { std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n"; }

  std::vector<Beat> draw(std::size_t count) {
    std::vector<Beat> beats(count, Beat(V::kBytes / 4));
    for (Beat& beat : beats) {
      for (auto& word : beat) word = static_cast<std::uint32_t>(random_());
    }
    return beats;
  }

  /// The sums after a transfer.
  std::pair<std::uint32_t, std::uint32_t> run(const std::vector<Beat>& beats) {
    top_->clear_i = 1;
    top_->valid_i = 1;  // a beat beside the clearing does not count
    clock_edge(*top_);
    top_->clear_i = 0;
    for (const Beat& beat : beats) {
      for (std::size_t i = 0; i < beat.size(); ++i) set_bits(top_->beat_i, 32 * static_cast<int>(i), 32, beat[i]);
      top_->valid_i = 1;
      clock_edge(*top_);
      top_->valid_i = 0;
      for (unsigned pause = random_() % 3; pause > 0; --pause) clock_edge(*top_);
    }
    top_->valid_i = 0;
    clock_edge(*top_);
    return {top_->sum1_o, top_->sum2_o};
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants = ::testing::Types<Variant<Vbeat_sum_narrow, 8>, Variant<Vbeat_sum_wide, 16>>;
TYPED_TEST_SUITE(BeatSum, Variants);

TYPED_TEST(BeatSum, AreThoseOfTheFormula) {
  for (int round = 0; round < 100; ++round) {
    const auto beats = this->draw(this->random_() % 40);
    std::uint64_t first = 0, second = 0;
    for (const auto& beat : beats) {
      second += first;
      for (const std::uint32_t word : beat) first += word;
    }
    const auto [sum1, sum2] = this->run(beats);
    ASSERT_EQ(sum1, static_cast<std::uint32_t>(first)) << "seed " << this->seed_;
    ASSERT_EQ(sum2, static_cast<std::uint32_t>(second)) << "seed " << this->seed_;
  }
}

TYPED_TEST(BeatSum, OneFlippedBitAndTwoSwappedBeatsAreSeen) {
  auto beats = this->draw(20);
  const auto [sum1, sum2] = this->run(beats);
  for (int bit = 0; bit < 32; ++bit) {
    beats[7][1] ^= 1U << bit;
    EXPECT_NE(this->run(beats).first, sum1) << "bit " << bit;
    beats[7][1] ^= 1U << bit;
  }
  std::swap(beats[3], beats[4]);
  const auto swapped = this->run(beats);
  EXPECT_EQ(swapped.first, sum1);
  EXPECT_NE(swapped.second, sum2);
}

}  // namespace
}  // namespace flexor::testbench
