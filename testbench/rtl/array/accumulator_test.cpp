// SPDX-License-Identifier: Apache-2.0
// accumulator: random addresses as soon as the block allows, random gaps, reads of the other buffer meanwhile, against a plain array.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vaccumulator_compact.h"
#include "Vaccumulator_double.h"
#include "Vaccumulator_signed.h"
#include "Vaccumulator_single.h"
#include "Vaccumulator_windows.h"
#include "Vaccumulator_xc7.h"

namespace flexor::testbench {
namespace {

constexpr int kLag = 2;      // docs/blocks/accumulator.md
constexpr int kLatency = 4;  // docs/blocks/accumulator.md

template <class TopType, int Channels, int Dot, bool Signed, int Acc, int Depth, int Count, bool Doubles, bool Pools = false,
          bool IsCompact = false>
struct Variant {
  using Top = TopType;
  static constexpr int M = Channels, kDotWidth = Dot, kAccWidth = Acc, kDepth = Depth, kBuffers = Count;
  static constexpr bool kSigned = Signed, kTwice = Doubles, kWindows = Pools, kCompact = IsCompact;
};

template <class V>
class Accumulator : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kMask = (std::uint64_t{1} << V::kAccWidth) - 1;
  using Sums = std::array<std::uint64_t, V::M>;
  struct Control {
    bool valid = false;
    int buffer = 0;
    int address = 0;
    bool first = false;
    bool twice = false;
  };

  Accumulator() : model_(V::kBuffers, std::vector<Sums>(V::kDepth)), known_(V::kBuffers, std::vector<int>(V::kDepth, -1)) {
    top_->rst_ni = 0;
    top_->valid_i = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
  }

  /// A control word that is legal in cycle t: its address rested for kLatency cycles, and it starts with a store.
  Control random_control(int t) {
    Control c;
    c.buffer = static_cast<int>(random_() % V::kBuffers);
    c.address = static_cast<int>(random_() % V::kDepth);
    const int last = known_[c.buffer][c.address];
    c.valid = random_() % 8 != 0 && (last < 0 || t - last >= kLatency);
    c.first = last < 0 || random_() % 5 == 0;
    c.twice = random_() % 4 == 0;
    if (c.valid) known_[c.buffer][c.address] = t;
    return c;
  }

  std::uint64_t extend(std::uint64_t dot) const {
    const bool negative = V::kSigned && ((dot >> (V::kDotWidth - 1)) & 1) != 0;
    return negative ? (dot | (~std::uint64_t{0} << V::kDotWidth)) & kMask : dot;
  }

  /// A control word for address 0 of buffer 0, which has rested.
  Control last_control(int t, bool store) {
    const bool first = store || known_[0][0] < 0;
    known_[0][0] = t;
    return {.valid = true, .first = first};
  }

  template <class Port>
  void flip(Port& port, int bits) {
    const int at = static_cast<int>(random_() % static_cast<unsigned>(bits));
    set_bits(port, at, 1, get_bits(port, at, 1) ^ 1U);
  }

  /// Random controls, then a last one that nothing can hide, then a read of every sum. With `corrupt` one bit of one dot product of
  /// the last control is wrong. Returns how many read sums differ.
  int run(int random_cycles, bool corrupt = false) {
    const int last_cycle = random_cycles + kLatency;
    const int cycles = last_cycle + 2 * V::kDepth * V::kBuffers;
    int differing = 0;
    for (auto& buffer : known_) std::fill(buffer.begin(), buffer.end(), -1);
    // A layer pools or it does not: steady.
    const bool window = V::kWindows && random_() % 2 == 0, maximum = random_() % 2 == 0;
    top_->window_i = V::kWindows ? window : random_() % 2;
    top_->maximum_i = maximum;
    std::deque<Control> flight(kLag + 1);
    struct Read {
      bool valid = false;
      Sums sums{};
    } read;
    for (int t = 0; t < cycles; ++t) {
      const Control c = t < random_cycles ? random_control(t) : t == last_cycle ? last_control(t, window && maximum) : Control{};
      flight.push_front(c);
      flight.pop_back();
      top_->valid_i = c.valid;
      top_->buffer_i = static_cast<CData>(c.buffer);
      top_->address_i = static_cast<CData>(c.address);
      top_->first_i = c.first;
      top_->twice_i = c.twice && !(window && maximum);  // a maximum has no digits
      // The dot products of the control of kLag cycles ago, added to the plain array at once.
      const Control& due = flight[kLag];
      for (int m = 0; m < V::M; ++m) {
        const std::uint64_t dot = random_() & ((1U << V::kDotWidth) - 1);
        set_bits(top_->dot_i, m * V::kDotWidth, V::kDotWidth, dot);
        const std::uint64_t lane = random_() & 255U;
        set_bits(top_->lane_i, 8 * m, 8, lane);
        auto& sum = model_[due.buffer][due.address][m];
        if (due.valid && window) {
          const std::uint64_t before = due.first ? 0 : V::kTwice && due.twice && !maximum ? 2 * sum : sum;
          sum = (maximum ? std::max(before, 4 * lane) : before + 4 * lane) & kMask;
        } else if (due.valid) {
          sum = ((due.first ? 0 : V::kTwice && due.twice ? 2 * sum : sum) + extend(dot)) & kMask;
        }
      }
      if (corrupt && t == last_cycle + kLag) {
        if (window) {
          flip(top_->lane_i, 8 * V::M);
        } else {
          flip(top_->dot_i, V::M * V::kDotWidth);
        }
      }
      // Every address in turn at the end, before that whatever has rested long enough.
      const int read_buffer = t % V::kBuffers, read_address = t / V::kBuffers % V::kDepth;
      const int last = known_[read_buffer][read_address];
      top_->read_buffer_i = static_cast<CData>(read_buffer);
      top_->read_address_i = static_cast<CData>(read_address);
      const auto taken = [&](const Control& control) { return control.valid && control.buffer == read_buffer; };
      const bool free = !taken(c) && !(V::kCompact && taken(flight[1]));
      top_->eval();
      if (read.valid) {
        for (int m = 0; m < V::M; ++m) {
          differing += get_bits(top_->read_data_o, m * V::kAccWidth, V::kAccWidth) != read.sums[m] ? 1 : 0;
        }
        ++compared_;
      }
      read = {free && last >= 0 && t - last >= kLatency, model_[read_buffer][read_address]};
      clock_edge(*top_);
    }
    return differing;
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  int compared_ = 0;
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
  std::vector<std::vector<Sums>> model_;
  std::vector<std::vector<int>> known_;
};

using Variants = ::testing::Types<
    Variant<Vaccumulator_single, 3, 12, false, 16, 16, 1, true>, Variant<Vaccumulator_double, 16, 14, false, 22, 256, 2, false>,
    Variant<Vaccumulator_signed, 5, 9, true, 12, 5, 2, true>, Variant<Vaccumulator_windows, 4, 13, false, 20, 32, 2, true, true>,
    Variant<Vaccumulator_compact, 6, 12, false, 20, 16, 1, false, false, true>, Variant<Vaccumulator_xc7, 5, 9, true, 13, 5, 2, true>>;
TYPED_TEST_SUITE(Accumulator, Variants);

TYPED_TEST(Accumulator, EqualsPlainArray) {
  std::cout << "seed " << this->seed_ << '\n';
  for (int layer = 0; layer < 8; ++layer) EXPECT_EQ(this->run(6000), 0) << "seed " << this->seed_;
  EXPECT_GT(this->compared_, 1000);
}

TYPED_TEST(Accumulator, FlippedDotBitIsSeen) { EXPECT_GT(this->run(2000, true), 0) << "seed " << this->seed_; }

TYPED_TEST(Accumulator, EarlyReturnStopsTheSimulation) {
  EXPECT_DEATH(
      {
        this->top_->address_i = 1;
        this->top_->buffer_i = 0;
        for (int t = 0; t < kLatency; ++t) {
          this->top_->valid_i = t == 0 || t == kLatency - 1;
          clock_edge(*this->top_);
        }
      },
      "");
}

TYPED_TEST(Accumulator, ReturnAfterLatencyIsLegal) {
  this->top_->address_i = 1;
  for (int t = 0; t <= kLatency; ++t) {
    this->top_->valid_i = t == 0 || t == kLatency;
    clock_edge(*this->top_);
  }
}

}  // namespace
}  // namespace flexor::testbench
