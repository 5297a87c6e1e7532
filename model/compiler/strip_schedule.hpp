// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "compiler/compiler.hpp"
#include "compiler/strips.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {

/// Every layer of a network in strips, in the order in which they run. A layer that is one strip goes some channels at a time where its
/// weights do not fit (cut_channels).
std::vector<Part> strip_parts(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                              const StripPlan& plan, const EngineParameters& engine);

/// The transfers of a job in strips and what each part waits for.
struct StripSchedule {
  std::vector<Move> moves;
  std::vector<int> progress;  ///< of part i
};

/// One list, in order: before a part its weights, unless it is a later strip; before a strip the rows that it reads, after it the rows that
/// it writes. The next weights come while the part that brought the last ones runs, where their place is free by then. `weights`: of part
/// i.
StripSchedule schedule_strips(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const std::vector<Part>& parts, const std::vector<WeightPlace>& weights, const EngineParameters& engine);

}  // namespace flexor
