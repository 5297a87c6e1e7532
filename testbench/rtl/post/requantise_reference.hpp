// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace flexor::testbench {

/// The low `bits` bits of value as a two's complement number.
inline std::int64_t wrap(std::int64_t value, int bits) {
  const double period = std::ldexp(1.0, bits);
  const double half = period / 2;
  return static_cast<std::int64_t>(value - period * std::floor((static_cast<double>(value) + half) / period));
}

/// What a layer adds to a value: LSBs of the shortcut and their weight in 1/256.
struct ShortcutTerm {
  int value = 0;
  int multiplier = 0;
};

/// docs/arithmetic.md in double precision: every term is exact (at most 49 significant bits), floor(x + 1/2) rounds half up.
/// `sum` is acc + offset; t_width its bits.
inline int requantise_reference(std::int64_t sum, int multiplier, int t_width, int shift, bool logits, int activation_max,
                                ShortcutTerm shortcut = {}, bool projection = false) {
  const double t = static_cast<double>(wrap(sum, t_width));
  const double added = static_cast<double>(shortcut.value) * shortcut.multiplier / 256;
  const double v = std::floor(t * multiplier / std::ldexp(1.0, shift) + added + 0.5);
  const double low = projection ? -activation_max - 1.0 : 0.0;
  return static_cast<int>(logits ? std::clamp(v, -32768.0, 32767.0) : std::clamp(v, low, static_cast<double>(activation_max)));
}

}  // namespace flexor::testbench
