// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

// The three loops of IntegerConvolution, once in portable C++ and once with AVX2. Both give the same numbers.
namespace flexor {

/// Output channels of one block of weights.
inline constexpr int kIntegerBlock = 16;
/// A row has a multiple of so many pixels.
inline constexpr int kIntegerPixels = 2;
/// Bytes of a word: four bytes or two 16-bit integers of neighbouring channels.
inline constexpr int kIntegerWord = 4;

/// 3x3 sums of one image: `sums[p][m] = step * sum_t sum_k weight[m][t][k] * input[p + t][k]`, exact before the multiplication.
/// X is uint8 with weights of int8, or int16 with weights of int16; a word has 4 / sizeof(X) channels.
struct SumsJob {
  const void* input = nullptr;   ///< X [height + 2][width + 2][channels], zero (or what stands outside) around the image
  const void* weight = nullptr;  ///< -1 and +1: [outputs / 16][9][words][16][4 / sizeof(X)]
  int height = 0, width = 0;     ///< of the image; width even
  int words = 0;                 ///< of one pixel
  int outputs = 0;               ///< a multiple of 16
  float step = 1;
  float* sums = nullptr;  ///< [height][width][outputs]
};

/// Products of inputs and gradients summed over pixels: `sums[i][kx][o] += sum_p x[p + kx][i] * g[p][o]` for two inputs i, three columns kx
/// and 16 outputs o. At most 256 pixels, so that 255 * 32767 * 256 fits int32.
struct ProductsJob {
  const std::int16_t* inputs = nullptr;     ///< [images][rows][2 pairs + 1][channels][2]: pixels j and j + 1 of a row stand together
  const std::int16_t* gradients = nullptr;  ///< [images][rows][pairs][outputs][2]: pixels 2 j and 2 j + 1
  int images = 0, rows = 0, pairs = 0;
  int channels = 0, outputs = 0;                       ///< from pair to pair
  std::ptrdiff_t input_image = 0, gradient_image = 0;  ///< numbers from image to image
  float* sums = nullptr;                               ///< [2][3][outputs]
};

/// One kind of vectors.
struct IntegerKernels {
  const char* name;
  void (*byte_sums)(const SumsJob& job);  ///< inputs of uint8, weights of int8
  void (*word_sums)(const SumsJob& job);  ///< int16, int16
  void (*products)(const ProductsJob& job);
};

/// What this processor runs, the fastest first; the last one is portable C++.
const std::vector<IntegerKernels>& integer_kernels();

}  // namespace flexor
