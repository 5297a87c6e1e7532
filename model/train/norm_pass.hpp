// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

namespace flexor {

/// A bfloat16 in memory.
struct BFloat16 {
  std::uint16_t bits;
};

/// A tensor in NHWC order, seen as pixels x channels.
struct PixelRows {
  std::int64_t pixels = 0, channels = 0;
};

/// Whether the passes below take this tensor: its channels divide 64 or 64 divides them, and it consists of whole groups of 64 values.
bool norm_pass_fits(const PixelRows& rows);

/// Sums over the pixels, one a channel.
struct ChannelSums {
  std::vector<double> first, second;
};

/// The way from accumulator a (and shortcut r) to the activation: s = scale a + shift + shortcut r, q = clamp(floor(s + 1/2), 0, largest).
struct ChannelMap {
  std::vector<float> scale, shift;  ///< one a channel
  float shortcut = 0;
  float largest = 255;
};

/// The way back to the accumulator: da = slope g + by_value a + constant; one value a channel.
struct GradientMap {
  std::vector<float> slope, by_value, constant;
};

// T is float or BFloat16. Every pass reads its tensors once in the order of memory, on all threads; results do not depend on how many.

/// Sums of a and of a^2.
template <typename T>
ChannelSums sum_squares(const T* a, const PixelRows& rows);
/// q of every a and r (null: no shortcut), once more as bytes (null: not wanted; largest <= 255).
template <typename T>
void map_and_round(const T* a, const T* r, const ChannelMap& map, const PixelRows& rows, T* q, std::uint8_t* bytes);
/// The gradient of an output, or the two whose sum it is (second: null for one alone).
template <typename T>
struct OutputGradient {
  const T* first = nullptr;
  const T* second = nullptr;
};
/// What lies between which values, one a channel.
struct ChannelBounds {
  std::vector<float> gradient;         ///< largest |g|
  std::vector<float> lowest, highest;  ///< a
};
/// g = dq where 0 < s < largest, else 0: straight through the rounding. Sums of g and of g a. Keeps g where it is not null, as it must be
/// neither with a shortcut nor with two gradients. `bounds`: null where they are not wanted.
template <typename T>
ChannelSums sum_gradients(OutputGradient<T> dq, const T* a, const T* r, const ChannelMap& map, const PixelRows& rows, T* g,
                          ChannelBounds* bounds = nullptr);
/// da of every g and a. `masked`: g is the dq of a layer without shortcut and counts only where 0 < s < largest. D is T, or int16, to which
/// da is rounded and in which it must fit.
template <typename T, typename D>
void spread_gradient(const T* g, const T* a, bool masked, const ChannelMap& map, const GradientMap& to, const PixelRows& rows, D* da);

}  // namespace flexor
