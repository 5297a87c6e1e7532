// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "engine_parameters.hpp"

namespace flexor {

/// One word group of a layer boundary, as the engine's trace port shows it.
struct TraceWrite {
  std::uint64_t cycle;    ///< since start
  int layer;
  int pixel;              ///< output pixel after pooling, batch included
  int channel;            ///< of value[0]
  int count;              ///< values that follow (<= R)
  std::int16_t value[32];
};

/// The engine behind its bus: implemented by the Verilator and the SystemC simulators (and by anything else that has the registers).
class EngineBus {
 public:
  virtual ~EngineBus() = default;
  [[nodiscard]] virtual const EngineParameters& parameters() const = 0;
  /// AXI4-Lite write; strobe = byte enables. Returns the response (0 OKAY, 2 SLVERR, 3 DECERR).
  virtual int write(std::uint32_t address, std::uint64_t data, std::uint8_t strobe = 0xFF) = 0;
  virtual int read(std::uint32_t address, std::uint64_t& data) = 0;
  /// Writes data[i] to address + i * step, as fast as the bus takes them. Returns the first response that is not OKAY, or 0.
  virtual int write_burst(std::uint32_t address, std::uint32_t step, std::span<const std::uint64_t> data) = 0;
  /// Runs the clock until the engine is not busy or `limit` cycles passed; returns the cycles that passed.
  virtual std::uint64_t wait(std::uint64_t limit) = 0;
  virtual void reset() = 0;
  /// Called for every word group written to a layer boundary.
  std::function<void(const TraceWrite&)> on_write;
  /// Cycles of each layer by stage (idle, compute, weight_stall, drain_stall, other) since the last start.
  struct LayerCycles {
    std::uint64_t stage[5] = {};
  };
  std::vector<LayerCycles> layer_cycles;
};

}  // namespace flexor
