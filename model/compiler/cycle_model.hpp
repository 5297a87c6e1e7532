// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "engine_parameters.hpp"

namespace flexor {

/// What decides how long a layer runs: descriptor fields, nothing of its values.
struct LayerTiming {
  int channels = 1;
  int m_tiles = 1;
  int tiles = 1;        ///< of a block: digits * strings * chunks
  int stored_bits = 1;  ///< words of a group of a tile
  std::int64_t pixels = 1;
  int block_pixels = 1;
  bool shortcut = false;  ///< words of residual memory are added
};

/// Clock cycles of one layer by stage, as the engine's counters and trace count them.
struct PredictedCycles {
  std::int64_t compute = 0;
  std::int64_t weight_stall = 0;
  std::int64_t drain_stall = 0;
  std::int64_t other = 0;  ///< descriptor, period waits, last drain
  [[nodiscard]] std::int64_t total() const { return compute + weight_stall + drain_stall + other; }
};

/// The block size that estimate_cycles() finds fastest: whole windows or sums (`whole` pixels), at most PMax; the largest of equals.
int choose_block(LayerTiming layer, int whole, const EngineParameters& engine);

/// Exact prediction: steps sequencer, tile_loader, tile_decryptor and output_writer, handshakes only, cycle by cycle as docs/blocks says.
PredictedCycles predict_cycles(const LayerTiming& layer, const EngineParameters& engine);

/// Closed-form estimate of the same total, for choosing: blocks as long as their tiles or their drain, then the last drain.
std::int64_t estimate_cycles(const LayerTiming& layer, const EngineParameters& engine);

/// Cycles that a job's start and end add to what the engine counts for its first and its last layer.
inline constexpr std::int64_t kStartCycles = -1;
inline constexpr std::int64_t kEndCycles = 2;
/// What the CYCLES register counts beyond the layers: the start.
inline constexpr std::int64_t kJobCycles = 1;

}  // namespace flexor
