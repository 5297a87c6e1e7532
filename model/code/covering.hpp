// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "code/code.hpp"

namespace flexor {

/// Mean Hamming distance from a uniformly random slice to the nearest codeword, as a share of n_out: exact, by the
/// weights of the coset leaders. Needs n_out - rank <= 24 (throws std::invalid_argument otherwise).
double covering_distance(const Code& code);

}  // namespace flexor
