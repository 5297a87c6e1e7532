// SPDX-License-Identifier: Apache-2.0
// adder_tree: a new set of operands every cycle against their sum, for unsigned, signed and late operands and ECP5's carry chains.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vadder_tree_alone.h"
#include "Vadder_tree_ecp5.h"
#include "Vadder_tree_late.h"
#include "Vadder_tree_plain.h"
#include "Vadder_tree_signed.h"

namespace flexor::testbench {
namespace {

/// Operands of OperandBits bits from Least to Most, summed `Levels` cycles later; the last one comes LateCycles late.
template <class TopType, int Operands, int OperandBits, int Least, int Most, int SumBits, int Levels, int LateCycles = 0>
struct Variant {
  using Top = TopType;
  static constexpr int kCount = Operands, kWidth = OperandBits, kLeast = Least, kMost = Most, kSum = SumBits, kLatency = Levels,
                       kLate = LateCycles;
};

template <class V>
class AdderTree : public ::testing::Test {
 protected:
  AdderTree() { std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n"; }

  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

  /// Operands at random, or all at one end of their range.
  std::vector<int> draw() {
    std::vector<int> operands(V::kCount);
    const unsigned kind = random_() % 8;
    for (int& operand : operands) {
      operand = kind == 0 ? V::kMost : kind == 1 ? V::kLeast : V::kLeast + below(V::kMost - V::kLeast + 1);
    }
    return operands;
  }
  void drive(int place, int operand) { set_bits(top_->operand_i, place * V::kWidth, V::kWidth, static_cast<std::uint64_t>(operand)); }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants = ::testing::Types<Variant<Vadder_tree_plain, 13, 5, 0, 20, 9, 4>, Variant<Vadder_tree_signed, 6, 4, -8, 7, 7, 3>,
                                  Variant<Vadder_tree_late, 5, 6, 0, 63, 9, 3, 2>, Variant<Vadder_tree_ecp5, 9, 4, 0, 15, 8, 4>,
                                  Variant<Vadder_tree_alone, 1, 7, 0, 127, 7, 0>>;
TYPED_TEST_SUITE(AdderTree, Variants);

TYPED_TEST(AdderTree, SumsOfEveryCycle) {
  using V = TypeParam;
  std::deque<std::vector<int>> sets;
  this->top_->zero_i = 0;
  this->top_->eval();  // the clock is low before its first edge
  for (int cycle = 0; cycle < 500; ++cycle) {
    sets.push_back(this->draw());
    for (int i = 0; i + 1 < V::kCount; ++i) this->drive(i, sets.back()[static_cast<std::size_t>(i)]);
    if (cycle >= V::kLate) this->drive(V::kCount - 1, sets[sets.size() - 1 - V::kLate].back());
    for (int step = 0; step < (V::kLatency > 0 ? 1 : 0); ++step) clock_edge(*this->top_);
    this->top_->eval();
    if (static_cast<int>(sets.size()) < std::max(V::kLatency, 1)) continue;
    int sum = 0;
    for (const int operand : sets.front()) sum += operand;
    ASSERT_EQ(get_bits(this->top_->sum_o, 0, V::kSum), static_cast<std::uint64_t>(sum) & ((1U << V::kSum) - 1))
        << "seed " << this->seed_ << " cycle " << cycle;
    sets.pop_front();
  }
}

}  // namespace
}  // namespace flexor::testbench
