// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Weights of a layer of a model file as libtorch has them: [M, C, kh, kw] doubles, -1 and +1 or the sum of the binary digits.
torch::Tensor weight_tensor(const Network& network, const Layer& layer);

}  // namespace flexor
