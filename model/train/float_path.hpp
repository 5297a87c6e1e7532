// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// A network of the model file in real numbers: libtorch convolutions in double precision with the decrypted weights, real_scale,
/// real_bias and real shortcut multipliers; activations are clamped but never rounded. Independent of the golden model; checks it
/// (docs/arithmetic.md).
class FloatPath {
 public:
  explicit FloatPath(const Network& network);
  /// Outputs of layer l for its input and the tensor of its shortcut (if it has one), all NCHW doubles.
  [[nodiscard]] torch::Tensor layer(std::size_t l, const torch::Tensor& input, const torch::Tensor& shortcut = {}) const;
  /// Logits [N, classes] of pixels [N, C, H, W].
  [[nodiscard]] torch::Tensor logits(const torch::Tensor& pixels) const;
  /// Largest difference that the golden model may show at the outputs of layer l when its inputs differ by at most `error` and its
  /// shortcut by at most `shortcut_error` (docs/arithmetic.md, "Golden against float"); logits: while they stay within +-largest_logit.
  [[nodiscard]] double bound(std::size_t l, double error, double shortcut_error, double largest_logit) const;

 private:
  [[nodiscard]] double channel_bound(std::size_t l, std::int64_t m, double error, double range) const;

  Network network_;
  std::vector<torch::Tensor> weights_;  // of every layer, none of one that pools
  std::vector<torch::Tensor> mass_;     // of every layer: sum of |w| of every channel, over all summed pixels
};

/// NHWC integers of one image or layer boundary as [1, C, H, W] doubles.
torch::Tensor as_tensor(const std::uint8_t* values, const Shape& shape);
torch::Tensor as_tensor(const std::vector<std::int16_t>& values, const Shape& shape);

/// What comparing golden and float path on `count` images showed.
struct FloatComparison {
  int images = 0;
  int same_class = 0;
  double largest_error = 0;         ///< of a logit, LSBs
  double logit_bound = 0;           ///< what was allowed, LSBs
  std::vector<double> layer_error;  ///< largest, per layer, both paths fed with the golden model's own input
  std::vector<double> layer_bound;  ///< what was allowed
  [[nodiscard]] bool within_bounds() const;
};

/// Runs images first..first+count-1 (NHWC bytes, one after another) through both.
FloatComparison compare_float(const Network& network, const std::uint8_t* pixels, int count);

}  // namespace flexor
