// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <vector>

namespace flexor {

inline constexpr std::size_t kLargestBeat = 16;
using Beat = std::array<std::uint8_t, kLargestBeat>;

/// What the engine's AXI4 master drives in one clock cycle, sampled just before the clock edge.
struct MemoryRequest {
  bool ar_valid = false, aw_valid = false, w_valid = false, w_last = false, r_ready = true, b_ready = true;
  std::uint32_t ar_address = 0, aw_address = 0;
  std::uint8_t ar_length = 0, aw_length = 0;
  std::uint32_t w_strobe = 0;
  Beat w_data{};
};

/// What the memory drives in the same cycle.
struct MemoryReply {
  bool ar_ready = false, r_valid = false, r_last = false, aw_ready = false, w_ready = false, b_valid = false;
  std::uint8_t r_response = 0, b_response = 0;
  Beat r_data{};
};

struct MemoryOptions {
  int latency = 16;  ///< cycles from an address to its first beat, and from the last beat to the response; >= 1
  double stall = 0;  ///< probability that a channel stands still in a cycle
  std::uint64_t seed = 0;
};

/// A misbehaviour of the memory; what `at` counts stands beside each.
enum class MemoryFault {
  None,
  ReadSlave,    ///< SLVERR on read beat `at`
  ReadDecode,   ///< DECERR on read beat `at`
  WriteSlave,   ///< SLVERR on write response `at`
  WriteDecode,  ///< DECERR on write response `at`
  ReadLast,     ///< RLAST inverted on read beat `at`
  ReadFlip,     ///< one bit of read beat `at` flipped
  ReadMute,     ///< no read beat from `at` on
  WriteMute,    ///< no write response from `at` on
  AddressDeaf,  ///< no read address taken from number `at` on
  DataDeaf,     ///< no write beat taken from number `at` on
};

/// External memory behind AXI4: one ID, in order, INCR bursts of whole beats. Reads and writes outside of it answer DECERR.
class ExternalMemory {
 public:
  ExternalMemory(int beat_bytes, const MemoryOptions& options);
  /// All bytes; grown by resize().
  [[nodiscard]] std::span<std::uint8_t> bytes() { return bytes_; }
  void resize(std::size_t size) { bytes_.resize(size); }
  /// Pins of the coming cycle.
  [[nodiscard]] const MemoryReply& reply() const { return reply_; }
  /// The cycle ends.
  void clock(const MemoryRequest& request);
  /// Nothing is owed any more; the bytes stay; no fault is armed.
  void reset();
  /// The next beats, addresses or responses are counted from 0.
  void arm(MemoryFault fault, std::uint64_t at);
  /// Requests that were taken and not answered.
  [[nodiscard]] bool owes() const { return !reads_.empty() || !writes_.empty(); }
  /// A fault that is armed has happened.
  [[nodiscard]] bool fired() const { return fired_; }

 private:
  struct Burst {
    std::uint64_t address = 0;
    int beats = 0;
    std::uint64_t ready = 0;  ///< first cycle in which it may be answered
    bool complete = false;    ///< writes: every beat has come
    bool outside = false;
  };
  [[nodiscard]] bool stalls();
  [[nodiscard]] bool hits(MemoryFault fault, std::uint64_t number);
  [[nodiscard]] bool past(MemoryFault fault, std::uint64_t number);
  [[nodiscard]] bool holds(std::uint64_t address) const { return address + static_cast<std::uint64_t>(beat_) <= bytes_.size(); }
  void choose();
  void offer_read();
  void write_beat(const MemoryRequest& request);

  int beat_;
  MemoryOptions options_;
  std::mt19937_64 random_;
  std::vector<std::uint8_t> bytes_;
  MemoryReply reply_;
  std::deque<Burst> reads_, writes_;
  std::size_t filling_ = 0;  ///< first of writes_ whose beats are still to come
  std::uint64_t now_ = 0;
  MemoryFault fault_ = MemoryFault::None;
  std::uint64_t at_ = 0, read_beats_ = 0, write_beats_ = 0, read_addresses_ = 0, responses_ = 0;
  bool fired_ = false;
};

}  // namespace flexor
