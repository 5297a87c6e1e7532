// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "boundary_check.hpp"
#include "compiler/compiler.hpp"
#include "corrupt.hpp"
#include "data/dataset.hpp"
#include "engine_bus.hpp"

namespace flexor {

/// What one layer did over all jobs, against the golden model.
struct LayerComparison {
  std::string name;
  std::uint64_t words_compared = 0;
  std::uint64_t words_differing = 0;
  EngineBus::LayerCycles cycles;
  double ideal_cycles = 0;  ///< MACs / (K * M)
  std::int64_t predicted_cycles = 0;
  std::int64_t macs = 0;
};

/// A batch of images on the engine and on the golden model.
struct Comparison {
  int images = 0;
  std::uint64_t words_compared = 0;    ///< layer boundaries, through the trace port
  std::uint64_t words_differing = 0;   ///< wrong, missing, written twice or where none belongs
  std::uint64_t logits_differing = 0;  ///< of the logits read over the bus
  std::uint64_t cycles = 0;            ///< CYCLES register, summed over jobs
  double ideal_cycles = 0;
  std::int64_t predicted_cycles = 0;               ///< the compiler's, summed over jobs: equal to `cycles`
  std::int64_t bytes_read = 0, bytes_written = 0;  ///< external memory
  std::int64_t macs = 0;
  int correct_golden = 0;
  int correct_engine = 0;
  double simulation_seconds = 0;  ///< processor time of the engine's simulation (inputs, run, logits), all threads together
  double wall_seconds = 0;
  std::vector<LayerComparison> layers;
  std::optional<Difference> first;  ///< the earliest, in the order of images
  std::string fault;                ///< not empty: the engine stopped by itself; one sentence
  [[nodiscard]] bool equal() const { return words_differing == 0 && logits_differing == 0 && fault.empty(); }
};

struct CompareOptions {
  int images = 1;
  int batch = 0;  ///< images of one job, 0: the compiler's choice
  int threads = 1;
  int latency = 16;  ///< of external memory, for the prediction
  Corruption corruption;
  std::function<std::unique_ptr<EngineBus>()> make_engine;  ///< one per thread; called in that thread
  std::function<void(int)> progress;                        ///< images done so far; called from any thread, never at once
  std::function<bool()> stop;                               ///< true: give up (checked between jobs)
};

/// Runs the first `images` images. A difference does not stop it; an engine fault does. Throws InputError when the network does not fit.
Comparison compare(const Network& network, const Dataset& data, const EngineParameters& engine, const CompareOptions& options);

}  // namespace flexor
