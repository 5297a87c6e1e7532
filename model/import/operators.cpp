// SPDX-License-Identifier: Apache-2.0
#include "import/operators.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"

namespace flexor::foreign {

void Work::spend(const Node& node, std::int64_t amount) {
  left -= amount;
  if (left < 0) node.refuse("the network takes more than 2^36 multiply-accumulates an image up to here; take a smaller one");
}

const Tensor& Arguments::at(std::size_t i) const {
  const Tensor* tensor = maybe(i);
  if (tensor == nullptr) node.refuse(fmt::format("its input {} is left out; export the model again", i + 1));
  return *tensor;
}

Sizes Arguments::list(std::size_t i, std::string_view attribute, Sizes otherwise) const {
  const Tensor* tensor = maybe(i);
  if (tensor == nullptr) return node.attributes.list(attribute, std::move(otherwise));
  Sizes list;
  constexpr double kFar = 9e18;
  for (const double value : tensor->values) list.push_back(static_cast<std::int64_t>(std::clamp(value, -kFar, kFar)));
  return list;
}

Operator find_operator(std::string_view op) {
  for (const auto find : {find_elementwise, find_shaping, find_summing, find_pooling, find_quantising}) {
    if (const Operator found = find(op)) return found;
  }
  return nullptr;
}

std::string advice_about(std::string_view op) {
  if (op.starts_with("QLinear") || op.starts_with("QGemm") || op.ends_with("Integer")) {
    return "quantise the float model with the format QDQ in place of QOperator";
  }
  if (op == "ConvTranspose" || op == "Resize" || op == "Upsample" || op == "DepthToSpace") {
    return "only layers that keep or shrink the image are possible";
  }
  if (op == "LeakyRelu" || op == "PRelu" || op == "Sigmoid" || op == "Tanh" || op == "HardSwish" || op == "HardSigmoid" || op == "Elu" ||
      op == "Selu" || op == "Gelu" || op == "Erf" || op == "Softplus") {
    return "train the network with ReLU in its place";
  }
  if (op == "LRN" || op == "InstanceNormalization" || op == "LayerNormalization" || op == "GroupNormalization") {
    return "train the network with batch normalisation in its place";
  }
  if (op == "LSTM" || op == "GRU" || op == "RNN" || op == "If" || op == "Loop" || op == "Scan") return "only feed-forward networks are possible";
  if (op == "Trunc") return "export the activations with Quant";
  return "docs/import.md lists the operators that are imported";
}

std::size_t axis_of(const Node& node, std::int64_t axis, std::size_t rank) {
  const auto size = static_cast<std::int64_t>(rank);
  if (axis < -size || axis >= size) node.refuse(fmt::format("axis {} is outside a tensor of {} dimensions; export the model again", axis, rank));
  return static_cast<std::size_t>(axis < 0 ? axis + size : axis);
}

Sizes common_sizes(const Node& node, const Sizes& a, const Sizes& b) {
  const std::size_t rank = std::max(a.size(), b.size());
  Sizes sizes(rank, 1);
  for (std::size_t i = 0; i < rank; ++i) {
    const std::int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::int64_t y = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1) {
      node.refuse(fmt::format("its inputs have the sizes {} and {}, which do not go together; export the model again", text(a), text(b)));
    }
    sizes[rank - 1 - i] = x == 1 ? y : x;
  }
  count(sizes);
  return sizes;
}

std::vector<std::int32_t> broadcast_places(const Sizes& from, const Sizes& to) {
  std::vector<std::int32_t> places(static_cast<std::size_t>(count(to)), 0);
  std::int64_t inner = 1;  // of `to`
  std::int64_t step = 1;   // of `from`
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::int64_t size = to[to.size() - 1 - i];
    const std::int64_t own = i < from.size() ? from[from.size() - 1 - i] : 1;
    if (own > 1) {
      for (std::size_t at = 0; at < places.size(); ++at) {
        places[at] += static_cast<std::int32_t>(static_cast<std::int64_t>(at) / inner % size * step);
      }
    }
    inner *= size;
    step *= own;
  }
  return places;
}

}  // namespace flexor::foreign
