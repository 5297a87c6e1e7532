// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace flexor::stream {

/// How a job of the stream engine ended (stream_pkg::error_e).
enum class Error : std::uint8_t { None = 0, Instruction = 1, StreamEnd = 2, TimeOut = 3, Overrun = 4, Aborted = 5 };

/// One sentence without its stop.
const char* to_string(Error error);

/// A halfword that the drain writes, as the trace port shows it.
struct TraceHalfword {
  std::uint64_t cycle = 0;  ///< since the start
  int bank = 0;
  int address = 0;  ///< halfword
  std::uint16_t data = 0;
};

/// The stream engine behind its host port (docs/stream_engine.md, "Host").
class HostBus {
 public:
  /// Stages of trace_stage_o.
  enum Stage { Idle, Compute, Weights, Drain, Other, Stages };

  virtual ~HostBus() = default;
  /// Writes halfwords of bank 2 or 3 from `address` on. Returns whether every one was taken; bank 2 takes none while a job runs.
  virtual bool write(int bank, int address, std::span<const std::uint16_t> data) = 0;
  /// Reads halfwords of bank 0, between jobs.
  virtual void read(int address, std::span<std::uint16_t> data) = 0;
  /// Begins a job at a halfword of bank 2; `upper`: the input stands in the upper half of bank 3.
  virtual void start(int address, bool upper) = 0;
  /// Runs the clock until no job runs or `limit` cycles passed; returns whether no job runs.
  virtual bool wait(std::uint64_t limit) = 0;
  virtual void abort() = 0;
  [[nodiscard]] virtual Error error() const = 0;
  /// Cycles of the last job, as the engine counts them.
  [[nodiscard]] virtual std::uint64_t cycles() const = 0;

  std::function<void(const TraceHalfword&)> on_write;  ///< every halfword that is written to a tensor
  std::vector<std::uint64_t> rows;                     ///< of the last job: cycle in which each row's computation began
  /// Of the last job: cycles by stage between the beginnings of rows; [0] is before the first one.
  std::vector<std::array<std::uint64_t, Stages>> stages;
};

}  // namespace flexor::stream
