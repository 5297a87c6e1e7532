// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>

#include "code/code.hpp"
#include "network/network.hpp"

// One function per RTL block, integers only. Same names as in rtl/, docs/blocks/ and docs/arithmetic.md.
namespace flexor::golden {

/// Channels that one call of pe_array takes.
inline constexpr int kArrayChannels = 32;
/// Most lanes of one call: 128 * 255 fits int16.
inline constexpr int kArrayLanes = 128;

/// `y_i = XOR_j M[i][j] & x_j`: the weight bits of one slice, 1 is +1 and 0 is -1.
inline std::uint32_t xor_decryptor(const Code& code, std::uint32_t stored) { return code.decrypt(stored); }

/// `dot[m] = sum_k b[k][m] * a[k]` for kArrayChannels channels and `lanes` <= kArrayLanes inputs; b in {-1, +1} (0: a channel
/// that does not exist), a in 0..255. `weight` holds kArrayChannels values per lane.
void pe_array(const std::int8_t* weight, const std::uint8_t* activation, int lanes, std::int16_t* dot);

/// `acc[m] += dot[m]`.
inline void accumulator(const std::int16_t* dot, std::int32_t* acc) {
  for (int m = 0; m < kArrayChannels; ++m) acc[m] += dot[m];
}

/// `acc[c] = max(acc[c], 4 a[c])`: one place of a window of a pooling layer. acc begins at 0.
inline void pool_maximum(const std::uint8_t* a, int channels, std::int32_t* acc) {
  for (int c = 0; c < channels; ++c) acc[c] = std::max(acc[c], kPoolUnit * a[c]);
}

/// `acc[c] += 4 a[c]`: likewise, for an average.
inline void pool_sum(const std::uint8_t* a, int channels, std::int32_t* acc) {
  for (int c = 0; c < channels; ++c) acc[c] += kPoolUnit * a[c];
}

/// `acc[m] = 2 * acc[m] + sum[m]`: one more binary digit of the weights, the most significant first.
inline void digit_accumulator(const std::int32_t* sum, std::int32_t* acc) {
  for (int m = 0; m < kArrayChannels; ++m) acc[m] = 2 * acc[m] + sum[m];
}

/// `t * multiplier`, t = acc + bias: what the accumulator brings.
inline std::int64_t accumulator_product(std::int32_t acc, std::int32_t bias, std::int16_t multiplier) {
  return (static_cast<std::int64_t>(acc) + bias) * multiplier;
}

/// `r * shortcut_multiplier * 2^(shift-8)`: what the shortcut brings; its multiplier counts in 1/256. r in -128..255, shift >= 8.
inline std::int64_t shortcut_product(int r, int shortcut_multiplier, int shift) {
  return static_cast<std::int64_t>(r) * shortcut_multiplier * (std::int64_t{1} << (shift - 8));
}

/// `v = (sum of products + 2^(shift-1)) >> shift`, arithmetic: rounds half up.
inline std::int64_t requantise(std::int64_t products, int shift) { return (products + (std::int64_t{1} << (shift - 1))) >> shift; }

/// `out = min(max(v, 0), activation_max)`: clamp of a hidden layer.
inline std::int16_t clamp_activation(std::int64_t v, int activation_max) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(v, 0, activation_max));
}

/// `out = min(max(v, -activation_max - 1), activation_max)`: clamp of a projection.
inline std::int16_t clamp_projection(std::int64_t v, int activation_max) {
  return static_cast<std::int16_t>(std::clamp<std::int64_t>(v, -activation_max - 1, activation_max));
}

/// `out = min(max(v, -32768), 32767)`: clamp of the logits.
inline std::int16_t clamp_logit(std::int64_t v) { return static_cast<std::int16_t>(std::clamp<std::int64_t>(v, -32768, 32767)); }

/// `out = max(v00, v01, v10, v11)`: one 2x2 window of requantised activations.
inline std::int16_t max_pool(std::int16_t v00, std::int16_t v01, std::int16_t v10, std::int16_t v11) {
  return std::max(std::max(v00, v01), std::max(v10, v11));
}

}  // namespace flexor::golden
