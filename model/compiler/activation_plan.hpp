// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "compiler/geometry.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// Where every tensor lives: byte address of image 0 of the input and of each layer's output.
struct ActivationPlan {
  int batch = 1;
  std::vector<std::uint32_t> address;  ///< [0] input, [l + 1] output of layer l
};

/// Only a layer's input and output live at one time: tensors stand at the two ends of the memory in turn. batch = 0: the
/// largest that fits, at most 16. Throws InputError naming the layer, the bytes it needs and those there are.
ActivationPlan plan_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine, int batch);

}  // namespace flexor
