// SPDX-License-Identifier: Apache-2.0
// register_block: random transfers on every region, right and wrong, with random waits; a job; against maps and rules written here.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "Vregister_block_compact.h"
#include "Vregister_block_narrow.h"
#include "Vregister_block_wide.h"
#include "axil_master.hpp"
#include "engine_parameters.hpp"

namespace flexor::testbench {
namespace {

template <class TopType, int K, int M, int D, int R, int BusBytes, int ActRows, int WeightWords, int ControlWords, int CodeWords,
          int Latency, int WriteCycles = 1>
struct Variant {
  using Top = TopType;
  static constexpr int kK = K, kM = M, kD = D, kR = R, kBusBytes = BusBytes, kActRows = ActRows, kLatency = Latency, kNOut = 20;
  static constexpr int kWriteCycles = WriteCycles;  ///< from one write to the next, docs/blocks/register_block.md
  static constexpr std::array<int, 4> kWords{0, ControlWords, CodeWords, WeightWords};
  static constexpr std::array<int, 4> kBits{32, 32, kNOut, D};
};

constexpr int kSlverr = 2;
constexpr std::uint64_t kId = 0x464C5852;

template <class V>
class RegisterBlock : public ::testing::Test {
 protected:
  using Top = typename V::Top;

  RegisterBlock() : seed_(test_seed()), random_(seed_), top_(std::make_unique<Top>()), master_(*top_, seed_) {
    std::cout << "seed " << seed_ << '\n';
    top_->rst_ni = 0;
    master_.drive();
    clock_edge(*top_);
    top_->rst_ni = 1;
  }

  static constexpr std::uint64_t mask(int bits) { return bits == 64 ? ~0ULL : (1ULL << bits) - 1; }
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  static std::uint32_t reg(Register r) { return 8U * static_cast<std::uint32_t>(r); }

  /// Runs the clock until every transfer has its answer; returns the cycles.
  int run(std::vector<Transfer>& transfers, int limit = 100000) {
    master_.start(transfers);
    int cycles = 0;
    for (; !master_.done(); ++cycles) {
      if (cycles > limit) {
        ADD_FAILURE() << "no answer";
        break;
      }
      cycle();
    }
    return cycles;
  }
  Transfer transfer(bool write, std::uint32_t address, std::uint64_t data = 0, std::uint8_t strobe = 0xFF) {
    std::vector<Transfer> one{{write, address, data, strobe}};
    run(one);
    return one[0];
  }
  std::uint64_t read(Register r) {
    const Transfer t = transfer(false, reg(r));
    EXPECT_EQ(t.response, 0);
    return t.data;
  }
  int write(Register r, std::uint64_t value) { return transfer(true, reg(r), value).response; }

  void cycle() {
    top_->stage_i = static_cast<CData>(below(5));
    top_->done_i = done_;
    top_->error_i = static_cast<CData>(done_ ? error_ : below(256));
    memory_data();
    master_.drive();
    if (top_->busy_o != 0) {
      ++counted_[0];
      if (top_->stage_i >= 1 && top_->stage_i <= 3) ++counted_[top_->stage_i];
    }
    if (top_->start_o != 0) {
      counted_ = {1, 0, 0, 0};
      if (top_->stage_i >= 1 && top_->stage_i <= 3) ++counted_[top_->stage_i];
      started_.push_back(top_->descriptor_o);
      EXPECT_EQ(top_->busy_o, 1);
    }
    aborts_ += top_->abort_o;
    memory_write();
    master_.sample();
    done_ = false;
    clock_edge(*top_);
  }

  /// Read data: what the memory holds at the address of Latency cycles ago, else noise.
  void memory_data() {
    const int region = asked_.size() == V::kLatency ? asked_.front().first : 0;
    const std::uint32_t place = asked_.empty() ? 0 : asked_.front().second;
    top_->control_data_i = static_cast<IData>(region == 1 ? words_[{1, place}] : random_());
    top_->code_data_i = static_cast<IData>((region == 2 ? words_[{2, place}] : random_()) & mask(V::kNOut));
    set_bits(top_->weight_data_i, 0, V::kD, region == 3 ? words_[{3, place}] : random_());
    for (int i = 0; i < V::kBusBytes; ++i) {
      const std::uint32_t byte = (place >> 8) * V::kK + (place & 0xFF) + static_cast<std::uint32_t>(i);
      set_bits(top_->activation_data_i, 8 * i, 8, region == 4 ? bytes_[byte] : random_());
    }
  }

  void memory_write() {
    const int writes = top_->control_write_o + top_->code_write_o + top_->weight_write_o + top_->activation_write_o;
    const int region = top_->control_read_o != 0      ? 1
                       : top_->code_read_o != 0       ? 2
                       : top_->weight_read_o != 0     ? 3
                       : top_->activation_read_o != 0 ? 4
                                                      : 0;
    EXPECT_LE(writes + (region != 0), 1);
    EXPECT_FALSE(top_->busy_o != 0 && (writes != 0 || region != 0));
    const std::uint32_t address = top_->memory_address_o, place = top_->activation_write_o != 0 || region == 4 ? address : address / 8;
    asked_.emplace_back(region, place);
    if (asked_.size() > V::kLatency) asked_.pop_front();
    const std::uint64_t data = top_->memory_data_o;
    if (top_->control_write_o != 0) words_[{1, place}] = data & mask(32);
    if (top_->code_write_o != 0) words_[{2, place}] = data & mask(V::kNOut);
    if (top_->weight_write_o != 0) words_[{3, place}] = data & mask(V::kD);
    for (int i = 0; i < V::kBusBytes; ++i) {
      const std::uint32_t byte = (place >> 8) * V::kK + (place & 0xFF) + static_cast<std::uint32_t>(i);
      if (top_->activation_write_o != 0 && ((top_->memory_strobe_o >> i) & 1) != 0) bytes_[byte] = (data >> (8 * i)) & 0xFF;
    }
  }

  /// A place in a memory, mostly one that exists, and whether it does.
  std::pair<std::uint32_t, bool> random_place(int region) {
    const bool near = below(2) == 0;
    const int kind = static_cast<int>(below(10));
    if (region == 4) {
      std::uint32_t word = static_cast<std::uint32_t>(near ? below(4) : below(2 * V::kActRows - 1));
      std::uint32_t offset = static_cast<std::uint32_t>(below(V::kK));
      if (kind == 0) word = static_cast<std::uint32_t>(2 * V::kActRows + below(100));
      if (kind == 1) offset = static_cast<std::uint32_t>(V::kK + below(256 - V::kK));
      return {4U << 24 | word << 8 | offset, kind > 1};
    }
    std::uint32_t word = static_cast<std::uint32_t>(near ? below(6) : below(V::kWords[region]));
    std::uint32_t low = 0;
    if (kind == 0) word = static_cast<std::uint32_t>(V::kWords[region] + below((1U << 21) - V::kWords[region]));
    if (kind == 1) low = static_cast<std::uint32_t>(1 + below(7));
    return {static_cast<std::uint32_t>(region) << 24 | word << 3 | low, kind > 1};
  }

  unsigned seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Top> top_;
  AxilMaster<Top> master_;
  std::map<std::pair<int, std::uint32_t>, std::uint64_t> words_;  ///< (region, word) -> value: what the ports wrote
  std::map<std::uint32_t, std::uint64_t> bytes_;                  ///< activation byte -> value
  std::deque<std::pair<int, std::uint32_t>> asked_;
  std::array<std::uint64_t, 4> counted_{};
  std::vector<int> started_;
  int aborts_ = 0;
  bool done_ = false;
  int error_ = 0;
};

using Variants = ::testing::Types<Variant<Vregister_block_narrow, 20, 6, 6, 2, 4, 256, 32768, 16384, 256, 2>,
                                  Variant<Vregister_block_compact, 20, 6, 6, 2, 4, 256, 32768, 16384, 256, 2, 4>,
                                  Variant<Vregister_block_wide, 50, 16, 40, 8, 8, 2048, 131072, 8192, 64, 5>>;
TYPED_TEST_SUITE(RegisterBlock, Variants);

TYPED_TEST(RegisterBlock, Identity) {
  using V = TypeParam;
  EXPECT_EQ(this->read(Register::Id), kId);
  EXPECT_EQ(this->read(Register::Version), kInterfaceVersion);
  EXPECT_EQ(this->read(Register::Geometry), static_cast<std::uint64_t>(V::kR) << 24 | V::kD << 16 | V::kM << 8 | V::kK);
  EXPECT_EQ(this->read(Register::Status), 0U);
}

TYPED_TEST(RegisterBlock, RandomTransfers) {
  using V = TypeParam;
  std::map<std::pair<int, std::uint32_t>, std::uint64_t> words;
  std::map<std::uint32_t, std::uint64_t> bytes;
  for (int round = 0; round < 150; ++round) {
    this->master_.hold = static_cast<int>(this->below(14));
    std::vector<Transfer> transfers;
    std::vector<std::pair<int, std::uint64_t>> expected;  // response, read data
    std::set<std::uint32_t> written;
    for (int i = 0; i < 40; ++i) {
      const int region = 1 + static_cast<int>(this->below(4));
      const auto [address, exists] = this->random_place(region);
      Transfer t{this->below(2) == 0, address, this->random_(), static_cast<std::uint8_t>(this->below(3) != 0 ? 0xFF : this->below(256))};
      const std::uint32_t place = region == 4 ? ((address >> 8) & 0xFFFF) * V::kK + (address & 0xFF) : (address & 0xFFFFFF) >> 3;
      int response = exists ? 0 : kSlverr;
      if (t.write) {
        if (region == 4) {
          for (int b = 0; b < V::kBusBytes && exists; ++b) {
            written.insert(4U << 24 | (place + static_cast<std::uint32_t>(b)));
            if (((t.strobe >> b) & 1) != 0) bytes[place + static_cast<std::uint32_t>(b)] = (t.data >> (8 * b)) & 0xFF;
          }
        } else {
          for (int b = 0; 8 * b < V::kBits[region]; ++b) {
            if (((t.strobe >> b) & 1) == 0) response = kSlverr;
          }
          if (response == 0) words[{region, place}] = t.data & TestFixture::mask(V::kBits[region]);
          written.insert(static_cast<std::uint32_t>(region) << 24 | place);
        }
        expected.emplace_back(response, 0);
        transfers.push_back(t);
      } else {
        // Reads and writes of one round run in any order: read only what this round does not write.
        expected.emplace_back(response, 0);
        transfers.push_back(t);
      }
    }
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      Transfer& t = transfers[i];
      if (t.write) continue;
      const int region = static_cast<int>(t.address >> 24);
      const std::uint32_t place = region == 4 ? ((t.address >> 8) & 0xFFFF) * V::kK + (t.address & 0xFF) : (t.address & 0xFFFFFF) >> 3;
      bool clash = false;
      std::uint64_t value = 0;
      for (int b = 0; b < (region == 4 ? V::kBusBytes : 1); ++b) {
        clash = clash || written.count(static_cast<std::uint32_t>(region) << 24 | (place + static_cast<std::uint32_t>(b))) != 0;
        if (region == 4) value |= bytes[place + static_cast<std::uint32_t>(b)] << (8 * b);
      }
      if (region != 4) value = words[{region, place}];
      if (clash) {
        t.address = TestFixture::reg(Register::Id);
        expected[i] = {0, kId};
      } else if (expected[i].first == 0) {
        expected[i].second = value;
      }
    }
    this->run(transfers);
    for (std::size_t i = 0; i < transfers.size(); ++i) {
      const Transfer& t = transfers[i];
      ASSERT_EQ(t.response, expected[i].first) << "round " << round << " address " << std::hex << t.address << " write " << t.write;
      if (!t.write) {
        ASSERT_EQ(t.data, expected[i].second) << "round " << round << " address " << std::hex << t.address;
      }
    }
    ASSERT_EQ(this->master_.faults, 0);
  }
  for (const auto& [key, value] : words) EXPECT_EQ(this->words_[key], value) << key.first << ' ' << key.second;
  for (const auto& [key, value] : bytes) EXPECT_EQ(this->bytes_[key], value) << key;
  // Nothing else was written.
  for (const auto& [key, value] : this->words_) EXPECT_EQ(words[key], value) << key.first << ' ' << key.second;
  for (const auto& [key, value] : this->bytes_) EXPECT_EQ(bytes[key], value) << key;
}

// The same comparison when the bus carries one bit that the reference does not know of.
TYPED_TEST(RegisterBlock, OneWrongBitOnTheBusIsSeen) {
  const std::map<std::pair<int, std::uint32_t>, std::uint64_t> words{{{1, 2}, 0x55}, {{2, 3}, 0x55}};
  EXPECT_EQ(this->transfer(true, 1U << 24 | 2 << 3, 0x55).response, 0);
  EXPECT_EQ(this->transfer(true, 2U << 24 | 3 << 3, 0x55).response, 0);
  EXPECT_EQ(this->words_, words);
  EXPECT_EQ(this->transfer(true, 2U << 24 | 3 << 3, 0x55 ^ 4).response, 0);
  EXPECT_NE(this->words_, words);
}

TYPED_TEST(RegisterBlock, WrongAddresses) {
  for (std::uint32_t region = 5; region < 16; ++region) {
    EXPECT_EQ(this->transfer(true, region << 24, 1).response, kSlverr);
    EXPECT_EQ(this->transfer(false, region << 24).response, kSlverr);
  }
  for (const std::uint32_t address : {12U * 8, 31U * 8, 32U * 8, 4U, 1U, 0x100000U}) {
    EXPECT_EQ(this->transfer(true, address, 1).response, kSlverr) << address;
    EXPECT_EQ(this->transfer(false, address).response, kSlverr) << address;
  }
  for (const Register r : {Register::Id, Register::Version, Register::Geometry, Register::Status, Register::Cycles, Register::Compute,
                           Register::WeightStall, Register::DrainStall, Register::Layer}) {
    EXPECT_EQ(this->write(r, 1), kSlverr) << static_cast<int>(r);
  }
  EXPECT_EQ(this->transfer(true, TestFixture::reg(Register::Descriptor), 3, 0x7).response, kSlverr);
  EXPECT_EQ(this->write(Register::Descriptor, TypeParam::kWords[1]), kSlverr);
  EXPECT_EQ(this->read(Register::Descriptor), 0U);
  EXPECT_TRUE(this->words_.empty());
}

TYPED_TEST(RegisterBlock, WritesFollowEachOther) {
  this->master_.hold = 0;
  std::vector<Transfer> transfers;
  for (std::uint32_t i = 0; i < 200; ++i) transfers.push_back({true, 4U << 24 | i << 8, i, 0xFF});
  EXPECT_LE(this->run(transfers), 200 * TypeParam::kWriteCycles + 2);
}

TYPED_TEST(RegisterBlock, ReadsAndWritesTakeTurns) {
  this->master_.hold = 0;
  std::vector<Transfer> transfers;
  for (std::uint32_t i = 0; i < 200; ++i) transfers.push_back({true, 4U << 24 | i << 8, i, 0xFF});
  for (std::uint32_t i = 0; i < 20; ++i) transfers.push_back({false, TestFixture::reg(Register::Id)});
  EXPECT_LE(this->run(transfers), 200 * TypeParam::kWriteCycles + 20 * (3 + TypeParam::kWriteCycles));
}

TYPED_TEST(RegisterBlock, Job) {
  const std::uint64_t first = 0x40;
  EXPECT_EQ(this->write(Register::Descriptor, first), 0);
  EXPECT_EQ(this->write(Register::Interrupt, 1), 0);
  EXPECT_EQ(this->write(Register::Control, 2), 0);  // abort while idle: nothing
  EXPECT_EQ(this->aborts_, 0);
  for (int job = 0; job < 5; ++job) {
    EXPECT_EQ(this->write(Register::Control, 1), 0);
    EXPECT_EQ(this->read(Register::Status), 1U);
    ASSERT_EQ(this->started_.size(), static_cast<std::size_t>(job + 1));
    EXPECT_EQ(this->started_.back(), static_cast<int>(first));
    // Busy: memories and another start are refused, registers are not.
    const std::size_t before = this->words_.size();
    for (const std::uint32_t region : {1U, 2U, 3U, 4U}) {
      EXPECT_EQ(this->transfer(true, region << 24, 1).response, kSlverr);
      EXPECT_EQ(this->transfer(false, region << 24).response, kSlverr);
    }
    EXPECT_EQ(this->words_.size(), before);
    EXPECT_EQ(this->write(Register::Control, 1), kSlverr);
    EXPECT_EQ(this->started_.size(), static_cast<std::size_t>(job + 1));
    this->top_->layer_i = static_cast<CData>(job + 3);
    EXPECT_EQ(this->read(Register::Layer), static_cast<std::uint64_t>(job + 3));
    if (job % 2 != 0) {
      EXPECT_EQ(this->write(Register::Control, 2), 0);
      EXPECT_EQ(this->aborts_, (job + 1) / 2);
    }
    EXPECT_EQ(this->top_->interrupt_o, 0);
    for (std::uint64_t i = this->below(300); i > 0; --i) this->cycle();
    this->error_ = job % 2 == 0 ? 0 : static_cast<int>(EngineError::Aborted);
    this->done_ = true;
    this->cycle();
    this->cycle();
    EXPECT_EQ(this->top_->interrupt_o, 1);
    EXPECT_EQ(this->read(Register::Status), 2U | static_cast<std::uint64_t>(this->error_) << 8);
    EXPECT_EQ(this->read(Register::Cycles), this->counted_[0]);
    EXPECT_EQ(this->read(Register::Compute), this->counted_[1]);
    EXPECT_EQ(this->read(Register::WeightStall), this->counted_[2]);
    EXPECT_EQ(this->read(Register::DrainStall), this->counted_[3]);
    EXPECT_EQ(this->read(Register::Interrupt), 3U);
    EXPECT_EQ(this->write(Register::Interrupt, 1), 0);
    EXPECT_EQ(this->top_->interrupt_o, 1);
    EXPECT_EQ(this->write(Register::Interrupt, 3), 0);
    EXPECT_EQ(this->top_->interrupt_o, 0);
    EXPECT_EQ(this->transfer(true, 1U << 24, 9).response, 0);
  }
}

}  // namespace
}  // namespace flexor::testbench
