// SPDX-License-Identifier: Apache-2.0
#include "train/integer_kernels.hpp"

#include <algorithm>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace flexor {
namespace {

constexpr int kTaps = 3;  // rows, and columns, of a window
constexpr int kInputs = 2;

template <typename X, typename W>
void portable_sums(const SumsJob& job) {
  constexpr int kEach = kIntegerWord / static_cast<int>(sizeof(X));
  const int channels = job.words * kEach;
  const int row = (job.width + 2) * channels;
  for (int y = 0; y < job.height; ++y) {
    for (int x = 0; x < job.width; ++x) {
      for (int block = 0; block < job.outputs; block += kIntegerBlock) {
        std::int32_t sum[kIntegerBlock] = {};
        const W* weight = static_cast<const W*>(job.weight) + static_cast<std::ptrdiff_t>(block) * kTaps * kTaps * channels;
        for (int t = 0; t < kTaps; ++t) {
          const X* from = static_cast<const X*>(job.input) + static_cast<std::ptrdiff_t>(y + t) * row + x * channels;
          for (int k = 0; k < kTaps * channels; k += kEach, weight += kIntegerBlock * kEach) {
            for (int m = 0; m < kIntegerBlock; ++m) {
              for (int e = 0; e < kEach; ++e) sum[m] += from[k + e] * weight[m * kEach + e];
            }
          }
        }
        float* to = job.sums + (static_cast<std::ptrdiff_t>(y) * job.width + x) * job.outputs + block;
        for (int m = 0; m < kIntegerBlock; ++m) to[m] = job.step * static_cast<float>(sum[m]);
      }
    }
  }
}

const std::int16_t* input_row(const ProductsJob& job, int image, int row) {
  return job.inputs + image * job.input_image + static_cast<std::ptrdiff_t>(row) * (2 * job.pairs + 1) * job.channels * 2;
}
const std::int16_t* gradient_row(const ProductsJob& job, int image, int row) {
  return job.gradients + image * job.gradient_image + static_cast<std::ptrdiff_t>(row) * job.pairs * job.outputs * 2;
}

void portable_products(const ProductsJob& job) {
  std::int32_t sum[kInputs][kTaps][kIntegerBlock] = {};
  for (int image = 0; image < job.images; ++image) {
    for (int r = 0; r < job.rows; ++r) {
      const std::int16_t* x = input_row(job, image, r);
      const std::int16_t* g = gradient_row(job, image, r);
      for (int pair = 0; pair < job.pairs; ++pair, x += 4 * job.channels, g += 2 * job.outputs) {
        for (int i = 0; i < kInputs; ++i) {
          for (int kx = 0; kx < kTaps; ++kx) {
            const std::int16_t* two = x + 2 * (kx * job.channels + i);
            for (int o = 0; o < kIntegerBlock; ++o) sum[i][kx][o] += two[0] * g[2 * o] + two[1] * g[2 * o + 1];
          }
        }
      }
    }
  }
  for (int i = 0; i < kInputs; ++i) {
    for (int kx = 0; kx < kTaps; ++kx) {
      float* to = job.sums + (i * kTaps + kx) * job.outputs;
      for (int o = 0; o < kIntegerBlock; ++o) to[o] += static_cast<float>(sum[i][kx][o]);
    }
  }
}

#if defined(__x86_64__)

#define FLEXOR_AVX2 __attribute__((target("avx2")))
#define FLEXOR_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

constexpr int kHalves = 2;         // vectors of 8 outputs in a block
constexpr int kMostPairSums = 64;  // 64 * 2 * 255 fits int16

// Registers of a tile of some pixels x 16 outputs.
template <int Pixels>
struct Tile {
  __m256i sum[kHalves][Pixels];
};

template <int Pixels>
FLEXOR_AVX2_INLINE void clear(Tile<Pixels>& tile) {
  for (auto& half : tile.sum) {
    for (auto& one : half) one = _mm256_setzero_si256();
  }
}

// Adds sums of pairs, 16 bits, to those of words, 32 bits.
template <int Pixels>
FLEXOR_AVX2_INLINE void widen(Tile<Pixels>& pairs, Tile<Pixels>& words) {
  const __m256i ones = _mm256_set1_epi16(1);
  for (int h = 0; h < kHalves; ++h) {
    for (int p = 0; p < Pixels; ++p) words.sum[h][p] = _mm256_add_epi32(words.sum[h][p], _mm256_madd_epi16(pairs.sum[h][p], ones));
  }
  clear(pairs);
}

template <bool Bytes>
FLEXOR_AVX2_INLINE __m256i add_product(__m256i sum, __m256i input, __m256i weight) {
  return Bytes ? _mm256_add_epi16(sum, _mm256_maddubs_epi16(input, weight)) : _mm256_add_epi32(sum, _mm256_madd_epi16(input, weight));
}

// A word as the vectors want it, eight times.
FLEXOR_AVX2_INLINE __m256i spread(const char* from) {
  std::int32_t word;
  std::memcpy(&word, from, sizeof word);
  return _mm256_set1_epi32(word);
}

template <bool Bytes, int Pixels>
FLEXOR_AVX2 void sums_tile(const SumsJob& job, const char* from, const __m256i* weight, float* to) {
  const int words = job.words;
  const int run = kTaps * words;
  Tile<Pixels> tile, total;
  clear(tile);
  clear(total);
  int held = 0;
  for (int t = 0; t < kTaps; ++t, from += static_cast<std::ptrdiff_t>(job.width + 2) * words * kIntegerWord) {
    for (int k = 0; k < run;) {
      const int end = Bytes ? std::min(run, k + kMostPairSums - held) : run;
      held += end - k;
      for (; k < end; ++k, weight += kHalves) {
        const __m256i first = _mm256_loadu_si256(weight);
        const __m256i second = _mm256_loadu_si256(weight + 1);
        for (int p = 0; p < Pixels; ++p) {
          const __m256i input = spread(from + static_cast<std::ptrdiff_t>(p * words + k) * kIntegerWord);
          tile.sum[0][p] = add_product<Bytes>(tile.sum[0][p], input, first);
          tile.sum[1][p] = add_product<Bytes>(tile.sum[1][p], input, second);
        }
      }
      if (Bytes && held == kMostPairSums) {
        widen(tile, total);
        held = 0;
      }
    }
  }
  if (Bytes) widen(tile, total);
  const __m256 step = _mm256_set1_ps(job.step);
  for (int h = 0; h < kHalves; ++h) {
    for (int p = 0; p < Pixels; ++p) {
      const __m256 sum = _mm256_cvtepi32_ps(Bytes ? total.sum[h][p] : tile.sum[h][p]);
      _mm256_storeu_ps(to + p * job.outputs + 8 * h, _mm256_mul_ps(step, sum));
    }
  }
}

template <bool Bytes>
void sums_avx2(const SumsJob& job) {
  const std::ptrdiff_t pixel = static_cast<std::ptrdiff_t>(job.words) * kIntegerWord;
  for (int block = 0; block < job.outputs / kIntegerBlock; ++block) {
    const auto* weight = static_cast<const __m256i*>(job.weight) + static_cast<std::ptrdiff_t>(block) * kTaps * kTaps * job.words * kHalves;
    for (int y = 0; y < job.height; ++y) {
      const char* from = static_cast<const char*>(job.input) + y * (job.width + 2) * pixel;
      float* to = job.sums + static_cast<std::ptrdiff_t>(y) * job.width * job.outputs + block * kIntegerBlock;
      int x = 0;
      for (; x + 4 <= job.width; x += 4) sums_tile<Bytes, 4>(job, from + x * pixel, weight, to + x * job.outputs);
      for (; x < job.width; x += kIntegerPixels) sums_tile<Bytes, kIntegerPixels>(job, from + x * pixel, weight, to + x * job.outputs);
    }
  }
}

FLEXOR_AVX2_INLINE __m256i load(const std::int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)); }

FLEXOR_AVX2 void products_avx2(const ProductsJob& job) {
  __m256i sum[kInputs][kTaps][kHalves];
  for (auto& input : sum) {
    for (auto& column : input) column[0] = column[1] = _mm256_setzero_si256();
  }
  for (int image = 0; image < job.images; ++image) {
    for (int r = 0; r < job.rows; ++r) {
      const std::int16_t* x = input_row(job, image, r);
      const std::int16_t* g = gradient_row(job, image, r);
      for (int pair = 0; pair < job.pairs; ++pair, x += 4 * job.channels, g += 2 * job.outputs) {
        const __m256i first = load(g);
        const __m256i second = load(g + kIntegerBlock);
        for (int i = 0; i < kInputs; ++i) {
          for (int kx = 0; kx < kTaps; ++kx) {
            const __m256i two = spread(reinterpret_cast<const char*>(x + 2 * (kx * job.channels + i)));
            sum[i][kx][0] = _mm256_add_epi32(sum[i][kx][0], _mm256_madd_epi16(two, first));
            sum[i][kx][1] = _mm256_add_epi32(sum[i][kx][1], _mm256_madd_epi16(two, second));
          }
        }
      }
    }
  }
  for (int i = 0; i < kInputs; ++i) {
    for (int kx = 0; kx < kTaps; ++kx) {
      float* to = job.sums + (i * kTaps + kx) * job.outputs;
      for (int h = 0; h < kHalves; ++h, to += 8)
        _mm256_storeu_ps(to, _mm256_add_ps(_mm256_loadu_ps(to), _mm256_cvtepi32_ps(sum[i][kx][h])));
    }
  }
}

#endif

}  // namespace

const std::vector<IntegerKernels>& integer_kernels() {
  static const std::vector<IntegerKernels> kernels = [] {
    std::vector<IntegerKernels> found;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) found.push_back({"AVX2", sums_avx2<true>, sums_avx2<false>, products_avx2});
#endif
    found.push_back(
        {"portable C++", portable_sums<std::uint8_t, std::int8_t>, portable_sums<std::int16_t, std::int16_t>, portable_products});
    return found;
  }();
  return kernels;
}

}  // namespace flexor
