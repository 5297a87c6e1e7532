// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "train/tensor.hpp"

namespace flexor {

/// What a shortcut of option A takes from its source: every `stride`-th pixel of both directions, from the first one on, its channels
/// `offset` places further up among `channels`, 0 in the others.
struct ShortcutShape {
  std::int64_t stride = 1, offset = 0, channels = 0;
};

/// source [N, C, H, W], C + offset <= channels -> [N, channels, ceil(H / stride), ceil(W / stride)], both in NHWC order, float or bfloat16,
/// on the CPU. One pass forward and one backward.
torch::Tensor strided_shortcut(const torch::Tensor& source, const ShortcutShape& shape);

}  // namespace flexor
