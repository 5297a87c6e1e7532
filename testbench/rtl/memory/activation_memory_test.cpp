// SPDX-License-Identifier: Apache-2.0
// activation_memory: unaligned reads and writes in every cycle, wrap of the word number, byte enables, against an array of bytes.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vactivation_memory_base.h"
#include "Vactivation_memory_base_xc7.h"
#include "Vactivation_memory_nano.h"
#include "Vactivation_memory_small.h"
#include "Vactivation_memory_tiny.h"
#include "Vactivation_memory_tiny_xc7.h"

namespace flexor::testbench {
namespace {

constexpr int kReadLatency = 2, kWriteLatency = 2;  // docs/blocks/activation_memory.md

template <class TopType, int Lanes, int Width, int Rows>
struct Variant {
  using Top = TopType;
  static constexpr int K = Lanes, W = Width, kBytes = 2 * Rows * Lanes;
};

template <class V>
class ActivationMemory : public ::testing::Test {
 protected:
  /// Pair of a linear byte address, with rubbish above the word number.
  std::uint32_t pair(int address) { return static_cast<std::uint32_t>(address / V::K) << 8 | static_cast<std::uint32_t>(address % V::K); }
  static int wrap(int address) { return address % V::kBytes; }

  void write(int address, std::uint32_t strobe) {
    top_->write_valid_i = 1;
    top_->write_address_i = pair(address);
    set_bits(top_->write_strobe_i, 0, V::W, strobe);
    for (int i = 0; i < V::W; ++i) {
      const auto byte = static_cast<std::uint8_t>(random_());
      set_bits(top_->write_data_i, 8 * i, 8, byte);
      if ((strobe >> i & 1) != 0) bytes_[wrap(address + i)] = byte;
    }
  }

  void fill() {
    for (int address = 0; address < V::kBytes; address += V::W) {
      write(address, (1U << std::min(V::W, V::kBytes - address)) - 1);
      clock_edge(*top_);
    }
    top_->write_valid_i = 0;
    for (int i = 0; i < kWriteLatency; ++i) clock_edge(*top_);
  }

  ActivationMemory() : bytes_(V::kBytes) {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    top_->read_valid_i = top_->write_valid_i = 0;
    clock_edge(*top_);
    fill();
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
  std::vector<std::uint8_t> bytes_;
};

using Variants = ::testing::Types<Variant<Vactivation_memory_tiny, 10, 4, 64>, Variant<Vactivation_memory_nano, 20, 4, 256>,
                                  Variant<Vactivation_memory_small, 30, 8, 16>, Variant<Vactivation_memory_base, 50, 16, 8>,
                                  Variant<Vactivation_memory_tiny_xc7, 10, 4, 64>, Variant<Vactivation_memory_base_xc7, 50, 16, 8>>;
TYPED_TEST_SUITE(ActivationMemory, Variants);

TYPED_TEST(ActivationMemory, ReadsAndWritesAnywhereInEveryCycle) {
  using V = TypeParam;
  struct Read {
    int address;
    std::vector<int> expected;  // -1: the row was being written
  };
  std::deque<Read> reads;
  std::vector<int> written(2 * V::kBytes / V::K, -100);  // last cycle in which a word was touched
  int checked = 0;
  for (int t = 0; t < 20000; ++t) {
    // A read sees the writes of cycles <= t - kWriteLatency; a word touched in cycle t - 1 is undefined, one touched in t is still the old
    // one.
    const int from = static_cast<int>(this->random_() % V::kBytes);
    Read read{from, std::vector<int>(V::K)};
    for (int k = 0; k < V::K; ++k) {
      const int at = TestFixture::wrap(from + k);
      read.expected[k] = written[at / V::K] == t - 1 ? -1 : this->bytes_[at];
    }
    this->top_->read_valid_i = 1;
    this->top_->read_address_i = this->pair(from) | this->random_() % 16 << 28;
    reads.push_back(read);

    this->top_->write_valid_i = this->random_() % 4 != 0;
    if (this->top_->write_valid_i) {
      const int to = static_cast<int>(this->random_() % 2 ? this->random_() : from + this->random_() % V::K) & 0x7FFFFFFF;
      this->write(to % V::kBytes, static_cast<std::uint32_t>(this->random_()) & ((1U << V::W) - 1));
      written[to % V::kBytes / V::K] = t;
      written[TestFixture::wrap(to % V::kBytes + V::W - 1) / V::K] = t;
    }
    clock_edge(*this->top_);
    if (reads.size() < kReadLatency) continue;
    for (int k = 0; k < V::K; ++k) {
      const int expected = reads.front().expected[k];
      if (expected < 0) continue;
      ++checked;
      ASSERT_EQ(get_bits(this->top_->read_data_o, 8 * k, 8), expected)
          << "cycle " << t << " address " << reads.front().address << " byte " << k;
    }
    reads.pop_front();
  }
  EXPECT_GT(checked, 10000 * V::K);
}

}  // namespace
}  // namespace flexor::testbench
