// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine_bus.hpp"

namespace flexor {

/// Cycles of one layer over a run, beside what a never idle array would need.
struct LayerUse {
  std::string name;
  EngineBus::LayerCycles cycles;
  double ideal_cycles = 0;
  std::int64_t macs = 0;
  std::int64_t predicted_cycles = 0;  ///< the compiler's
};

/// Table of cycles, stalls and utilisation (ideal / running) of each layer and the whole; `cycles`: of the CYCLES register,
/// `predicted`: what the compiler says of it.
std::string utilisation_table(const std::vector<LayerUse>& layers, std::uint64_t cycles, std::int64_t predicted);
/// The same for one layer as JSON.
nlohmann::ordered_json utilisation_json(const LayerUse& layer);
/// ideal / running, 0 when nothing ran.
double utilisation(double ideal, std::uint64_t cycles);

}  // namespace flexor
