// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cmath>

#include "import/operators.hpp"
#include "import/quantisers.hpp"

namespace flexor::foreign {
namespace {

// A parameter along an axis, with the sizes that broadcast it there.
Tensor along(const Arguments& a, std::size_t i) {
  Tensor parameter = a.at(i);
  const std::size_t rank = a.at(0).sizes.size();
  if (parameter.values.size() == 1) parameter.sizes.clear();
  if (parameter.sizes.size() != 1) {
    if (!parameter.sizes.empty()) a.node.refuse("its scale has blocks; quantise by tensor or by channel");
    return parameter;
  }
  const std::size_t axis = axis_of(a.node, a.node.attributes.integer("axis", 1), rank);
  Sizes sizes(rank, 1);
  sizes[axis] = parameter.sizes.front();
  parameter.sizes = sizes;
  return parameter;
}

Tensor dequantise(const Arguments& a) {
  Tensor out = a.at(0);
  const Tensor scale = along(a, 1);
  if (common_sizes(a.node, out.sizes, scale.sizes) != out.sizes) a.node.refuse("its scale does not suit its input; export the model again");
  const std::vector<std::int32_t> places = broadcast_places(scale.sizes, out.sizes);
  Tensor zero{{}, {0}, true};
  if (a.maybe(2) != nullptr) zero = along(a, 2);
  if (zero.values.size() != 1 && zero.sizes != scale.sizes) a.node.refuse("its zero point does not suit its scale; export the model again");
  out.whole = false;
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const auto at = static_cast<std::size_t>(places[i]);
    out.values[i] = (out.values[i] - zero.values[zero.values.size() == 1 ? 0 : at]) * scale.values[at];
  }
  return out;
}

// QuantizeLinear: to the integers of its zero point's type.
Tensor quantise_to_integers(const Arguments& a) {
  const LevelRange range = type_range(a.node, a.maybe(2));
  Tensor out = quantise(a, range.low, range.high, true);
  out.whole = true;
  return out;
}

Tensor quant(const Arguments& a) {
  const LevelRange range = quant_range(a.node, a.at(3).values.size() == 1 ? a.at(3).values.front() : NAN);
  return quantise(a, range.low, range.high, false);
}

Tensor quantiser(const Arguments& a) {
  return quantise(a, a.node.attributes.number("low", 0), a.node.attributes.number("high", 255), false);
}

Tensor bipolar(const Arguments& a) {
  Tensor out = a.at(0);
  const Tensor& scale = a.at(1);
  if (common_sizes(a.node, out.sizes, scale.sizes) != out.sizes) a.node.refuse("its scale does not suit its input; export the model again");
  const std::vector<std::int32_t> places = broadcast_places(scale.sizes, out.sizes);
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    out.values[i] = (out.values[i] >= 0 ? 1 : -1) * scale.values[static_cast<std::size_t>(places[i])];
  }
  return out;
}

}  // namespace

Tensor quantise(const Arguments& a, double low, double high, bool stays) {
  Tensor out = a.at(0);
  const Tensor scale = stays ? along(a, 1) : a.at(1);
  Tensor zero{{}, {0}, false};
  if (a.maybe(2) != nullptr) zero = stays ? along(a, 2) : a.at(2);
  const Sizes sizes = common_sizes(a.node, scale.sizes, zero.sizes);
  if (common_sizes(a.node, out.sizes, sizes) != out.sizes) a.node.refuse("its scale does not suit its input; export the model again");
  const std::vector<std::int32_t> scales = broadcast_places(scale.sizes, out.sizes);
  const std::vector<std::int32_t> zeros = broadcast_places(zero.sizes, out.sizes);
  for (std::size_t i = 0; i < out.values.size(); ++i) {
    const double s = scale.values[static_cast<std::size_t>(scales[i])];
    const double z = zero.values[static_cast<std::size_t>(zeros[i])];
    if (!(s > 0) || !std::isfinite(s)) a.node.refuse(fmt::format("its scale is {:g}; scales are positive", s));
    const double level = std::min(std::max(std::nearbyint(out.values[i] / s) + z, low), high);  // half to even, as ONNX
    out.values[i] = stays ? level : (level - z) * s;
  }
  return out;
}

Operator find_quantising(std::string_view op) {
  if (op == "DequantizeLinear") return dequantise;
  if (op == "QuantizeLinear") return quantise_to_integers;
  if (op == "Quant" || op == "IntQuant") return quant;
  if (op == "BipolarQuant") return bipolar;
  if (op == kQuantiser) return quantiser;
  return nullptr;
}

}  // namespace flexor::foreign
