// SPDX-License-Identifier: Apache-2.0
// axi_writer: random commands, faults and aborts against a memory of its own (axi_memory.hpp) that checks the protocol.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "Vaxi_writer_narrow.h"
#include "Vaxi_writer_wide.h"
#include "axi_bench.hpp"

namespace flexor::testbench {
namespace {

struct Beat {
  std::uint64_t address;
  std::vector<std::uint8_t> bytes;
  std::uint64_t strobe;
};

template <class V>
class AxiWriter : public AxiBench<V, AxiWriteMemory> {
 protected:
  void cycle() override {
    auto& top = *this->top_;
    this->drive_common();
    if (!feeds_) feeds_ = this->below(100) >= this->pause_;
    const bool feeds = feeds_ && taken_ < beats_.size();
    top.data_valid_i = feeds;
    const std::uint64_t random = this->below(1U << V::kDataBytes);
    for (unsigned i = 0; i < V::kDataBytes; ++i) {
      const unsigned corruption = i == 0 && taken_ == corrupt_ ? 1 : 0;
      set_bits(top.data_i, static_cast<int>(8 * i), 8, feeds ? beats_[taken_].bytes[i] ^ corruption : this->below(256));
    }
    set_bits(top.data_strobe_i, 0, V::kDataBytes, feeds ? beats_[taken_].strobe : random);
    top.eval();
    if (feeds && top.data_ready_o != 0) {
      ++taken_;
      feeds_ = false;
    }
    this->sample_common();
    clock_edge(top);
  }

  /// A command and its beats, half of them with all bytes.
  void ask(const AxiCommand& command) {
    this->commands_.push_back(command);
    for (unsigned b = 0; b < command.beats; ++b) {
      Beat beat{command.address + std::uint64_t{b} * V::kDataBytes, {}, (1ULL << V::kDataBytes) - 1};
      for (unsigned i = 0; i < V::kDataBytes; ++i) beat.bytes.push_back(static_cast<std::uint8_t>(this->below(256)));
      if (this->below(2) == 0) beat.strobe = this->below(1ULL << V::kDataBytes);
      beats_.push_back(beat);
    }
  }
  void forget_all() {
    this->commands_.clear();
    this->reports_.clear();
    this->memory_.written.clear();
    beats_.clear();
    taken_ = 0;
  }
  /// The bytes that the beats taken so far write.
  [[nodiscard]] std::map<std::uint64_t, std::uint8_t> image() const {
    std::map<std::uint64_t, std::uint8_t> result;
    for (std::size_t b = 0; b < taken_; ++b) {
      for (unsigned i = 0; i < V::kDataBytes; ++i) {
        if (((beats_[b].strobe >> i) & 1) != 0) result[beats_[b].address + i] = beats_[b].bytes[i];
      }
    }
    return result;
  }
  /// Some beat that was taken writes this. Commands may overlap: of a burst that was cut off an older value can be the last that came
  /// through.
  [[nodiscard]] bool writes(std::uint64_t address, std::uint8_t value) const {
    return std::any_of(beats_.begin(), beats_.begin() + static_cast<std::ptrdiff_t>(taken_), [&](const Beat& beat) {
      const std::uint64_t i = address - beat.address;
      return i < V::kDataBytes && ((beat.strobe >> i) & 1) != 0 && beat.bytes[i] == value;
    });
  }
  void complete() {
    ASSERT_TRUE(this->run_idle());
    ASSERT_EQ(taken_, beats_.size()) << this->seed_;
    ASSERT_TRUE(image() == this->memory_.written) << this->seed_;
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
  void settings(unsigned stall) {
    this->random_window();
    this->random_memory(stall);
    this->memory_.order = static_cast<int>(this->below(3));
    this->top_->timeout_i = this->below(2) == 0 ? 0 : this->kQuiet;
    forget_all();
  }

  void inject(unsigned stall);
  void inject_response(AxiFault fault);
  void inject_silence(AxiFault fault);
  void inject_command();
  void inject_abort();

  std::vector<Beat> beats_;
  std::size_t taken_ = 0;
  std::size_t corrupt_ = ~std::size_t{0};  ///< the module alone gets this beat with bit 0 flipped
  bool feeds_ = false;
};

using Variants = ::testing::Types<AxiVariant<Vaxi_writer_narrow, 32, 8, 16, 8>, AxiVariant<Vaxi_writer_wide, 40, 16, 4, 2>>;
TYPED_TEST_SUITE(AxiWriter, Variants);

TYPED_TEST(AxiWriter, RandomCommands) {
  for (const unsigned stall : {0U, 25U, 50U, 75U}) {
    for (int round = 0; round < 20; ++round) {
      this->settings(stall);
      for (std::uint64_t n = 1 + this->below(12); n > 0; --n) this->ask(this->good(this->below(3) == 0 ? 200 : 20));
      this->complete();
      if (this->HasFatalFailure()) return;
    }
  }
}

TYPED_TEST(AxiWriter, OneWrongBitIsSeen) {
  const AxiCommand command = this->good(100);
  this->ask(command);
  for (Beat& beat : this->beats_) beat.strobe |= 1;
  this->corrupt_ = this->below(this->beats_.size());
  ASSERT_TRUE(this->run_idle());
  EXPECT_FALSE(this->image() == this->memory_.written);
  this->corrupt_ = ~std::size_t{0};
  this->next();
}

// A producer that stops for good: an abort completes the open bursts with zero strobes.
TYPED_TEST(AxiWriter, AbortWithoutData) {
  this->ask({0x1000, 60});
  this->beats_.resize(5);
  ASSERT_TRUE(this->run([&] { return this->taken_ == 5; }));
  this->run_for(200);
  EXPECT_EQ(this->top_->idle_o, 0);
  this->abort_ = true;
  ASSERT_TRUE(this->run_idle());
  EXPECT_TRUE(this->image() == this->memory_.written);
  EXPECT_TRUE(this->reports_.empty());
  this->no_violation();
  this->next();
}

// A producer that pauses in the middle of a burst is no time-out, whether the memory takes addresses early or only with data.
TYPED_TEST(AxiWriter, PauseIsNoTimeout) {
  for (const int order : {0, 1, 2}) {
    this->forget_all();
    this->memory_.order = order;
    this->top_->timeout_i = this->kQuiet;
    this->ask({0x1000, 60});
    for (const std::size_t stop : {0U, 1U, 4U, 5U, 30U}) {
      std::vector<Beat> rest(this->beats_.begin() + static_cast<std::ptrdiff_t>(stop), this->beats_.end());
      this->beats_.resize(stop);
      this->run_for(5 * this->kQuiet);
      ASSERT_EQ(this->taken_, stop);
      ASSERT_TRUE(this->reports_.empty()) << order << ' ' << stop;
      this->beats_.insert(this->beats_.end(), rest.begin(), rest.end());
    }
    this->complete();
    if (this->HasFatalFailure()) return;
  }
}

template <class V>
void AxiWriter<V>::inject(unsigned stall) {
  settings(stall);
  for (std::uint64_t n = 1 + this->below(3); n > 0; --n) ask(this->good(60));
  switch (this->below(8)) {
    case 0:
      inject_response(AxiFault::Slave);
      break;
    case 1:
      inject_response(AxiFault::Decode);
      break;
    case 2:
      inject_silence(AxiFault::Mute);
      break;
    case 3:
      inject_silence(AxiFault::Dead);
      break;
    case 4:
      inject_silence(AxiFault::Deaf);
      break;
    case 5:
      inject_command();
      break;
    default:
      inject_abort();
      break;
  }
}

/// One burst is refused: one report, no more beats are taken.
template <class V>
void AxiWriter<V>::inject_response(AxiFault fault) {
  this->memory_.arm(fault, this->below(this->bursts()));
  ASSERT_TRUE(this->run_report());
  const std::size_t before = taken_;
  this->commands_.clear();
  ASSERT_TRUE(this->run_idle());
  const AxiError code = fault == AxiFault::Slave ? AxiError::Slave : AxiError::Decode;
  ASSERT_EQ(this->reports_, (std::vector<AxiReport>{{code, this->memory_.fault_address}})) << this->seed_;
  ASSERT_EQ(taken_, before);
  ASSERT_TRUE(image() == this->memory_.written) << this->seed_;
}

/// The memory falls silent: a time-out; then it is reset, or goes on late.
template <class V>
void AxiWriter<V>::inject_silence(AxiFault fault) {
  this->top_->timeout_i = this->kQuiet;
  this->memory_.arm(fault, this->below(fault == AxiFault::Deaf ? beats_.size() : this->bursts()));
  ASSERT_TRUE(this->run_report());
  const std::size_t before = taken_;
  ASSERT_EQ(this->reports_, (std::vector<AxiReport>{{AxiError::Timeout, this->memory_.next_address()}})) << this->seed_;
  this->commands_.clear();
  this->run_for(this->below(2 * this->kQuiet));
  ASSERT_EQ(this->top_->idle_o, 0);
  const bool forgets = this->below(2) == 0;
  if (forgets) {
    this->forget_ = true;
  } else {
    this->memory_.arm(AxiFault::None, 0);
  }
  this->cycle();
  ASSERT_TRUE(this->run_idle());
  ASSERT_EQ(this->reports_.size(), 1U) << this->seed_;
  ASSERT_EQ(taken_, before);
  if (!forgets) {
    ASSERT_TRUE(image() == this->memory_.written) << this->seed_;
    return;
  }
  for (const auto& [address, value] : this->memory_.written) ASSERT_TRUE(writes(address, value)) << std::hex << address;
}

/// A bad command behind good ones: one report, nothing of it on the bus (the memory knows the window).
template <class V>
void AxiWriter<V>::inject_command() {
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
  const std::size_t before = taken_;
  ASSERT_TRUE(this->run_idle());
  ASSERT_EQ(this->reports_, (std::vector<AxiReport>{{code, bad.address}})) << this->seed_;
  ASSERT_EQ(taken_, before);
  ASSERT_TRUE(image() == this->memory_.written) << this->seed_;
}

template <class V>
void AxiWriter<V>::inject_abort() {
  this->run_for(this->below(300));
  if (this->below(2) == 0) beats_.resize(taken_);
  this->commands_.clear();
  this->abort_ = true;
  this->cycle();
  const std::size_t before = taken_;
  ASSERT_TRUE(this->run_idle());
  ASSERT_TRUE(this->reports_.empty()) << this->seed_;
  ASSERT_EQ(taken_, before);
  ASSERT_TRUE(image() == this->memory_.written) << this->seed_;
}

TYPED_TEST(AxiWriter, RandomFaults) {
  for (const unsigned stall : {0U, 25U, 50U, 75U}) {
    for (int round = 0; round < 100; ++round) {
      SCOPED_TRACE("stall " + std::to_string(stall) + " round " + std::to_string(round));
      this->inject(stall);
      if (this->HasFatalFailure()) return;
      this->no_violation();
      this->next();
      if (this->HasFatalFailure()) return;
    }
  }
}

// An abort while the memory is dead: the time-out is reported once, and only the reset of the memory ends the draining.
TYPED_TEST(AxiWriter, AbortOfADeadMemory) {
  this->top_->timeout_i = this->kQuiet;
  this->memory_.arm(AxiFault::Mute, 0);
  this->ask({0x100, 10});
  this->run_for(30);
  this->abort_ = true;
  ASSERT_TRUE(this->run_report());
  this->run_for(5 * this->kQuiet);
  EXPECT_EQ(this->reports_, (std::vector<AxiReport>{{AxiError::Timeout, 0x100}}));
  EXPECT_EQ(this->top_->idle_o, 0);
  this->forget_ = true;
  this->cycle();
  EXPECT_EQ(this->top_->idle_o, 1);
  this->next();
}

// One beat a cycle, the last response included, as long as the outstanding bursts cover the latency.
TEST(AxiWriterThroughput, OneBeatACycle) {
  struct Bench : AxiWriter<AxiVariant<Vaxi_writer_narrow, 32, 8, 16, 8>> {
    void TestBody() override {
      for (const unsigned latency : {16U, 64U, 110U}) {
        constexpr unsigned kBeats = 20000;
        memory_.settings.latency_min = memory_.settings.latency_max = latency;
        forget_all();
        ask({0x1008, kBeats});
        unsigned cycles = 0;
        ASSERT_TRUE(run([&] { return ++cycles > 1 && commands_.empty() && top_->idle_o != 0; }));
        EXPECT_TRUE(image() == memory_.written);
        std::cout << "latency " << latency << ": " << static_cast<double>(kBeats) / cycles << " beats per cycle\n";
        EXPECT_GE(static_cast<double>(kBeats) / cycles, 0.98) << latency;
      }
    }
  };
  Bench().TestBody();
}

}  // namespace
}  // namespace flexor::testbench
