// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <utility>
#include <vector>

#include "stream/cycle_model.hpp"
#include "stream/instruction.hpp"

namespace flexor::stream {

/// Instructions in their order, and the cycle at which the engine has come to.
class Tape {
 public:
  explicit Tape(const Parameters& parameters) : clock_(parameters) {}

  void add(Instruction instruction) {
    clock_.take(instruction);
    instructions_.push_back(std::move(instruction));
  }
  [[nodiscard]] const CycleModel& clock() const { return clock_; }
  [[nodiscard]] std::vector<Instruction> finish() { return std::move(instructions_); }

 private:
  CycleModel clock_;
  std::vector<Instruction> instructions_;
};

}  // namespace flexor::stream
