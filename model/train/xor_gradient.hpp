// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "code/code.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// What stands in for the derivative of the sign when stored bits are trained.
enum class Estimator {
  Equation6,  ///< the paper's: the derivative of tanh(s_tanh x)
  Straight,   ///< ablation: 1
  Analog,     ///< ablation: tanh(s_tanh x) instead of the sign in the forward pass too, and its true derivative
};

/// XOR decryption as the paper trains it. x: [S, n_in] real stored values -> [S, n_out] weights in {-1, +1}.
/// Forward: y_i = (-1)^(t-1) * prod_{j in taps(i)} sign(x_j), t = taps of row i, sign(0) = +1.
/// Backward (eq. 6): dy_i/dx_j = s_tanh * (-1)^(t-1) * (1 - tanh^2(s_tanh * x_j)) * prod_{k in taps(i), k != j} sign(x_k).
/// The straight estimator leaves out s_tanh and the bracket; the analog one has tanh(s_tanh * x) in place of every sign.
/// Plain loops on the CPU, xor_decrypt_by_tensors() on other devices.
torch::Tensor xor_decrypt(const torch::Tensor& x, const Code& code, double s_tanh, Estimator estimator = Estimator::Equation6);
/// The same in tensor operations, on any device: parities and gradients are products with M.
torch::Tensor xor_decrypt_by_tensors(const torch::Tensor& x, const Code& code, double s_tanh, Estimator estimator = Estimator::Equation6);

}  // namespace flexor
