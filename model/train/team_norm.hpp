// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "train/fused_layer.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Batch norm of x ([N, C, H, W], float) with the statistics of the minibatch of all processes together, in libtorch's operations; its
/// gradients are those of the sum of all processes' losses. The gradients of gain and offset are this process's part.
torch::Tensor team_norm(const torch::Tensor& x, const torch::Tensor& gain, const torch::Tensor& offset, Team& team, double variance_floor,
                        BatchStatistics& statistics);

}  // namespace flexor
