// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "import/operators.hpp"

namespace flexor::foreign {

/// The one form of every quantiser of activations after unify_quantisers(): `(min(max(round(x / scale) + zero, low), high) - zero) * scale`,
/// inputs x, scale, zero; numbers low and high. BipolarQuant stays as it is.
inline constexpr const char* kQuantiser = "Quantise";

struct LevelRange {
  double low, high;
};

/// Levels of QONNX's Quant or IntQuant with so many bits. Throws InputError: a rounding mode or number of bits that is not possible.
LevelRange quant_range(const Node& node, double bits);
/// Levels of QuantizeLinear with this zero point, uint8 where it is left out. Throws InputError: a type of more than 8 bits.
LevelRange type_range(const Node& node, const Tensor* zero);

/// Levels of inputs x, scale, zero; `stays`: they remain levels, as QuantizeLinear gives, with parameters along the attribute "axis".
Tensor quantise(const Arguments& a, double low, double high, bool stays);

/// Writes QuantizeLinear with [Clip and] DequantizeLinear behind it, Quant and IntQuant as kQuantiser. Throws InputError that names what is
/// neither.
void unify_quantisers(Graph& graph);

}  // namespace flexor::foreign
