// SPDX-License-Identifier: Apache-2.0
// axi_reader: random commands, faults and aborts against a memory of its own (axi_memory.hpp) that checks the protocol.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "Vaxi_reader_narrow.h"
#include "Vaxi_reader_wide.h"
#include "axi_bench.hpp"

namespace flexor::testbench {
namespace {

struct Beat {
  std::vector<std::uint8_t> bytes;
  bool last;
  bool operator==(const Beat&) const = default;
};

template <class V>
class AxiReader : public AxiBench<V, AxiReadMemory> {
 protected:
  void cycle() override {
    auto& top = *this->top_;
    this->drive_common();
    top.data_ready_i = this->below(100) >= this->pause_;
    top.eval();
    if (top.data_valid_o != 0 && top.data_ready_i != 0) {
      Beat beat{{}, top.data_last_o != 0};
      for (unsigned i = 0; i < V::kDataBytes; ++i) {
        beat.bytes.push_back(static_cast<std::uint8_t>(get_bits(top.data_o, static_cast<int>(8 * i), 8)));
      }
      got_.push_back(beat);
    }
    if (waits_ && top.data_valid_o == 0) ++withdrawn_;
    waits_ = top.data_valid_o != 0 && top.data_ready_i == 0;
    this->sample_common();
    clock_edge(top);
  }

  void ask(const AxiCommand& command) {
    this->commands_.push_back(command);
    for (unsigned b = 0; b < command.beats; ++b) {
      Beat beat{{}, b + 1 == command.beats};
      for (unsigned i = 0; i < V::kDataBytes; ++i) {
        beat.bytes.push_back(AxiSlave::initial(command.address + std::uint64_t{b} * V::kDataBytes + i));
      }
      expected_.push_back(beat);
    }
  }
  void forget_all() {
    this->commands_.clear();
    this->reports_.clear();
    got_.clear();
    expected_.clear();
  }
  /// Beats that came and are not what is expected at their place.
  [[nodiscard]] std::size_t differences() const {
    std::size_t wrong = got_.size() > expected_.size() ? got_.size() - expected_.size() : 0;
    for (std::size_t i = 0; i < got_.size() && i < expected_.size(); ++i) wrong += got_[i] != expected_[i] ? 1 : 0;
    return wrong;
  }
  /// Every beat of what was asked for comes, and nothing else happens.
  void complete() {
    ASSERT_TRUE(this->run_idle());
    ASSERT_EQ(differences(), 0U) << this->seed_;
    ASSERT_EQ(got_.size(), expected_.size()) << this->seed_;
    ASSERT_TRUE(this->reports_.empty()) << this->seed_;
    ASSERT_FALSE(this->memory_.owes());
    this->no_violation();
  }
  /// Whatever happened before: the next command is right.
  void next() {
    forget_all();
    this->memory_.arm(AxiFault::None, 0);
    ask(this->good(40));
    complete();
  }

  void inject(unsigned stall);
  void inject_response(AxiFault fault);
  void inject_silence(AxiFault fault);
  void inject_command();
  void inject_abort();

  std::vector<Beat> got_, expected_;
  bool waits_ = false;
  int withdrawn_ = 0;
};

using Variants = ::testing::Types<AxiVariant<Vaxi_reader_narrow, 32, 8, 16, 8>, AxiVariant<Vaxi_reader_wide, 40, 16, 4, 2>>;
TYPED_TEST_SUITE(AxiReader, Variants);

TYPED_TEST(AxiReader, RandomCommands) {
  for (const unsigned stall : {0U, 25U, 50U, 75U}) {
    for (int round = 0; round < 20; ++round) {
      this->random_window();
      this->random_memory(stall);
      this->top_->timeout_i = this->below(2) == 0 ? 0 : this->kQuiet;
      this->forget_all();
      for (std::uint64_t n = 1 + this->below(12); n > 0; --n) this->ask(this->good(this->below(3) == 0 ? 200 : 20));
      this->complete();
      if (this->HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(this->withdrawn_, 0);
}

TYPED_TEST(AxiReader, OneWrongBitIsSeen) {
  const AxiCommand command = this->good(100);
  this->ask(command);
  this->memory_.flip = command.address + this->below(command.beats * TypeParam::kDataBytes);
  ASSERT_TRUE(this->run_idle());
  EXPECT_EQ(this->differences(), 1U);
  this->memory_.flip = ~0ULL;
  this->next();
}

// The largest command is cut and counted as any other; an abort ends it.
TYPED_TEST(AxiReader, LargestCommand) {
  this->commands_.push_back({0, (1U << 24) - 1});
  ASSERT_TRUE(this->run([&] { return this->got_.size() >= 3000; }));
  for (std::size_t i = 0; i < this->got_.size(); ++i) {
    ASSERT_EQ(this->got_[i].bytes.back(), AxiSlave::initial((i + 1) * TypeParam::kDataBytes - 1));
    ASSERT_FALSE(this->got_[i].last);
  }
  this->abort_ = true;
  ASSERT_TRUE(this->run_idle());
  this->next();
}

template <class V>
void AxiReader<V>::inject(unsigned stall) {
  this->random_window();
  this->random_memory(stall);
  this->top_->timeout_i = this->below(2) == 0 ? 0 : this->kQuiet;
  forget_all();
  for (std::uint64_t n = 1 + this->below(3); n > 0; --n) ask(this->good(60));
  switch (this->below(8)) {
    case 0:
      inject_response(AxiFault::Slave);
      break;
    case 1:
      inject_response(AxiFault::Decode);
      break;
    case 2:
      inject_response(AxiFault::Last);
      break;
    case 3:
      inject_silence(AxiFault::Mute);
      break;
    case 4:
      inject_silence(AxiFault::Dead);
      break;
    case 5:
      inject_command();
      break;
    default:
      inject_abort();
      break;
  }
}

/// One beat is answered wrongly: one report, nothing of it or after it comes out.
template <class V>
void AxiReader<V>::inject_response(AxiFault fault) {
  const std::uint64_t at = this->below(expected_.size());
  this->memory_.arm(fault, at);
  ASSERT_TRUE(this->run_report());
  const std::size_t before = got_.size();
  this->commands_.clear();
  ASSERT_TRUE(this->run_idle());
  const AxiError code = fault == AxiFault::Slave ? AxiError::Slave : fault == AxiFault::Decode ? AxiError::Decode : AxiError::Last;
  ASSERT_EQ(this->reports_, (std::vector<AxiReport>{{code, this->memory_.fault_address}})) << this->seed_;
  ASSERT_EQ(got_.size(), before);
  ASSERT_LE(got_.size(), at);
}

/// The memory falls silent: a time-out; then it is reset, or its beats come late.
template <class V>
void AxiReader<V>::inject_silence(AxiFault fault) {
  this->top_->timeout_i = this->kQuiet;
  const std::uint64_t at = fault == AxiFault::Mute ? this->below(expected_.size()) : this->below(this->bursts());
  this->memory_.arm(fault, at);
  ASSERT_TRUE(this->run_report());
  const std::size_t before = got_.size();
  ASSERT_EQ(this->reports_.front().code, AxiError::Timeout) << this->seed_;
  // With Dead what is owed first has not reached the memory.
  const std::uint64_t address = fault == AxiFault::Mute ? this->memory_.next_address() : this->top_->m_axi_araddr_o;
  ASSERT_EQ(this->reports_.front().address, address) << this->seed_;
  this->commands_.clear();
  this->run_for(this->below(2 * this->kQuiet));
  ASSERT_EQ(this->top_->idle_o, 0);
  if (this->below(2) == 0) {
    this->forget_ = true;
  } else {
    this->memory_.arm(AxiFault::None, 0);
  }
  this->cycle();
  ASSERT_TRUE(this->run_idle());
  ASSERT_EQ(this->reports_.size(), 1U) << this->seed_;
  ASSERT_EQ(got_.size(), before);
}

/// A bad command behind good ones: one report, nothing of it on the bus (the memory knows the window).
template <class V>
void AxiReader<V>::inject_command() {
  AxiCommand bad = this->outside();
  AxiError code = AxiError::Window;
  if (this->below(2) == 0) {
    bad = this->good(60);
    code = AxiError::Command;
    if (this->below(2) == 0) {
      bad.beats = 0;
    } else {
      bad.address += 1 + this->below(V::kDataBytes - 1);
    }
  }
  if (this->below(2) == 0) forget_all();
  this->commands_.push_back(bad);
  ASSERT_TRUE(this->run_report());
  const std::size_t before = got_.size();
  ASSERT_TRUE(this->run_idle());
  ASSERT_EQ(this->reports_, (std::vector<AxiReport>{{code, bad.address}})) << this->seed_;
  ASSERT_EQ(got_.size(), before);
}

template <class V>
void AxiReader<V>::inject_abort() {
  this->run_for(this->below(300));
  this->commands_.clear();
  this->abort_ = true;
  this->cycle();
  const std::size_t before = got_.size();
  ASSERT_TRUE(this->run_idle());
  ASSERT_TRUE(this->reports_.empty()) << this->seed_;
  ASSERT_EQ(got_.size(), before);
}

TYPED_TEST(AxiReader, RandomFaults) {
  for (const unsigned stall : {0U, 25U, 50U, 75U}) {
    for (int round = 0; round < 100; ++round) {
      SCOPED_TRACE("stall " + std::to_string(stall) + " round " + std::to_string(round));
      this->inject(stall);
      if (this->HasFatalFailure()) return;
      ASSERT_EQ(this->differences(), 0U) << this->seed_;
      this->no_violation();
      this->next();
      if (this->HasFatalFailure()) return;
    }
  }
}

// An abort while the memory is dead: the time-out is reported once, and only the reset of the memory ends the draining.
TYPED_TEST(AxiReader, AbortOfADeadMemory) {
  this->top_->timeout_i = this->kQuiet;
  this->memory_.arm(AxiFault::Mute, 0);
  this->ask({0x100, 10});
  this->run_for(10);
  this->abort_ = true;
  ASSERT_TRUE(this->run_report());
  this->run_for(5 * this->kQuiet);
  EXPECT_EQ(this->reports_, (std::vector<AxiReport>{{AxiError::Timeout, 0x100}}));
  EXPECT_EQ(this->top_->idle_o, 0);
  this->forget_ = true;
  this->cycle();
  EXPECT_EQ(this->top_->idle_o, 1);
  EXPECT_TRUE(this->got_.empty());
  this->next();
}

// One beat a cycle, the first latency included, as long as the outstanding bursts cover the latency.
TEST(AxiReaderThroughput, OneBeatACycle) {
  struct Bench : AxiReader<AxiVariant<Vaxi_reader_narrow, 32, 8, 16, 8>> {
    void TestBody() override {
      for (const unsigned latency : {16U, 64U, 109U}) {
        constexpr unsigned kBeats = 20000;
        memory_.settings.latency_min = memory_.settings.latency_max = latency;
        forget_all();
        ask({0x1008, kBeats});
        unsigned cycles = 0;
        ASSERT_TRUE(run([&] { return ++cycles > 1 && commands_.empty() && top_->idle_o != 0; }));
        EXPECT_EQ(differences(), 0U);
        std::cout << "latency " << latency << ": " << static_cast<double>(kBeats) / cycles << " beats per cycle\n";
        EXPECT_GE(static_cast<double>(kBeats) / cycles, 0.98) << latency;
      }
    }
  };
  Bench().TestBody();
}

}  // namespace
}  // namespace flexor::testbench
