// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "code/code.hpp"

namespace flexor {

/// How well the nearest codewords b (+-1) follow real latent weights u: sum of <b, u> over sum of |u|, over `slices` slices of independent,
/// nearly normal u (sums of twelve uniform integers, the same on every platform). 1 at n_in = n_out of an invertible code; it is what
/// nearest-codeword training keeps of a slice, as covering_distance is what it loses where every |u| is equal.
/// Looks at all 2^n_in codewords; needs n_in <= 16 and slices >= 1 (throws std::invalid_argument otherwise).
double agreement(const Code& code, int slices);

}  // namespace flexor
