// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "stream/host_bus.hpp"
#include "stream/program.hpp"

namespace flexor::stream {

/// The engine did not end a job as it should.
class StreamFault : public std::runtime_error {
 public:
  StreamFault(const std::string& what, Error code) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] Error code() const { return code_; }

 private:
  Error code_;
};

/// Runs programs through the host port. The next image can be written while a job runs, where half of the input bank holds one.
class StreamDriver {
 public:
  explicit StreamDriver(HostBus& bus) : bus_(bus) {}
  /// Writes the stream. `program` must live as long as jobs run.
  void load(const Program& program);
  /// Writes the next image's halfwords (layout_input()). Throws StreamFault when the engine does not take them.
  void set_input(const std::vector<std::uint16_t>& halfwords);
  /// Begins a job on the image that was written last.
  void start();
  /// Waits for its end; returns its cycles. Throws StreamFault on an error code or when it does not end.
  std::uint64_t finish();
  /// int16 logits of the last job.
  [[nodiscard]] std::vector<std::int16_t> logits();
  [[nodiscard]] HostBus& bus() { return bus_; }

 private:
  HostBus& bus_;
  const Program* program_ = nullptr;
  bool upper_ = true;  ///< where the image that was written last stands
};

}  // namespace flexor::stream
