// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "code/code.hpp"
#include "stream/layer_work.hpp"
#include "stream/weights.hpp"

namespace flexor::stream {

/// What an m-tile holds.
struct TileData {
  TileWeights weights;
  std::vector<std::int64_t> constants;  ///< what the array adds to each channel besides the sum
};

/// A network checked, proved and cut into m-tiles: everything of a plan that does not depend on choices.
struct Prepared {
  std::vector<Code> codes;  ///< those of the network, then that of pooling layers
  std::vector<LayerWork> layers;
  std::vector<std::vector<TileData>> tiles;  ///< [layer][m-tile]
};

/// `network` and `placement` must outlive the result. Throws InputError when a layer's shape, weights or ranges are not for the engine.
[[nodiscard]] Prepared prepare(const Network& network, const Placement& placement, const Parameters& parameters);

}  // namespace flexor::stream
