// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "stream/instruction.hpp"
#include "stream/parameters.hpp"

namespace flexor::stream {

/// When each instruction of a stream is taken: the rules of docs/stream_engine.md, "Timing", exactly. Values do not count, so it needs no
/// image. Cycle 0 is that of the start.
class CycleModel {
 public:
  using Cycle = std::int64_t;

  explicit CycleModel(const Parameters& parameters) : parameters_(parameters) {}

  /// Takes the next instruction; returns the cycle in which the engine does.
  Cycle take(const Instruction& instruction);

  /// The first cycle in which another instruction may be taken, if its unit is idle.
  [[nodiscard]] Cycle now() const { return next_; }
  /// The first cycle in which a unit is idle, as far as instructions that were taken go.
  [[nodiscard]] Cycle fill_idle() const { return fill_idle_; }
  [[nodiscard]] Cycle compute_idle() const { return compute_idle_; }
  [[nodiscard]] Cycle drain_idle() const { return drain_idle_; }
  /// When the fill unit would be idle again after a GO in cycle `at`, with computations that were taken and no other ones.
  [[nodiscard]] Cycle fill_end(Cycle at, FillKind kind, const SetFill& fill, const SetRow& row) const;
  /// Cycles in which the array took an entry.
  [[nodiscard]] std::int64_t entries() const { return entries_; }

 private:
  [[nodiscard]] Cycle ready(const Instruction& instruction) const;
  void apply(const Instruction& instruction, Cycle at);
  void compute(Cycle at, ResultKind results);
  Cycle accept_result(Cycle at);
  void use(int bank, Cycle at);
  [[nodiscard]] bool used(int bank, Cycle at) const;

  const Parameters& parameters_;
  Cycle next_ = 3, fill_idle_ = 0, compute_idle_ = 0, drain_idle_ = 0;
  Cycle last_result_ = -100;  // accepted
  std::int64_t entries_ = 0;
  std::array<std::uint16_t, 256> microcode_{};
  SetFill fill_;
  SetRow row_;
  SetPixels pixels_;
  SetEntry entry_;
  SetResult result_;
  SetAddend addend_;
  SetOutput output_;
  SetCode code_;
  std::array<std::vector<bool>, 2> used_;  // of each tensor bank: cycles in which the drain has it
};

/// What the cycle counter will say of a job, and when its rows begin.
struct Prediction {
  std::int64_t cycles = 0;
  std::vector<std::int64_t> rows;  ///< cycle in which each GO that computes is taken
  std::int64_t entries = 0;
};
[[nodiscard]] Prediction predict(std::span<const Instruction> instructions, const Parameters& parameters);

}  // namespace flexor::stream
