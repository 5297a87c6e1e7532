// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "import/graph.hpp"

namespace flexor::foreign {

/// Multiply-accumulates that may still be spent, so that no file keeps the program busy for hours.
struct Work {
  std::int64_t left = std::int64_t{1} << 36;
  /// Throws InputError that names the node when nothing is left.
  void spend(const Node& node, std::int64_t amount);
};

/// What an operator computes with.
struct Arguments {
  const Node& node;
  std::vector<const Tensor*> inputs;  ///< null: left out
  Work& work;

  /// Input i. Throws InputError when it is left out.
  [[nodiscard]] const Tensor& at(std::size_t i) const;
  /// Input i, or null.
  [[nodiscard]] const Tensor* maybe(std::size_t i) const { return i < inputs.size() ? inputs[i] : nullptr; }
  /// The whole numbers of input i or, where that is left out, of an attribute.
  [[nodiscard]] Sizes list(std::size_t i, std::string_view attribute, Sizes otherwise) const;
};

/// First output of a node in double precision. Throws InputError that names the node when its inputs or attributes do not suit.
using Operator = Tensor (*)(const Arguments&);
/// Null: an operator that is not imported.
Operator find_operator(std::string_view op);
/// What would do in place of an operator that is not imported: the end of a sentence.
std::string advice_about(std::string_view op);

/// Axis -1 is the last one. Throws InputError outside -rank..rank-1.
std::size_t axis_of(const Node& node, std::int64_t axis, std::size_t rank);
/// Zeros around an image of the windows of a convolution or pooling layer: pads, or auto_pad.
struct Window {
  std::int64_t kernel[2], stride[2], before[2], after[2], dilation[2];
  /// Windows along axis 0 (y) or 1 (x) of an image of so many pixels. 0: none fits.
  [[nodiscard]] std::int64_t places(int axis, std::int64_t pixels) const;
};
/// Of Conv, MaxPool or AveragePool; `sizes`: of the input, NCHW; `kernel`: of the weights, empty where the attribute says it.
Window window_of(const Node& node, const Sizes& sizes, const Sizes& kernel);

// By file: elementwise, shapes, sums, pools, quantisers.
Operator find_elementwise(std::string_view op);
Operator find_shaping(std::string_view op);
Operator find_summing(std::string_view op);
Operator find_pooling(std::string_view op);
Operator find_quantising(std::string_view op);

/// NumPy's broadcasting: the common sizes. Throws InputError that names the node.
Sizes common_sizes(const Node& node, const Sizes& a, const Sizes& b);
/// Where value i of a tensor of the sizes `to` lies in a tensor of the sizes `from`, broadcast.
std::vector<std::int32_t> broadcast_places(const Sizes& from, const Sizes& to);

}  // namespace flexor::foreign
