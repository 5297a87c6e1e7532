// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "train/tensor.hpp"
namespace flexor {

/// q = min(max(floor(v / step + 0.5), lowest), largest): the engine's requantisation in real numbers (rounds half up).
/// Backward: straight through, 1/step where lowest < v/step < largest, else 0. step in place of `v`'s unit, > 0.
torch::Tensor quantise_activation(const torch::Tensor& v, double step, int largest, int lowest = 0);

}  // namespace flexor
