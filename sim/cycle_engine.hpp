// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "axil_master.hpp"
#include "engine_bus.hpp"

namespace flexor {

/// Every output of the engine in one clock cycle, sampled just before the clock edge.
struct EngineOutputs {
  AxilResponse axil;
  MemoryRequest memory;
  bool interrupt = false;
  int stage = 0;  ///< trace_stage_o
  int layer = 0;  ///< trace_layer_o
  bool trace_valid = false;
  std::uint32_t trace_pixel = 0, trace_channel = 0, trace_mask = 0;
  std::int16_t trace_data[32] = {};  ///< set only while trace_valid
};

/// EngineBus on top of a simulator that can run one clock cycle at a time: bus master, trace port and cycle counters.
class CycleEngine : public EngineBus {
 public:
  CycleEngine(const EngineParameters& parameters, const StallOptions& stalls, const MemoryOptions& memory);
  using EngineBus::read;
  using EngineBus::write;
  [[nodiscard]] const EngineParameters& parameters() const override { return parameters_; }
  int write(std::span<const BusWrite> writes) override;
  int read(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> data) override;
  std::uint64_t wait(std::uint64_t limit) override;
  void run(std::uint64_t cycles) override;
  void reset() override;
  [[nodiscard]] ExternalMemory* memory() override { return memory_ ? &*memory_ : nullptr; }
  [[nodiscard]] bool interrupt() const override { return outputs_.interrupt; }

 protected:
  /// One clock cycle: drives `request` and, unless null, `memory`; samples the outputs before the rising edge.
  virtual void cycle(const AxilRequest& request, const MemoryReply* memory, EngineOutputs& outputs) = 0;
  /// Reset for a few cycles.
  virtual void apply_reset() = 0;
  /// Clock cycles since the last start (0 before the first).
  [[nodiscard]] std::uint64_t job_cycle() const { return job_cycle_; }
  [[nodiscard]] bool running() const { return running_; }

 private:
  void step();
  int finish();
  void observe();
  void report(int first, int count);

  const EngineParameters& parameters_;
  AxilMaster master_;
  std::optional<ExternalMemory> memory_;
  EngineOutputs outputs_;
  std::uint64_t job_cycle_ = 0;
  bool running_ = false;  ///< between start and idle
};

}  // namespace flexor
