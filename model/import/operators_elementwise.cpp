// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "import/operators.hpp"

namespace flexor::foreign {
namespace {

template <typename Function>
Tensor binary(const Arguments& a, Function function) {
  const Tensor& x = a.at(0);
  const Tensor& y = a.at(1);
  Tensor out{common_sizes(a.node, x.sizes, y.sizes), {}, x.whole && y.whole};
  out.values.reserve(static_cast<std::size_t>(count(out.sizes)));
  if (x.sizes == y.sizes) {
    for (std::size_t i = 0; i < x.values.size(); ++i) out.values.push_back(function(x.values[i], y.values[i]));
    return out;
  }
  const std::vector<std::int32_t> from_x = broadcast_places(x.sizes, out.sizes);
  const std::vector<std::int32_t> from_y = broadcast_places(y.sizes, out.sizes);
  for (std::size_t i = 0; i < from_x.size(); ++i) {
    out.values.push_back(function(x.values[static_cast<std::size_t>(from_x[i])], y.values[static_cast<std::size_t>(from_y[i])]));
  }
  return out;
}

template <typename Function>
Tensor unary(const Arguments& a, Function function) {
  Tensor out = a.at(0);
  for (double& value : out.values) value = function(value);
  return out;
}

Tensor add(const Arguments& a) {
  return binary(a, [](double x, double y) { return x + y; });
}
Tensor subtract(const Arguments& a) {
  return binary(a, [](double x, double y) { return x - y; });
}
Tensor multiply(const Arguments& a) {
  return binary(a, [](double x, double y) { return x * y; });
}
Tensor divide(const Arguments& a) {
  const bool whole = a.at(0).whole && a.at(1).whole;
  return binary(a, [&](double x, double y) {
    if (whole && y == 0) a.node.refuse("it divides by zero; export the model again");
    return whole ? std::trunc(x / y) : x / y;
  });
}
Tensor power(const Arguments& a) {
  return binary(a, [](double x, double y) { return std::pow(x, y); });
}

Tensor sum(const Arguments& a) {
  Tensor total = a.at(0);
  for (std::size_t i = 1; i < a.inputs.size(); ++i) {
    const Arguments pair{a.node, {&total, &a.at(i)}, a.work};
    total = add(pair);
  }
  return total;
}

Tensor square_root(const Arguments& a) {
  return unary(a, [](double x) { return std::sqrt(x); });
}
Tensor negate(const Arguments& a) {
  return unary(a, [](double x) { return -x; });
}
Tensor rectify(const Arguments& a) {
  return unary(a, [](double x) { return std::max(x, 0.0); });
}
Tensor same(const Arguments& a) { return a.at(0); }

Tensor clip(const Arguments& a) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const auto bound = [&](std::size_t i, const char* name, double otherwise) {
    const Tensor* given = a.maybe(i);
    if (given == nullptr) return a.node.attributes.number(name, otherwise);
    if (given->values.size() != 1) a.node.refuse("its bounds must be single numbers; export the model again");
    return given->values.front();
  };
  const double low = bound(1, "min", -kNone);
  const double high = bound(2, "max", kNone);
  return unary(a, [&](double x) { return std::min(std::max(x, low), high); });
}

Tensor cast(const Arguments& a) {
  constexpr std::int64_t kFloat = 1, kHalf = 10, kDouble = 11, kBfloat = 16, kBool = 9;
  const std::int64_t to = a.node.attributes.integer("to", kFloat);
  Tensor out = a.at(0);
  out.whole = to != kFloat && to != kHalf && to != kDouble && to != kBfloat;
  for (double& value : out.values) value = to == kBool ? static_cast<double>(value != 0) : out.whole ? std::trunc(value) : value;
  return out;
}

// y = (x - mean) / sqrt(variance + epsilon) * gain + offset along axis 1.
Tensor normalise(const Arguments& a) {
  Tensor out = a.at(0);
  if (out.sizes.size() < 2) a.node.refuse("it normalises a tensor without channels; export the model again");
  const auto channels = static_cast<std::size_t>(out.sizes[1]);
  for (std::size_t i = 1; i < 5; ++i) {
    if (a.at(i).values.size() != channels) {
      a.node.refuse(fmt::format("it has {} parameters for {} channels; export the model again", a.at(i).values.size(), channels));
    }
  }
  if (a.node.attributes.integer("training_mode", 0) != 0) a.node.refuse("it is in training mode; export the model in evaluation mode");
  const double epsilon = a.node.attributes.number("epsilon", 1e-5);
  if (out.values.empty()) return out;
  const std::size_t inner = out.values.size() / static_cast<std::size_t>(out.sizes[0] * out.sizes[1]);
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const std::size_t c = i / inner % channels;
    const double slope = a.at(1).values[c] / std::sqrt(a.at(4).values[c] + epsilon);
    out.values[i] = (out.values[i] - a.at(3).values[c]) * slope + a.at(2).values[c];
  }
  return out;
}

// Along the last axis: what ends a classifier.
Tensor softmax(const Arguments& a) {
  Tensor out = a.at(0);
  const std::size_t length = out.sizes.empty() ? 1 : static_cast<std::size_t>(out.sizes.back());
  for (std::size_t begin = 0; length > 0 && begin < out.values.size(); begin += length) {
    const auto first = out.values.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto last = first + static_cast<std::ptrdiff_t>(length);
    const double most = *std::max_element(first, last);
    double total = 0;
    for (auto at = first; at != last; ++at) total += *at = std::exp(*at - most);
    for (auto at = first; at != last; ++at) *at = a.node.op == "Softmax" ? *at / total : std::log(*at / total);
  }
  return out;
}

}  // namespace

Operator find_elementwise(std::string_view op) {
  if (op == "Add") return add;
  if (op == "Sub") return subtract;
  if (op == "Mul") return multiply;
  if (op == "Div") return divide;
  if (op == "Pow") return power;
  if (op == "Sum") return sum;
  if (op == "Sqrt") return square_root;
  if (op == "Neg") return negate;
  if (op == "Relu") return rectify;
  if (op == "Clip") return clip;
  if (op == "Cast") return cast;
  if (op == "BatchNormalization") return normalise;
  if (op == "Softmax" || op == "LogSoftmax") return softmax;
  if (op == "Identity" || op == "Dropout") return same;
  return nullptr;
}

}  // namespace flexor::foreign
