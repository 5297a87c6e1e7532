// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/geometry.hpp"
#include "compiler/memory_plan.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// Where every tensor lives in activation memory and, where later layers add it, in residual memory.
struct ActivationPlan {
  int batch = 1;
  std::vector<std::uint32_t> address;  ///< bytes, image 0: [0] input, [l + 1] output of layer l
  std::vector<std::int64_t> residual;  ///< residual words, image 0, of layer l's output; -1 where no layer adds it
  int following_after = -1;            ///< so many layers must have ended before the next job's input may come into its place; -1: never
};

/// Words of residual memory of one output pixel of a layer with so many channels.
int residual_step(int channels, const EngineParameters& engine);

/// The tensor that layer l reads: 0 the input, k + 1 the output of layer k.
std::size_t tensor_read(const Network& network, std::size_t l);

/// Step l runs layer l. Tensor 0 is the input, tensor l + 1 the output of layer l, 0 bytes of a projection; sizes in bytes of one image.
std::vector<Lifetime> activation_tensors(const Network& network, const std::vector<Geometry>& layers);

/// ActivationPlan::residual for so many images; nullopt: residual memory has no room.
std::optional<std::vector<std::int64_t>> place_residuals(const Network& network, const EngineParameters& engine, int batch);

/// A tensor lives from the layer that writes it to the last that reads it, or adds it. A layer's output takes the place of the shortcut
/// that it adds where both have the same shape. Where the engine has external memory, the place of the input is kept free for the next
/// job's from the earliest layer on from which everything still fits. With ReadCycles > 1 a tensor begins at a multiple of BusBytes. batch
/// = 0: the largest that fits, at most 16. nullopt: none does.
std::optional<ActivationPlan> plan_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine,
                                               int batch);
/// Throws InputError naming the layer, the memory, what it needs and what there is, where plan_activations() has no plan.
[[noreturn]] void refuse_activations(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine,
                                     int batch);

}  // namespace flexor
