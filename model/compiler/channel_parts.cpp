// SPDX-License-Identifier: Apache-2.0
#include "compiler/channel_parts.hpp"

#include <algorithm>

#include "code/integer.hpp"

namespace flexor {

int m_tiles(const ChannelRange& channels, const EngineParameters& engine) { return ceil_div(channels.count, engine.M); }

std::int64_t weight_words(const TiledLayer& tiled, int m_tiles) {
  return static_cast<std::int64_t>(tiled.words.size()) / tiled.m_tiles * m_tiles;
}

std::vector<ChannelRange> cut_channels(const TiledLayer& tiled, int channels, const EngineParameters& engine) {
  if (engine.AxiBytes == 0 || static_cast<std::int64_t>(tiled.words.size()) <= engine.WeightWords) return {{0, channels}};
  const auto most = static_cast<int>(std::max<std::int64_t>(1, engine.WeightWords / 2 / weight_words(tiled, 1)));
  const int step = ceil_div(tiled.m_tiles, ceil_div(tiled.m_tiles, most)) * engine.M;
  std::vector<ChannelRange> ranges;
  for (int first = 0; first < channels; first += step) ranges.push_back({first, std::min(step, channels - first)});
  return ranges;
}

}  // namespace flexor
