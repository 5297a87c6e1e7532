// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "code/code.hpp"
#include "network/network.hpp"
#include "stream/geometry.hpp"
#include "stream/parameters.hpp"

namespace flexor::stream {

/// Stored bits of consecutive words of the weight cache that share a code: word_slices() slices a word.
struct WeightRun {
  int code = 0;
  std::vector<std::uint32_t> slices;
};

/// Stored bits of an m-tile, most significant binary digit first; one run a digit.
struct TileWeights {
  std::vector<WeightRun> runs;
};

/// Sums of a channel's positive and negative weights over one window, binary digits together.
struct WeightSums {
  std::int64_t plus = 0, minus = 0;
};

/// The code of a pooling layer's weights: stored bit 0 is a +1 everywhere, stored bit 1 + s a +1 for slice s's own channels.
[[nodiscard]] Code pooling_code(const Parameters& parameters);

/// Words of the weight cache in which every channel of an m-tile gets +1 in its own lane and +1, -1, +1, -1 in the others: they sum 4 a.
[[nodiscard]] WeightRun pooling_words(int code, const Parameters& parameters);

/// Weights of m-tile `m_tile` of a layer. `words`: of a plane.
[[nodiscard]] TileWeights tile_weights(const Network& network, const Layer& layer, int words, int m_tile, const Parameters& parameters);

/// What the array adds to each channel's accumulator besides the sum for word `word` of a run (docs/stream_engine.md, "Arithmetic of the
/// array").
[[nodiscard]] std::vector<std::int64_t> word_constants(const Code& code, const WeightRun& run, int word, const Parameters& parameters);

/// Sums of the weights of channel 16 * m_tile + i.
[[nodiscard]] std::vector<WeightSums> weight_sums(const std::vector<Code>& codes, const Layer& layer, const Geometry& g,
                                                  const TileWeights& weights, const Parameters& parameters);

}  // namespace flexor::stream
