// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "network/network.hpp"

namespace flexor::golden {

/// One layer with its weights decrypted and laid out for pe_array.
struct PlainLayer {
  Layer layer;  ///< without its stored bits
  int source = kNetworkInput;
  Shape shortcut;                ///< of the tensor that the shortcut adds
  bool signed_shortcut = false;  ///< its bytes are two's complement
  int inputs = 0;                ///< of one window
  int blocks = 0;
  std::vector<std::vector<std::int8_t>> weight;  ///< of every plane [block of channels][input in (ky, kx, c) order][channel]
};

PlainLayer make_plain_layer(const Network& network, std::size_t l);

/// The layer's output after pooling (NHWC), made of the functions of blocks.hpp and nothing else: the reference of the fast one.
std::vector<std::int16_t> compute_layer(const PlainLayer& plan, const std::uint8_t* input, const std::uint8_t* shortcut);

}  // namespace flexor::golden
