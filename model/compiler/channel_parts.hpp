// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "compiler/tiler.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// Output channels first..first+count-1 of a layer.
struct ChannelRange {
  int first = 0, count = 0;
};

/// ceil(count / M).
int m_tiles(const ChannelRange& channels, const EngineParameters& engine);

/// Weight words of so many m-tiles of a layer.
std::int64_t weight_words(const TiledLayer& tiled, int m_tiles);

/// Channels of a layer that the engine computes at one time, whole m-tiles: all of them where their weights fit weight memory or no
/// external memory could bring the rest; else equal shares of at most half that memory, so that the next ones come while these compute. One
/// m-tile may need more than half.
std::vector<ChannelRange> cut_channels(const TiledLayer& tiled, int channels, const EngineParameters& engine);

}  // namespace flexor
