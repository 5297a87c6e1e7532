// SPDX-License-Identifier: Apache-2.0
// requantise: directed corners and random values, a value in every cycle, parameters changed at random, sums and shortcuts where the
// variant has them, against the formula in double.
#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vrequantise_exact.h"
#include "Vrequantise_long.h"
#include "Vrequantise_nano.h"
#include "Vrequantise_one.h"
#include "Vrequantise_residual.h"
#include "Vrequantise_short.h"
#include "Vrequantise_sum.h"
#include "Vrequantise_wide.h"
#include "Vrequantise_xc7_exact.h"
#include "Vrequantise_xc7_one.h"
#include "Vrequantise_xc7_residual.h"
#include "Vrequantise_xc7_short.h"
#include "Vrequantise_xc7_sum.h"
#include "requantise_reference.hpp"

namespace flexor::testbench {
namespace {

constexpr int kLatency = 5;  // docs/blocks/requantise.md

struct Value {
  std::int64_t acc;
  std::int64_t offset;
  int multiplier;
  bool take;             ///< offset and multiplier come with this value
  bool goes_on = false;  ///< it is added to the value before (not with `take`)
  int shortcut = 0;
};

template <class TopType, int Acc, int Right, int Sum = 0, bool Signed = true, bool Shortcuts = false>
struct Variant {
  using Top = TopType;
  static constexpr int kAccWidth = Acc, kShift = Right, kTWidth = Acc + Sum;
  static constexpr bool kSums = Sum > 0, kSigned = Signed, kResidual = Shortcuts;
};

template <class V>
class Requantise : public ::testing::Test {
 protected:
  Requantise() { std::cout << "seed " << seed_ << '\n'; }

  /// Values through the pipeline; returns how many results differ from the reference.
  /// The module, not the reference, gets value `at` with bit `flip` of its accumulator flipped.
  int differences(const std::vector<Value>& values, bool logits, int activation_max, int at = -1, int flip = 0) {
    typename V::Top top;
    top.logits_i = logits;
    top.activation_max_i = static_cast<CData>(activation_max);
    const bool signed_shortcut = random_() % 2 == 0;
    top.shortcut_signed_i = signed_shortcut;
    const bool projection = activation_max < 128 && random_() % 2 == 0;
    top.projection_i = projection;
    const auto shortcut_multiplier = static_cast<int>(random_() % 4 == 0 ? 65535 : random_() % 600);
    top.shortcut_multiplier_i = static_cast<SData>(shortcut_multiplier);
    std::deque<int> expected;
    std::int64_t sum = 0;
    std::int64_t offset = 0, next_multiplier = 0;
    int multiplier = 0, differing = 0;
    for (int i = 0; i < static_cast<int>(values.size()) + kLatency; ++i) {
      const bool present = i < static_cast<int>(values.size());
      const Value v = present ? values[i] : Value{};
      top.take_i = present && v.take;
      const std::uint64_t corruption = i == at ? std::uint64_t{1} << flip : 0;
      set_bits(top.acc_i, 0, V::kAccWidth, static_cast<std::uint64_t>(v.acc) ^ corruption);
      // Offsets are read with take_i, multipliers may change one cycle later only.
      top.first_i = !v.goes_on;
      // A shortcut comes one cycle after its accumulator.
      top.shortcut_i = static_cast<CData>(i > 0 && i - 1 < static_cast<int>(values.size()) ? values[i - 1].shortcut : 0);
      set_bits(top.offset_i, 0, V::kTWidth, top.take_i != 0 ? static_cast<std::uint64_t>(v.offset) : random_());
      set_bits(top.multiplier_i, 0, 16, static_cast<std::uint64_t>(next_multiplier));
      if (top.take_i != 0) {
        offset = v.offset;
        multiplier = v.multiplier;
        next_multiplier = v.multiplier;
      } else {
        next_multiplier = static_cast<std::int16_t>(random_());
      }
      if (present) {
        // An accumulator that is only as wide as t counts modulo its width anyway.
        const std::int64_t acc = V::kSums && !V::kSigned ? v.acc & ((std::int64_t{1} << V::kAccWidth) - 1) : v.acc;
        sum = acc + (V::kSums && v.goes_on ? sum : offset);
        const int term = signed_shortcut && v.shortcut > 127 ? v.shortcut - 256 : v.shortcut;
        const ShortcutTerm shortcut{V::kResidual ? term : 0, shortcut_multiplier};
        expected.push_back(
            requantise_reference(sum, multiplier, V::kTWidth, V::kShift, logits, activation_max, shortcut, V::kResidual && projection));
      }
      top.eval();
      if (i >= kLatency) {
        const int found = logits || projection ? static_cast<std::int16_t>(top.result_o) : top.result_o;
        if (found != expected.front()) ++differing;
        expected.pop_front();
      }
      clock_edge(top);
    }
    return differing;
  }

  std::int64_t random_bits(int bits) { return wrap(static_cast<std::int64_t>(random_() & ((1ULL << bits) - 1)), bits); }

  /// A value whose result is near `target`, or anything at all.
  Value random_value(int target) {
    Value v{random_bits(V::kAccWidth), random_bits(V::kTWidth), static_cast<int>(random_bits(2 + static_cast<int>(random_() % 15))),
            random_() % 4 == 0};
    v.shortcut = static_cast<int>(random_() % 2 == 0 ? random_() % 256 : 255 * (random_() % 2));
    v.goes_on = !v.take && random_() % 2 == 0;
    if (v.multiplier != 0 && random_() % 4 != 0) {
      const double t = std::ldexp(target + static_cast<double>(random_() % 5) / 4 - 0.5, V::kShift) / v.multiplier;
      v.acc = wrap(static_cast<std::int64_t>(std::floor(t)) - v.offset + static_cast<std::int64_t>(random_() % 3) - 1, V::kAccWidth);
      v.take = true;
      v.goes_on = false;
    }
    return v;
  }

  const unsigned seed_ = test_seed();
  std::mt19937_64 random_{seed_};
};

using Variants =
    ::testing::Types<Variant<Vrequantise_nano, 20, 16>, Variant<Vrequantise_wide, 22, 16>, Variant<Vrequantise_long, 32, 24>,
                     Variant<Vrequantise_one, 20, 1>, Variant<Vrequantise_exact, 17, 17>,
                     Variant<Vrequantise_residual, 24, 16, 8, true, true>, Variant<Vrequantise_sum, 20, 16, 4, false>,
                     Variant<Vrequantise_short, 8, 8, 0, true, true>, Variant<Vrequantise_xc7_one, 20, 1>,
                     Variant<Vrequantise_xc7_exact, 17, 17>, Variant<Vrequantise_xc7_sum, 20, 16, 4, false>,
                     Variant<Vrequantise_xc7_residual, 24, 16, 8, true, true>, Variant<Vrequantise_xc7_short, 8, 8, 0, true, true>>;
TYPED_TEST_SUITE(Requantise, Variants);

TYPED_TEST(Requantise, Corners) {
  const std::int64_t top = (std::int64_t{1} << (TypeParam::kAccWidth - 1)) - 1;
  std::vector<Value> values;
  for (const std::int64_t acc : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, top, -top - 1, top / 2, std::int64_t{32767}}) {
    for (const std::int64_t offset : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, top, -top - 1}) {
      for (const int multiplier : {0, 1, -1, 2, 16384, 32767, -32767, -32768}) values.push_back({acc, offset, multiplier, true});
    }
  }
  for (const int activation_max : {1, 3, 15, 127, 127, 254, 255})
    EXPECT_EQ(this->differences(values, false, activation_max), 0) << activation_max;
  EXPECT_EQ(this->differences(values, true, 255), 0);
}

TYPED_TEST(Requantise, TiesRoundUp) {
  // t * multiplier = (2k + 1) * 2^(Shift-1): exactly between k and k + 1.
  constexpr int kHalf = TypeParam::kShift - 1;
  const int split = std::min(kHalf, 14);
  const std::int64_t limit = std::int64_t{1} << (TypeParam::kAccWidth - 1 - (kHalf - split));
  std::vector<Value> values;
  for (std::int64_t k = -20; k < 20; ++k) {
    if (2 * k + 1 >= -limit && 2 * k + 1 < limit) values.push_back({(2 * k + 1) << (kHalf - split), 0, 1 << split, true});
    if (2 * k + 1 > -limit && 2 * k + 1 < limit) values.push_back({-((2 * k + 1) << (kHalf - split)), 0, -(1 << split), true});
  }
  EXPECT_FALSE(values.empty());
  EXPECT_EQ(this->differences(values, true, 255), 0);
  EXPECT_EQ(this->differences(values, false, 255), 0);
}

TYPED_TEST(Requantise, Random) {
  for (int round = 0; round < 40; ++round) {
    const bool logits = round % 2 != 0;
    const int activation_max = 1 + static_cast<int>(this->random_() % 255);
    const int targets[] = {0, 1, activation_max, 128, 32767, -activation_max - 1, -1, 255};
    std::vector<Value> values;
    for (int i = 0; i < 500; ++i) values.push_back(this->random_value(targets[this->random_() % 8]));
    values.front().take = true;
    EXPECT_EQ(this->differences(values, logits, activation_max), 0) << "round " << round;
  }
}

TYPED_TEST(Requantise, OneWrongBitOfAnAccumulatorIsSeen) {
  // At value `at` 0 * 2^split becomes 2^(Shift - split) * 2^split: the result is 1 instead of 0. The other values do not depend on it.
  constexpr int kSplit = std::min(TypeParam::kShift, 14);
  for (const int at : {0, 17, 49}) {
    std::vector<Value> values;
    for (int i = 0; i < 50; ++i) {
      values.push_back(this->random_value(100));
      values.back().goes_on = false;
    }
    values.front().take = true;
    values[static_cast<std::size_t>(at)] = {0, 0, 1 << kSplit, true};
    EXPECT_EQ(this->differences(values, false, 255, at, TypeParam::kShift - kSplit), 1) << "value " << at;
    EXPECT_EQ(this->differences(values, true, 255, at, TypeParam::kShift - kSplit), 1) << "value " << at;
  }
}

}  // namespace
}  // namespace flexor::testbench
