// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "compiler/compiler.hpp"
#include "compiler/strips.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {

/// Every layer of a network in strips, in the order in which they run.
std::vector<Part> strip_parts(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const EngineParameters& engine);

/// The transfers of a job in strips and what each part waits for.
struct StripSchedule {
  std::vector<Move> moves;
  std::vector<int> progress;  ///< of part i
};

/// One list, in order: before a layer its weights, before a part the rows that it reads, after it the rows that it writes. The weights of
/// the next layer come while the first part of a layer runs, where their place is free by then. `weights`: of part i.
StripSchedule schedule_strips(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const std::vector<Part>& parts, const std::vector<WeightPlace>& weights, const EngineParameters& engine);

}  // namespace flexor
