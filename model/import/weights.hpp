// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

namespace flexor::foreign {

inline constexpr int kMostDigits = 8;
inline constexpr int kShift = 16;                  ///< of every engine
inline constexpr int kLargestMultiplier = 32767;   ///< int16
inline constexpr double kOne = 1 << kShift;

/// Weights of a layer as the engine holds them: odd integers w of so many binary digits, w = sum_p 2^p b_p, and what one of them is worth
/// per channel.
struct IntegerWeights {
  int digits = 1;
  std::vector<int> values;         ///< [channel][input], as given
  std::vector<double> unit;        ///< per channel: output LSBs per accumulator unit, > 0
  std::vector<int> multiplier;     ///< per channel: unit * 2^shift, rounded
  std::int64_t rounded = 0;        ///< weights that are no multiples of their channel's unit
  double worst = 0;                ///< largest rounding, in shares of its channel's largest weight
};

/// Rounds weights in output LSBs per input level, `inputs` a channel. Where all channels are odd multiples of a unit, as weights of -1 and +1
/// are, they stay what they are with as few digits as possible; else they become the nearest odd multiples with `digits` digits of a unit
/// whose multiplier is a whole number, and such that their sum keeps. Throws InputError when a channel is not finite or too steep for the
/// engine's multipliers.
IntegerWeights integer_weights(const std::vector<double>& weights, std::size_t inputs, int digits);

/// Digit p of every weight as -1 or +1.
std::vector<std::int8_t> digit_plane(const IntegerWeights& weights, int p);

}  // namespace flexor::foreign
