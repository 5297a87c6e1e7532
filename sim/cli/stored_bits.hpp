// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "network/network.hpp"
#include "network/slice_layout.hpp"

namespace flexor {

/// Bits that a layer's weights take in the model file: the slices of every digit times its n.
inline std::int64_t stored_bits(const Network& network, const Layer& layer) {
  std::int64_t bits = 0;
  for (const auto& plane : layer.planes) {
    bits += std::int64_t{slice_layout(network, layer).slices()} * network.codes[static_cast<std::size_t>(plane.code)].n_in;
  }
  return bits;
}

}  // namespace flexor
