// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/channel_parts.hpp"
#include "compiler/geometry.hpp"
#include "engine_parameters.hpp"
#include "network/network.hpp"

namespace flexor {

/// Rows of a layer that the engine computes at one time, and the rows of its input that they read.
struct Strip {
  int first = 0, rows = 0;              ///< of the output, pooled rows where the layer pools
  int input_first = 0, input_rows = 0;  ///< of the input as laid out, without padding
};

/// Output rows first..first+rows-1: input rows max(0, top) .. min(height - 1, bottom), where w = 2 if the layer pools, else 1,
/// top = first w stride - padding and bottom = ((first + rows) w - 1) stride - padding + strings - 1.
Strip strip_of(const Geometry& layer, int first, int rows);

/// All rows of a layer in strips of `rows`, the last one shorter.
std::vector<Strip> cut(const Geometry& layer, int rows);

/// The layer that computes one strip alone from its input rows: fewer rows, padding only where the picture ends.
Geometry part_of(const Geometry& layer, const Strip& strip);

/// A layer of the engine: a layer of the network, a strip of it, or some of its channels. Parts of a layer follow one another, those of a
/// strip too.
struct Part {
  std::size_t layer = 0;  ///< of the network
  Strip strip;
  ChannelRange channels;
  std::int64_t input = 0, output = 0;  ///< byte addresses in activation memory
};

/// How a network runs, one image a job, whose activations do not fit on the chip: some tensors live in external memory, and the layers that
/// read or write one go strip by strip.
struct StripPlan {
  struct LayerStrips {
    int rows = 0;                        ///< of a strip; all of them where the layer is not cut
    std::int64_t input = 0, output = 0;  ///< byte address of the tensor, or of the place for a strip of it
  };
  std::vector<std::int64_t>
      outside;  ///< bytes of a tensor in external memory, 0 where it is on the chip: [0] input, [l + 1] output of layer l
  std::vector<LayerStrips> layers;
  std::vector<std::int64_t> residual;  ///< residual word of layer l's output, or -1 (ActivationPlan)
};

/// As few tensors outside as it takes: where most is alive, the largest that can go, until the rest fits. A layer goes in strips as high as
/// fit; strips of a tensor outside begin at whole beats. A global average and a dense layer are one strip. nullopt: no such plan, or the
/// engine has no external memory, or the shortcuts' tensors do not fit in residual memory.
std::optional<StripPlan> plan_strips(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine);

}  // namespace flexor
