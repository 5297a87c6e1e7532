// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "train/slice_map.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Weights of q binary digits: `w = 2 * floor(u * 2^(q-1)) + 1` within +-(2^q - 1), an odd integer; u in -1..1 covers the range.
/// Backward: straight through with the slope 2^q.
torch::Tensor digit_weight(const torch::Tensor& latent, int digits);

/// Bits of digit p of every slice as the identity code stores them: bit i of slice s is set where b_p = +1. Dropped places give 0.
/// weight: [M, C, kh, kw] as digit_weight() gives it.
std::vector<std::uint32_t> digit_slices(const torch::Tensor& weight, const SliceMap& map, int digits, int p);

}  // namespace flexor
