// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "engine_parameters.hpp"

namespace flexor {

/// What a PE style wants instead of the plain weight bits and what it returns beside the dot product (docs/blocks/pe_array.md).

/// T: the bits that the array takes for the weight bits of one slice. Linear over GF(2), invertible, 0 to 0.
std::uint32_t recode_slice(int style, std::uint32_t weights);

/// C_k: what lane `lane` adds to every dot product when its weight is -1, whatever its activation.
int lane_constant(int style, int K, int lane);

/// Whether the array's sums are two's complement (`pe_array_pkg::dot_signed`); else they are never negative.
bool dot_signed(int style);

/// Cycles from activations to dot products (`pe_array_pkg::pe_latency`).
int pe_latency(int style, int K);

}  // namespace flexor
