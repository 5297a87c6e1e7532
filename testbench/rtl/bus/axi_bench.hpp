// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "axi_memory.hpp"

/// What the benches of axi_reader and axi_writer share: random windows and commands, the command port, reports.
namespace flexor::testbench {

/// One elaboration of a master.
template <class TopType, unsigned AddressWidth, unsigned DataBytes, unsigned MaxBurst, unsigned Outstanding>
struct AxiVariant {
  using Top = TopType;
  static constexpr unsigned kAddressWidth = AddressWidth, kDataBytes = DataBytes, kMaxBurst = MaxBurst, kOutstanding = Outstanding;
};

/// Error codes of axi_pkg, as docs/blocks/axi_reader.md gives them.
enum class AxiError { None, Slave, Decode, Timeout, Last, Command, Window };

struct AxiReport {
  AxiError code;
  std::uint64_t address;
  bool operator==(const AxiReport&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const AxiReport& r) {
  return out << "code " << static_cast<int>(r.code) << " address " << std::hex << r.address << std::dec;
}

struct AxiCommand {
  std::uint64_t address;
  unsigned beats;
};

template <class V, template <class> class Memory>
class AxiBench : public ::testing::Test {
 protected:
  using Top = typename V::Top;
  static constexpr std::uint64_t kTop = V::kAddressWidth == 64 ? ~0ULL : (1ULL << V::kAddressWidth) - 1;
  static constexpr unsigned kQuiet = 200;  // longer than any gap of a sane memory: latency 100, 20 stalls

  AxiBench() : seed_(test_seed()), random_(seed_), top_(std::make_unique<Top>()), memory_(seed_ + 1) {
    std::cout << "seed " << seed_ << '\n';
    memory_.settings.data_bytes = V::kDataBytes;
    memory_.settings.max_burst = V::kMaxBurst;
    memory_.settings.outstanding = V::kOutstanding;
    top_->rst_ni = 0;
    window(0, kTop);
    clock_edge(*top_);
    clock_edge(*top_);
    top_->rst_ni = 1;
    top_->eval();
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  unsigned small(std::uint64_t limit) { return static_cast<unsigned>(below(limit)); }

  void window(std::uint64_t first, std::uint64_t last) {
    memory_.settings.window_first = first;
    memory_.settings.window_last = last;
    top_->window_first_i = first;
    top_->window_last_i = last;
  }
  /// Some 4 to 8 KiB anywhere, also at both ends of the address space, not aligned to anything.
  void random_window() {
    const std::uint64_t size = 4096 + below(4096), where = below(4);
    const std::uint64_t first = where == 0 ? 0 : where == 1 ? kTop - size : below(kTop - size);
    window(first, first + size);
  }
  /// A legal command of at most `most` beats.
  AxiCommand good(unsigned most) {
    const std::uint64_t bytes = V::kDataBytes, first = (memory_.settings.window_first + bytes - 1) / bytes;
    const std::uint64_t end = (memory_.settings.window_last - bytes + 1) / bytes + 1;  // beat addresses
    const unsigned beats = 1 + small(most);
    std::uint64_t at = first + below(end - first - beats + 1);
    if (below(4) == 0) at = below(2) == 0 ? first : end - beats;
    return {at * bytes, beats};
  }
  /// A command that leaves the window.
  AxiCommand outside() {
    const std::uint64_t bytes = V::kDataBytes, first = memory_.settings.window_first, last = memory_.settings.window_last;
    const unsigned beats = 1 + small(50);
    if (first >= 51 * bytes && below(2) == 0) return {(first - 1) / bytes * bytes - below(beats) * bytes, beats};
    const std::uint64_t end = (last - bytes + 1) / bytes + 1;  // first beat that is not inside
    if (below(4) == 0) return {(end - 1) * bytes, (1U << 24) - 1};
    return {(end - 1 - below(50)) * bytes, 51 + small(50)};
  }

  /// At least so many bursts are needed for what waits.
  [[nodiscard]] std::uint64_t bursts() const {
    std::uint64_t sum = 0;
    for (const AxiCommand& c : commands_) sum += (c.beats + V::kMaxBurst - 1) / V::kMaxBurst;
    return sum;
  }

  /// Drives the command port and what is common; the channels are the bench's own.
  void drive_common() {
    if (!offers_ && !commands_.empty()) offers_ = below(100) >= pause_;
    offers_ = offers_ && !commands_.empty();
    top_->command_valid_i = offers_;
    top_->command_address_i = offers_ ? commands_.front().address : below(kTop);
    top_->command_beats_i = offers_ ? commands_.front().beats : small(1U << 24);
    top_->abort_i = abort_;
    top_->forget_i = forget_;
    memory_.drive(*top_);
  }
  void sample_common() {
    if (top_->error_valid_o != 0) reports_.push_back({static_cast<AxiError>(top_->error_code_o), top_->error_address_o});
    memory_.sample(*top_);
    if (offers_ && top_->command_ready_o != 0) {
      commands_.pop_front();
      offers_ = false;
    }
    if (forget_) memory_.reset();
    abort_ = forget_ = false;
  }

  virtual void cycle() = 0;
  /// Runs until `done`; false, and a failure, when that takes too long.
  template <class Done>
  bool run(Done done, std::uint64_t limit = 1000000) {
    for (std::uint64_t i = 0; i < limit; ++i) {
      if (done()) return true;
      cycle();
    }
    ADD_FAILURE() << "hangs; seed " << seed_;
    return false;
  }
  bool run_idle() {
    return run([&] { return commands_.empty() && top_->idle_o != 0; });
  }
  bool run_report() {
    return run([&] { return !reports_.empty(); });
  }
  void run_for(std::uint64_t cycles) {
    for (; cycles > 0; --cycles) cycle();
  }
  void no_violation() { ASSERT_TRUE(memory_.violations.empty()) << memory_.violations.front() << "; seed " << seed_; }
  /// Random memory of the given stall rate.
  void random_memory(unsigned stall) {
    memory_.settings.stall = stall;
    memory_.stray = 20 * small(2);
    memory_.settings.latency_min = 1 + small(50);
    memory_.settings.latency_max = memory_.settings.latency_min + small(51);
    pause_ = stall;
  }

  unsigned seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Top> top_;
  Memory<Top> memory_;
  std::deque<AxiCommand> commands_;
  std::vector<AxiReport> reports_;
  unsigned pause_ = 0;  // percent of cycles in which the bench's own side of a port rests
  bool offers_ = false, abort_ = false, forget_ = false;
};

}  // namespace flexor::testbench
