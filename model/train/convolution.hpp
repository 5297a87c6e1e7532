// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>

#include "network/network.hpp"
#include "train/integer_convolution.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Shapes of one convolution of one minibatch.
struct ConvolutionShape {
  std::int64_t images = 0, inputs = 0, outputs = 0;  ///< minibatch, channels
  std::int64_t height = 0, width = 0;                ///< of the input
  std::int64_t kernel_height = 1, kernel_width = 1, stride = 1, dilation = 1;
  Padding padding = {};
  bool bfloat16 = false;  ///< type of activations and weights; sums are float, gradients of weights too
  bool operator==(const ConvolutionShape&) const = default;
  [[nodiscard]] std::int64_t out_height() const {
    return (height + padding.top + padding.bottom - (kernel_height - 1) * dilation - 1) / stride + 1;
  }
  [[nodiscard]] std::int64_t out_width() const {
    return (width + padding.left + padding.right - (kernel_width - 1) * dilation - 1) / stride + 1;
  }
};

/// A gradient of 16-bit integers: step * values, int16 [N, C, H, W] in NHWC order, |value| <= 32767.
struct IntegerGradient {
  torch::Tensor values;
  float step = 0;
};

/// Convolution of oneDNN without libtorch in between, and its two gradients. Activations are [N, C, H, W] in NHWC order
/// (torch::MemoryFormat::ChannelsLast), weights float [O, I, height, width] in the same order. Primitives are made once.
class Convolution {
 public:
  explicit Convolution(const ConvolutionShape& shape);
  ~Convolution();
  Convolution(const Convolution&) = delete;
  Convolution& operator=(const Convolution&) = delete;
  [[nodiscard]] const ConvolutionShape& shape() const { return shape_; }
  /// `bytes`: the input once more as uint8 in the same order, where the weights are -1 and +1. They are multiplied in its place where
  /// multiplies_bytes(), with the same result, since sums are exact before they are rounded to the type, in half the time or less.
  [[nodiscard]] torch::Tensor forward(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& bytes = {});
  [[nodiscard]] bool multiplies_bytes();
  /// Gradient of the input.
  [[nodiscard]] torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight);
  /// Gradient of the weights, float.
  [[nodiscard]] torch::Tensor weight_gradient(const torch::Tensor& input, const torch::Tensor& gradient);
  /// Whether the gradients below are there: 3x3, stride 1, padding 1, channels and pixels as IntegerConvolution has them, float32.
  [[nodiscard]] bool takes_integers() const { return integers_.has_value(); }
  /// The same from a gradient of integers, float; weights are -1 and +1.
  [[nodiscard]] torch::Tensor input_gradient(const IntegerGradient& gradient, const torch::Tensor& weight) const;
  /// `bytes`: the input as uint8.
  [[nodiscard]] torch::Tensor weight_gradient(const torch::Tensor& bytes, const IntegerGradient& gradient) const;
  /// Whether this build and processor have it for a type.
  static bool available(bool bfloat16);

 private:
  struct Primitives;
  [[nodiscard]] bool forward_by_integers() const { return takes_integers() && IntegerConvolution::forward_is_fast(); }
  ConvolutionShape shape_;
  std::optional<IntegerConvolution> integers_;
  std::unique_ptr<Primitives> made_;
};

}  // namespace flexor
