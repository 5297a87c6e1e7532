// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Multiplier of a pooling layer that keeps a maximum, or averages: 2^14 over the places of the window, rounded.
std::int16_t pool_multiplier(const Layer& layer);

/// Maximum or average of every window of x ([N, C, H, W], integers), rounded as the engine rounds it (docs/arithmetic.md, "Pooling
/// layers"); places outside the input are 0 and count. The gradient of an average goes straight through the rounding.
torch::Tensor pool_layer(const torch::Tensor& x, const Layer& layer);

}  // namespace flexor
