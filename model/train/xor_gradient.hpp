// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/torch.h>

#include "code/code.hpp"

namespace flexor {

/// XOR decryption as the paper trains it. x: [S, n_in] real stored values -> [S, n_out] weights in {-1, +1}.
/// Forward: y_i = (-1)^(t-1) * prod_{j in taps(i)} sign(x_j), t = taps of row i, sign(0) = +1.
/// Backward (eq. 6): dy_i/dx_j = s_tanh * (-1)^(t-1) * (1 - tanh^2(s_tanh * x_j)) * prod_{k in taps(i), k != j} sign(x_k).
/// Plain loops on the CPU, xor_decrypt_by_tensors() on other devices.
torch::Tensor xor_decrypt(const torch::Tensor& x, const Code& code, double s_tanh);
/// The same in tensor operations, on any device: parities and gradients are products with M.
torch::Tensor xor_decrypt_by_tensors(const torch::Tensor& x, const Code& code, double s_tanh);

}  // namespace flexor
