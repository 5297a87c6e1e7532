// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "axil_master.hpp"
#include "configuration.hpp"
#include "engine_bus.hpp"

namespace flexor {

struct EngineOptions {
  StallOptions stalls;
  std::filesystem::path wave_file;  ///< not empty: FST waves, through the slower traced build
  /// First and last cycle of a job (0: its start) in the wave file; empty: everything from reset on.
  std::optional<std::pair<std::uint64_t, std::uint64_t>> wave_window;
  MemoryOptions memory = {};  ///< of engines with external memory
};

/// Whether this build has a simulator of a configuration.
bool is_simulated(const EngineParameters& configuration);
/// Throws InputError, with what to build, where this build has no simulator of a configuration.
void check_simulated(const EngineParameters& configuration);

/// A Verilated engine of a named configuration, after reset.
std::unique_ptr<EngineBus> make_verilator_engine(const EngineParameters& configuration, const EngineOptions& options = {});

}  // namespace flexor
