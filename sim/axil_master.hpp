// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <random>
#include <span>

#include "engine_bus.hpp"

namespace flexor {

/// What the master drives in one clock cycle.
struct AxilRequest {
  bool aw_valid = false, w_valid = false, b_ready = false, ar_valid = false, r_ready = false;
  std::uint32_t aw_address = 0, ar_address = 0;
  std::uint64_t w_data = 0;
  std::uint8_t w_strobe = 0;
};

/// What the engine answers in the same cycle, sampled just before the clock edge.
struct AxilResponse {
  bool aw_ready = false, w_ready = false, b_valid = false, ar_ready = false, r_valid = false;
  std::uint8_t b_response = 0, r_response = 0;
  std::uint64_t r_data = 0;
};

/// Random stalls on every handshake of the bus.
struct StallOptions {
  double idle = 0;           ///< probability that a channel's next valid waits another cycle
  double back_pressure = 0;  ///< probability that ready of a response is low in a cycle
  std::uint64_t seed = 0;
};

/// AXI4-Lite master, one step per clock cycle. Address, data and response channels run independently, so that a list of
/// writes takes one cycle each when the engine can. valid stays high until ready; with stalls it never depends on ready.
class AxilMaster {
 public:
  explicit AxilMaster(const StallOptions& stalls);
  /// Starts a list of writes or reads; the spans must live until busy() is false.
  void start(std::span<const BusWrite> writes);
  void start(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> data);
  [[nodiscard]] bool busy() const { return b_done_ < writes_.size() || r_done_ < reads_.size(); }
  /// First response that was not OKAY since start(), or 0.
  [[nodiscard]] int response() const { return response_; }
  /// Pins for the coming cycle.
  [[nodiscard]] const AxilRequest& request() const { return request_; }
  /// The cycle ends: takes handshakes and chooses the next pins.
  void clock(const AxilResponse& response);
  /// Forgets everything in flight (reset).
  void reset();

 private:
  static constexpr std::size_t kOutstanding = 8;
  void choose();
  [[nodiscard]] bool wants(bool already, bool available);

  StallOptions stalls_;
  std::mt19937_64 random_;
  AxilRequest request_;
  std::span<const BusWrite> writes_;
  std::span<const std::uint32_t> reads_;
  std::span<std::uint64_t> data_;
  std::size_t aw_done_ = 0, w_done_ = 0, b_done_ = 0, ar_done_ = 0, r_done_ = 0;
  int response_ = 0;
};

}  // namespace flexor
