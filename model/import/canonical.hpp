// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "import/graph.hpp"
#include "network/network.hpp"

namespace flexor::foreign {

/// Weights [M, C, height, width] of a layer in the order of decrypt_weights(); of a dense layer kernels as large as the image.
std::vector<double> canonical_weights(const Layer& layer, const Tensor& weights);
/// One plane of signs in that order as stored bits of the identity code, which is the network's code 0.
Plane plain_plane(const Layer& layer, const std::vector<std::int8_t>& canonical);

}  // namespace flexor::foreign
