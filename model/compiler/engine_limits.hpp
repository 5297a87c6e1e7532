// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "compiler/tiler.hpp"
#include "engine_parameters.hpp"
#include "network/network.hpp"

namespace flexor {

/// Throws InputError naming the layer for what model files can hold and this engine, or every engine, does not run
/// (docs/decisions/0405-network-graph.md).
void check_runs(const Network& network, const EngineParameters& engine);

/// Throws InputError naming layer and channel unless the true sum of all pixels with its bias fits t:
/// max(a) * max(plus, -minus) * pixels + |bias| < 2^(AccWidth+SumBits-1), where plus and minus are the sums of the channel's positive and
/// negative weights. Where an accumulator is extended to t (SumBits > 0), what the array adds must not wrap it either.
void prove_no_overflow(const Network& network, const Layer& layer, const TiledLayer& tiled, int largest_input,
                       const EngineParameters& engine);

}  // namespace flexor
