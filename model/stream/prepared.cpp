// SPDX-License-Identifier: Apache-2.0
#include "stream/prepared.hpp"

#include <utility>

#include "stream/checks.hpp"

namespace flexor::stream {

Prepared prepare(const Network& network, const Placement& placement, const Parameters& parameters) {
  check_network(network, parameters);
  Prepared prepared;
  prepared.codes = network.codes;
  prepared.codes.push_back(pooling_code(parameters));
  const int pooling = static_cast<int>(prepared.codes.size()) - 1;
  prepared.layers.reserve(network.layers.size());
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const LayerWork& work = prepared.layers.emplace_back(network, l, placement, parameters);
    std::vector<TileData>& tiles = prepared.tiles.emplace_back();
    for (int m_tile = 0; m_tile < work.m_tiles; ++m_tile) {
      TileData tile{work.weights(m_tile, pooling), {}};
      tile.constants = work.constants(prepared.codes, tile.weights);
      tiles.push_back(std::move(tile));
    }
  }
  return prepared;
}

}  // namespace flexor::stream
