// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "compiler/geometry.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// A layer's weights as the weight memory holds them, and what the PE style adds to each channel's sums.
struct TiledLayer {
  int stored_bits = 0;  ///< n, words per group of a tile
  int m_tiles = 0;
  int chunks = 0;                        ///< of one string
  std::vector<std::uint64_t> words;      ///< tiles in the order m-tile, digit, string, chunk; docs/architecture.md, "Layout of a tile"
  std::vector<std::int64_t> correction;  ///< per output channel: sum of c over all lanes of all tiles, of digit p times 2^p
};

/// A pooling layer as tiles without weights, one for each place of a window: one word a group, which the engine loads and does not use.
TiledLayer no_weights(const Layer& layer, const EngineParameters& engine);

/// Regroups whole slices of the canonical layout into tiles of K x M; slices that do not exist get zero stored bits.
TiledLayer tile_layer(const Network& network, const Layer& layer, const EngineParameters& engine);

}  // namespace flexor
