// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "train/integer_kernels.hpp"

namespace flexor {

/// Shapes of one 3x3 convolution with stride 1 and padding 1 of one minibatch.
struct IntegerShape {
  int images = 0, inputs = 0, outputs = 0;  ///< minibatch; channels: multiples of 16, at most 1024
  int height = 0, width = 0;                ///< pixels; width even, at most 256
};

/// 3x3 convolution of activations of 8 bits with weights of -1 and +1, and its gradients from gradients of 16 bits, in integers: every sum
/// is exact. Tensors are in NHWC order, weights float [outputs][3][3][inputs]. On all threads; results do not depend on how many.
class IntegerConvolution {
 public:
  static bool fits(const IntegerShape& shape);
  /// Whether its forward pass is the fastest here: with AVX2, without AVX-512, where oneDNN multiplies bytes faster.
  static bool forward_is_fast();
  /// `kernels`: those of the processor, unless a test names others.
  explicit IntegerConvolution(const IntegerShape& shape, const IntegerKernels& kernels = integer_kernels().front());
  /// y[p][o] = sum_t sum_i weight[o][t][i] x[p + t][i].
  void forward(const std::uint8_t* x, const float* weight, float* y) const;
  /// dx[p][i] = step * sum_t sum_o weight[o][t][i] g[p - t][o], |g| <= 32767.
  void input_gradient(const std::int16_t* g, const float* weight, float step, float* dx) const;
  /// dw[o][t][i] = step * sum_p x[p + t][i] g[p][o]: exact over up to 256 pixels, float sums of those in a fixed order.
  void weight_gradient(const std::uint8_t* x, const std::int16_t* g, float step, float* dw) const;

 private:
  void products_of(int first, int last, const std::uint8_t* x, const std::int16_t* g, float* sums) const;
  IntegerShape shape_;
  const IntegerKernels* kernels_;
};

}  // namespace flexor
