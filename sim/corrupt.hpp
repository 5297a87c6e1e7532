// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "network/network.hpp"

namespace flexor {

/// One bit that is flipped on purpose, to see a comparison fail.
struct Corruption {
  enum class Kind { None, StoredBit, CodeEntry, Bias, Activation, GoldenShift };
  Kind kind = Kind::None;
  int layer = 0;  ///< whose stored bit, code, bias or shift; an activation is always an input of layer 0
};

/// "stored-bit", "code-entry", "bias", "activation" or "golden-shift", then optionally ":LAYER". Throws InputError.
Corruption parse_corruption(std::string_view text);

/// The network that the engine gets: one stored bit, one entry of M or one bias bit flipped.
Network corrupt_engine_network(const Network& network, const Corruption& corruption);
/// The network that the golden model gets: one bit of a shift flipped.
Network corrupt_golden_network(const Network& network, const Corruption& corruption);
/// One bit of an input tensor flipped, in the middle of the tensor.
void corrupt_input(std::vector<std::uint8_t>& tensor, const Corruption& corruption);

}  // namespace flexor
