// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "network/network.hpp"

namespace flexor::golden {

/// Output of a pooling layer (LayerKind::Pool), NHWC: the maximum or the sum of every window, requantised.
std::vector<std::uint8_t> pool_windows(const Layer& layer, const std::uint8_t* input);

}  // namespace flexor::golden
