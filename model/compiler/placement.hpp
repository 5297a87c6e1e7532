// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/geometry.hpp"
#include "compiler/strips.hpp"
#include "compiler/tiler.hpp"
#include "compiler/transfer_list.hpp"
#include "engine_parameters.hpp"
#include "network/network.hpp"

namespace flexor {

/// Where everything lies in activation and residual memory, and the layers of the engine.
struct Placement {
  int batch = 1;
  int following_after = -1;            ///< ActivationPlan::following_after
  std::vector<std::int64_t> residual;  ///< ActivationPlan::residual
  std::int64_t input = 0, output = 0;  ///< byte addresses of the input and the logits of image 0
  std::vector<Part> parts;             ///< layers of the engine, in order
  std::vector<WeightPlace> weights;    ///< of part i: with external memory in a ring; no words of a later strip of a layer
  std::optional<StripPlan> strips;     ///< where the whole does not fit
};

/// A plan of whole tensors, or where there is none one in strips; in both a layer whose weights do not fit goes some channels at a time,
/// unless it is cut in strips. Throws what refuse_activations() says where neither is possible, and InputError where weights do not fit or
/// there are more parts than an engine counts layers.
Placement place(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                const EngineParameters& engine, int batch);

}  // namespace flexor
