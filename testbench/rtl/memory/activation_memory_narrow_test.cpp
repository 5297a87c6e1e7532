// SPDX-License-Identifier: Apache-2.0
// activation_memory_narrow: every step of reads from any address, every kind of write, against an array of bytes.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <iostream>
#include <memory>

#include "../port_bits.hpp"
#include "Vactivation_memory_narrow_small.h"

namespace flexor::testbench {
namespace {

constexpr int kBytes = 2 * 64 * 16, kReadLatency = 2;  // docs/blocks/activation_memory_narrow.md

class ActivationMemoryNarrow : public ::testing::Test {
 protected:
  static std::uint32_t pair(int address) {
    return static_cast<std::uint32_t>(address / 16) << 8 | static_cast<std::uint32_t>(address % 16);
  }

  void write(int address, unsigned strobe) {
    top_->write_valid_i = 1;
    top_->write_address_i = pair(address);
    top_->write_strobe_i = static_cast<std::uint8_t>(strobe);
    top_->write_data_i = static_cast<std::uint32_t>(random_());
    for (int i = 0; i < 4; ++i) {
      if ((strobe >> i & 1) != 0) bytes_[(address + i) % kBytes] = static_cast<std::uint8_t>(top_->write_data_i >> (8 * i));
    }
  }

  /// One cycle; returns the data that it ends with.
  std::uint32_t cycle() {
    clock_edge(*top_);
    top_->write_valid_i = top_->read_valid_i = 0;
    return top_->read_data_o;
  }

  ActivationMemoryNarrow() {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    top_->rst_ni = 0;
    top_->read_valid_i = top_->write_valid_i = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
    for (int address = 0; address < kBytes; address += 4) {
      write(address, 15);
      cycle();
    }
    cycle();
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<Vactivation_memory_narrow_small> top_ = std::make_unique<Vactivation_memory_narrow_small>();
  std::array<std::uint8_t, kBytes> bytes_{};
};

TEST_F(ActivationMemoryNarrow, ReadsAndWritesAnywhere) {
  std::array<int, 4> kinds{};
  long checked = 0;
  for (int round = 0; round < 20000; ++round) {
    if (random_() % 2 != 0) {
      const int kind = static_cast<int>(random_() % 3), address = static_cast<int>(random_() % kBytes);
      if (kind == 0) write(address, 1);
      if (kind == 1) write(address & ~1, 3);
      if (kind == 2) write(address & ~3, random_() % 16);
      ++kinds[kind];
      cycle();
      if (random_() % 2 != 0) cycle();  // else the read below follows two cycles after the write
      cycle();
    }
    const int address = static_cast<int>(random_() % kBytes), odd = address % 2;
    const int steps = 1 + static_cast<int>(random_() % 3);
    std::deque<std::uint32_t> found;
    for (int t = 0; t < steps + kReadLatency - 1; ++t) {
      top_->read_valid_i = t < steps;
      top_->read_address_i = pair(address) | random_() % 16 << 28;
      top_->read_step_i = t < steps ? static_cast<std::uint8_t>(t) : 0;
      const std::uint32_t data = cycle();
      if (t >= kReadLatency - 1) found.push_back(data);
    }
    for (int s = 0; s < steps; ++s) {
      for (int j = 0; j < 4; ++j, ++checked) {
        const int at = (address - odd + 4 * s + (j + odd) % 4) % kBytes;
        ASSERT_EQ(found[s] >> (8 * j) & 0xFF, bytes_[at]) << "address " << address << " step " << s << " byte " << j;
      }
    }
  }
  EXPECT_GT(checked, 100000);
  for (int kind = 0; kind < 3; ++kind) EXPECT_GT(kinds[kind], 1000);
}

TEST_F(ActivationMemoryNarrow, AWrongBitOfAWriteIsSeen) {
  write(100, 1);
  top_->write_data_i ^= 8;  // the memory alone gets it
  cycle();
  cycle();
  cycle();
  top_->read_valid_i = 1;
  top_->read_address_i = pair(100);
  top_->read_step_i = 0;
  cycle();
  EXPECT_EQ((cycle() & 0xFF) ^ bytes_[100], 8);
}

}  // namespace
}  // namespace flexor::testbench
