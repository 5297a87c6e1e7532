// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "compiler/compiler.hpp"
#include "compiler/transfer_list.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// What external memory adds to a job, when it never stalls.
struct TransferPrediction {
  std::vector<std::int64_t>
      stall;                ///< of each layer: cycles in which it waits for transfers; the job's start in the first, its end in the last
  std::int64_t cycles = 0;  ///< what the CYCLES register will say
  std::int64_t bytes_read = 0, bytes_written = 0;
  std::int64_t spare = 0;  ///< at least so many cycles before the logits could leave, the inputs of the next job have come
  [[nodiscard]] std::int64_t stalls() const;
};

/// Everything that is predicted of one job.
struct JobPrediction {
  std::vector<std::int64_t> layers;  ///< cycles of each layer, what it waits for transfers included
  std::int64_t cycles = 0;           ///< the CYCLES register
  std::int64_t bytes_read = 0, bytes_written = 0;
};

/// A job whose network and inputs are in the engine's memories.
JobPrediction predict_job(const MemoryImage& image);

/// Exact prediction of a job that runs `list`: dma_engine, axi_reader, axi_writer and the layers' own cycles, event by event. `latency`:
/// cycles from an address to its first beat, and from the last beat of a burst to its response, 1..100.
TransferPrediction predict_transfers(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine,
                                     int latency);

/// At every latency that the prediction knows, the inputs of the next job that `list` brings come before the logits leave, however long
/// the drain holds them up: they cost no cycle.
bool comes_in_time(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine);
JobPrediction predict_job(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine, int latency);

}  // namespace flexor
