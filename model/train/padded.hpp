// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// x, [N, C, H, W], with zeros around it.
inline torch::Tensor padded(const torch::Tensor& x, const Padding& p) {
  return p.none() ? x : torch::constant_pad_nd(x, {p.left, p.right, p.top, p.bottom});
}

/// Convolution by libtorch with any padding. weight: [O, C, height, width].
inline torch::Tensor padded_convolution(const torch::Tensor& x, const torch::Tensor& weight, std::int64_t stride, const Padding& p,
                                        std::int64_t dilation) {
  const bool even = p.top == p.bottom && p.left == p.right;
  const std::int64_t sides[] = {even ? p.top : 0, even ? p.left : 0};
  return torch::conv2d(even ? x : padded(x, p), weight, {}, stride, sides, dilation);
}

}  // namespace flexor
