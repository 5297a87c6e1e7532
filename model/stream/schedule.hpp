// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "stream/instruction.hpp"
#include "stream/parameters.hpp"
#include "stream/plan.hpp"

namespace flexor::stream {

/// Instructions in their order, and which layer each one is for.
struct Schedule {
  std::vector<Instruction> instructions;
  std::vector<int> layer_of_bits;  ///< of every BITS, in order
  std::int64_t cycles = 0;         ///< of the job
};

/// One order of a plan's fills, loads and computations that is right whatever each of them takes: a word of the line buffer, of the weight
/// cache or of a table is overwritten when the last computation that reads it has ended, a tensor is read when it has been written. Rows
/// are filled and weights decrypted while other rows are computed, as far as the estimated times allow.
[[nodiscard]] Schedule schedule(const Plan& plan, const Parameters& parameters);

}  // namespace flexor::stream
