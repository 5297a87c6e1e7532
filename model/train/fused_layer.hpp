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
  Team* team = nullptr;  ///< statistics are those of the minibatch of all its processes
};

/// Statistics of the accumulators of a minibatch, one value a channel, double.
struct BatchStatistics {
  torch::Tensor mean, variance;  ///< variance: of the minibatch as it is (not its unbiased estimate)
  std::int64_t pixels = 0;
};

/// Convolution, batch norm with the minibatch's own statistics, shortcut and rounding of one layer as one autograd function: three passes
/// over the accumulators forward and backward together with the convolutions, activations and gradients in the type of the convolution
/// (docs/training.md, "Speed"). input, weight (float), gain, offset (float, one a channel), shortcut (undefined: none): NHWC.
torch::Tensor fused_layer(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain, const torch::Tensor& offset,
                          const torch::Tensor& shortcut, const std::shared_ptr<Convolution>& convolution, const FusedShape& shape,
                          BatchStatistics& statistics);

/// Statistics that evaluation uses, float, one value a channel.
struct KnownStatistics {
  torch::Tensor mean, variance;
};

/// The same layer with statistics that are known; no gradients.
torch::Tensor fused_evaluation(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain,
                               const torch::Tensor& offset, const torch::Tensor& shortcut, Convolution& convolution,
                               const FusedShape& shape, const KnownStatistics& statistics);

}  // namespace flexor
