// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "train/convolution.hpp"
#include "train/tensor.hpp"

namespace flexor {

class Team;

/// What a fused layer needs to know beside its tensors.
struct FusedShape {
  double step = 1;  ///< batch-norm units per output LSB
  int lowest = 0;   ///< output LSBs; below 0 for a projection
  int largest = 255;
  double shortcut = 0;  ///< output LSBs per LSB of the shortcut
  double variance_floor = 0;
  bool integer_gradients = false;  ///< gradients of the accumulators as 16-bit integers where convolution and input take them
  Team* team = nullptr;            ///< statistics are those of the minibatch of all its processes
};

/// Statistics of the accumulators of a minibatch, one value a channel, double.
struct BatchStatistics {
  torch::Tensor mean, variance;  ///< variance: of the minibatch as it is (not its unbiased estimate)
  std::int64_t pixels = 0;
};

/// Activations once more, in forms that save time.
struct Copies {
  torch::Tensor input;   ///< of the input as uint8 in the same order, where there is one and the weights are -1 and +1, else undefined
  torch::Tensor output;  ///< written: of the output as uint8; undefined where it is signed or holds what is no number
  /// Written in training: the output for a layer that adds it as its shortcut. That layer's gradient then comes here by itself, and one
  /// pass sums and uses both.
  torch::Tensor added;
};

/// Convolution, batch norm with the minibatch's own statistics, shortcut and rounding of one layer as one autograd function: three passes
/// over the accumulators forward and backward together with the convolutions, activations and gradients in the type of the convolution
/// (docs/training.md, "Speed"). input, weight (float), gain, offset (float, one a channel), shortcut (undefined: none): NHWC.
torch::Tensor fused_layer(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain, const torch::Tensor& offset,
                          const torch::Tensor& shortcut, const std::shared_ptr<Convolution>& convolution, const FusedShape& shape,
                          BatchStatistics& statistics, Copies& copies);

/// Statistics that evaluation uses, float, one value a channel.
struct KnownStatistics {
  torch::Tensor mean, variance;
};

/// The same layer with statistics that are known; no gradients.
torch::Tensor fused_evaluation(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain,
                               const torch::Tensor& offset, const torch::Tensor& shortcut, Convolution& convolution,
                               const FusedShape& shape, const KnownStatistics& statistics, Copies& copies);

}  // namespace flexor
