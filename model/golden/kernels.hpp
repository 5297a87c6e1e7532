// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// The two loops in which a fast golden model spends its time, once in portable C++ and once for each kind of vectors. All give the same
// integers: a test compares every one that the processor runs with the blocks of blocks.hpp.
namespace flexor::golden {

/// Channels of one block of weights.
inline constexpr int kBlockChannels = 16;
/// Inputs whose weights stand together; the rows of a window are filled up to a multiple with weights of 0.
inline constexpr int kQuad = 4;
/// Most |weight|: a sum of two products with 8-bit activations fits int16.
inline constexpr int kLargestWeight = 64;

/// `sums[p][m] = sum_r sum_k weight[m][r][k] * activation[p * pixel_step + r * row_step + k]`: pe_array, accumulator and, with weights that
/// hold several digits, digit_accumulator for a row of pixels.
struct DotJob {
  const std::int8_t* weight = nullptr;       ///< [block][row][quad][kBlockChannels][kQuad]
  int blocks = 0;                            ///< of channels
  int rows = 0;                              ///< of one window
  int quads = 0;                             ///< of one row; a row's last one may read kQuad - 1 bytes beyond it
  std::ptrdiff_t block_step = 0;             ///< weights from block to block
  std::ptrdiff_t weight_row_step = 0;        ///< weights from row to row; 0: all rows share theirs (global average)
  const std::uint8_t* activation = nullptr;  ///< of the first pixel
  std::ptrdiff_t row_step = 0;               ///< bytes
  std::ptrdiff_t pixel_step = 0;             ///< bytes
  int pixels = 0;
  std::int32_t* sums = nullptr;  ///< [pixel][blocks * kBlockChannels]
};

/// `out = clamp(floor(((sum + bias) * multiplier + more) / 2^shift + 1/2), 0, limit)` for every channel of a row of pixels: requantise and
/// clamp_activation. Channels are filled up to whole blocks, except in `out`. In double precision, which is exact: every term is an integer
/// below 2^51 in magnitude.
struct RequantiseJob {
  const std::int32_t* sums = nullptr;  ///< [pixel][sums_step]
  const double* more = nullptr;        ///< likewise: product of the shortcut; null: none
  const double* bias = nullptr;        ///< [channel]
  const double* multiplier = nullptr;  ///< [channel]
  int sums_step = 0;                   ///< from pixel to pixel
  int channels = 0;
  int pixels = 0;
  double half = 0;              ///< 2^(shift-1)
  double scale = 0;             ///< 2^-shift
  double limit = 255;           ///< activation_max
  std::uint8_t* out = nullptr;  ///< [pixel][channel]
};

/// One kind of vectors.
struct Kernels {
  const char* name;
  void (*dot)(const DotJob& job);
  void (*requantise)(const RequantiseJob& job);
};

/// What this processor runs, the fastest first; the last one is portable C++.
const std::vector<Kernels>& available_kernels();

}  // namespace flexor::golden
