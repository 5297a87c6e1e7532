// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine_parameters.hpp"
#include "external_memory.hpp"

namespace flexor {

/// One word group of a layer boundary, as the engine's trace port shows it.
struct TraceWrite {
  std::uint64_t cycle;  ///< since start
  int layer;
  int pixel;    ///< output pixel after pooling, batch included
  int channel;  ///< of value[0]
  int count;    ///< values that follow (<= R)
  std::int16_t value[32];
};

/// One AXI4-Lite write.
struct BusWrite {
  std::uint32_t address = 0;
  std::uint8_t strobe = 0xFF;  ///< byte enables; those past the bus width are ignored
  std::uint64_t data = 0;
};

/// AXI4-Lite responses.
inline constexpr int kOkay = 0, kSlaveError = 2, kDecodeError = 3;

/// The engine behind its bus: implemented by the Verilator and the SystemC simulators (and by anything else that has the registers).
class EngineBus {
 public:
  virtual ~EngineBus() = default;
  [[nodiscard]] virtual const EngineParameters& parameters() const = 0;
  /// All writes, in order, as fast as the bus takes them. Returns the first response that is not OKAY, or 0.
  virtual int write(std::span<const BusWrite> writes) = 0;
  /// All reads, in order: data[i] is the word at addresses[i]. Returns the first response that is not OKAY, or 0.
  virtual int read(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> data) = 0;
  /// Runs the clock until the engine is idle or `limit` cycles passed; returns the cycles that passed.
  virtual std::uint64_t wait(std::uint64_t limit) = 0;
  /// Runs the clock for `cycles` cycles.
  virtual void run(std::uint64_t cycles) = 0;
  virtual void reset() = 0;
  /// External memory behind the engine's AXI4 master, shared with the host; nullptr: the engine has none.
  [[nodiscard]] virtual ExternalMemory* memory() = 0;
  /// Level of the interrupt line.
  [[nodiscard]] virtual bool interrupt() const = 0;

  int write(std::uint32_t address, std::uint64_t data, std::uint8_t strobe = 0xFF) {
    const BusWrite one{address, strobe, data};
    return write(std::span(&one, 1));
  }
  int read(std::uint32_t address, std::uint64_t& data) { return read(std::span(&address, 1), std::span(&data, 1)); }

  /// Called for every word group written to a layer boundary.
  std::function<void(const TraceWrite&)> on_write;
  /// Cycles of one layer by stage (idle, compute, weight_stall, drain_stall, other, transfer_stall).
  struct LayerCycles {
    std::uint64_t stage[6] = {};
    [[nodiscard]] std::uint64_t total() const { return stage[1] + stage[2] + stage[3] + stage[4] + stage[5]; }
  };
  /// Of every layer since the last start.
  std::vector<LayerCycles> layer_cycles;
};

}  // namespace flexor
