// SPDX-License-Identifier: Apache-2.0
// stream_fifo: random pushes and pauses of the reader against a queue; full rate; reset in the middle.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>

#include "../port_bits.hpp"
#include "Vstream_fifo.h"

namespace flexor::testbench {
namespace {

constexpr std::size_t kDepth = 8;
constexpr std::uint64_t kMask = (1U << 13) - 1;

class StreamFifo : public ::testing::Test {
 protected:
  StreamFifo() {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    reset();
  }
  void reset() {
    top_->push_i = top_->ready_i = 0;
    top_->rst_ni = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
    top_->eval();
    queue_.clear();
  }
  /// A cycle: a word comes or not, the reader takes one or not.
  void cycle(bool push, bool ready) {
    top_->push_i = push;
    top_->data_i = static_cast<std::uint16_t>(random_() & kMask);
    top_->ready_i = ready;
    top_->eval();
    ASSERT_EQ(top_->empty_o != 0, queue_.empty());
    if (top_->valid_o != 0) {
      ASSERT_FALSE(queue_.empty()) << "a word that nobody wrote";
      ASSERT_EQ(top_->data_o, queue_.front()) << "seed " << seed_;
      if (ready) queue_.pop_front(), ++taken_;
    }
    if (push) queue_.push_back(top_->data_i);
    clock_edge(*top_);
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<Vstream_fifo> top_ = std::make_unique<Vstream_fifo>();
  std::deque<std::uint16_t> queue_;
  std::size_t taken_ = 0;
};

TEST_F(StreamFifo, GivesWordsInTheirOrder) {
  for (int i = 0; i < 5000; ++i) {
    const unsigned fill = i / 100 % 2 == 0 ? 3 : 1;  // filling up and emptying in turn
    const bool room = queue_.size() < kDepth;
    ASSERT_NO_FATAL_FAILURE(cycle(room && random_() % 4 < fill, random_() % 4 >= fill));
  }
  EXPECT_GT(taken_, 1000U);
}

TEST_F(StreamFifo, HoldsItsDepthAndTheWordItOffers) {
  for (std::size_t i = 0; i < kDepth; ++i) ASSERT_NO_FATAL_FAILURE(cycle(true, false));
  ASSERT_NO_FATAL_FAILURE(cycle(false, false));
  ASSERT_NO_FATAL_FAILURE(cycle(true, false));
  for (std::size_t i = 0; i <= kDepth; ++i) ASSERT_NO_FATAL_FAILURE(cycle(false, true));
  EXPECT_EQ(taken_, kDepth + 1);
}

TEST_F(StreamFifo, PassesAWordEveryCycleTwoCyclesLater) {
  for (int i = 0; i < 100; ++i) {
    ASSERT_NO_FATAL_FAILURE(cycle(true, true));
    EXPECT_EQ(taken_, static_cast<std::size_t>(std::max(0, i - 1)));
  }
}

TEST_F(StreamFifo, ResetEmptiesIt) {
  for (int i = 0; i < 5; ++i) ASSERT_NO_FATAL_FAILURE(cycle(true, false));
  reset();
  EXPECT_EQ(top_->empty_o, 1);
  EXPECT_EQ(top_->valid_o, 0);
  for (int i = 0; i < 20; ++i) ASSERT_NO_FATAL_FAILURE(cycle(i < 6, true));
  EXPECT_EQ(taken_, 6U);
}

}  // namespace
}  // namespace flexor::testbench
