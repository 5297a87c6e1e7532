// SPDX-License-Identifier: Apache-2.0
// kernels.hpp for x86 processors with AVX2, and with AVX-512 and its dot product (VNNI).
#include "golden/kernels_body.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#define FLEXOR_AVX2 __attribute__((target("avx2,fma")))
#define FLEXOR_VNNI __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")))

namespace flexor::golden {
namespace {

constexpr int kQuadWeights = kBlockChannels * kQuad;

[[gnu::always_inline]] inline int four_bytes(const std::uint8_t* from) {
  int value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

std::int32_t* place(const DotJob& job, int pixel, int block) {
  return job.sums + (static_cast<std::ptrdiff_t>(pixel) * job.blocks + block) * kBlockChannels;
}

/// Sums of Blocks blocks of channels at Pixels pixels, all in registers.
template <int Blocks, int Pixels>
FLEXOR_VNNI void tile_vnni(const DotJob& job, int block, int pixel) {
  __m512i sum[Pixels][Blocks];
  for (auto& row : sum) {
    for (auto& one : row) one = _mm512_setzero_si512();
  }
  for (int r = 0; r < job.rows; ++r) {
    const std::uint8_t* a = job.activation + pixel * job.pixel_step + r * job.row_step;
    const std::int8_t* w = job.weight + block * job.block_step + r * job.weight_row_step;
    for (int q = 0; q < job.quads; ++q, a += kQuad, w += kQuadWeights) {
      __m512i weight[Blocks];
      for (int b = 0; b < Blocks; ++b) weight[b] = _mm512_loadu_si512(w + b * job.block_step);
      for (int p = 0; p < Pixels; ++p) {
        const __m512i activation = _mm512_set1_epi32(four_bytes(a + p * job.pixel_step));
        for (int b = 0; b < Blocks; ++b) sum[p][b] = _mm512_dpbusd_epi32(sum[p][b], activation, weight[b]);
      }
    }
  }
  for (int p = 0; p < Pixels; ++p) {
    for (int b = 0; b < Blocks; ++b) _mm512_storeu_si512(place(job, pixel + p, block + b), sum[p][b]);
  }
}

template <int Blocks>
void blocks_vnni(const DotJob& job, int block) {
  int p = 0;
  for (; p + 8 <= job.pixels; p += 8) tile_vnni<Blocks, 8>(job, block, p);
  if (p + 4 <= job.pixels) tile_vnni<Blocks, 4>(job, block, p), p += 4;
  for (; p < job.pixels; ++p) tile_vnni<Blocks, 1>(job, block, p);
}

void dot_vnni(const DotJob& job) {
  int block = 0;
  if (job.pixels == 1) {
    for (; block + 4 <= job.blocks; block += 4) tile_vnni<4, 1>(job, block, 0);
  }
  for (; block + 2 <= job.blocks; block += 2) blocks_vnni<2>(job, block);
  if (block < job.blocks) blocks_vnni<1>(job, block);
}

/// requantise_block() for eight channels. The forms with a mask are those that GCC 12 does not warn of (its bug 105593).
FLEXOR_VNNI inline __m256i requantise_eight(const RequantiseJob& job, std::ptrdiff_t at, int channel) {
  constexpr __mmask8 kAll = 0xFF;
  const __m256i sums = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(job.sums + at + channel));
  __m512d x = _mm512_add_pd(_mm512_maskz_cvtepi32_pd(kAll, sums), _mm512_loadu_pd(job.bias + channel));
  x = _mm512_mul_pd(x, _mm512_loadu_pd(job.multiplier + channel));
  if (job.more != nullptr) x = _mm512_add_pd(x, _mm512_loadu_pd(job.more + at + channel));
  x = _mm512_mul_pd(_mm512_add_pd(x, _mm512_set1_pd(job.half)), _mm512_set1_pd(job.scale));
  x = _mm512_maskz_max_pd(kAll, x, _mm512_setzero_pd());
  x = _mm512_maskz_min_pd(kAll, x, _mm512_set1_pd(job.limit));
  return _mm512_maskz_cvttpd_epi32(kAll, x);
}

// Written out, because compilers narrow to bytes with an instruction (vpmovdb to memory) that takes longer than all the rest.
FLEXOR_VNNI void requantise_vnni(const RequantiseJob& job) {
  for (int p = 0; p < job.pixels; ++p) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(p) * job.sums_step;
    std::uint8_t* out = job.out + static_cast<std::ptrdiff_t>(p) * job.channels;
    for (int c = 0; c < job.channels; c += kBlockChannels) {
      const __m256i pairs = _mm256_packus_epi32(requantise_eight(job, at, c), requantise_eight(job, at, c + kBlockChannels / 2));
      const __m256i words = _mm256_permute4x64_epi64(pairs, 0xD8);
      const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
      if (job.channels - c >= kBlockChannels) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + c), bytes);
      } else {
        _mm_mask_storeu_epi8(out + c, static_cast<__mmask16>((1U << (job.channels - c)) - 1), bytes);
      }
    }
  }
}

/// One block of channels, two vectors of it, at Pixels pixels.
template <int Pixels>
FLEXOR_AVX2 void tile_avx2(const DotJob& job, int block, int pixel) {
  const __m256i ones = _mm256_set1_epi16(1);
  __m256i low[Pixels];
  __m256i high[Pixels];
  for (int p = 0; p < Pixels; ++p) low[p] = high[p] = _mm256_setzero_si256();
  for (int r = 0; r < job.rows; ++r) {
    const std::uint8_t* a = job.activation + pixel * job.pixel_step + r * job.row_step;
    const std::int8_t* w = job.weight + block * job.block_step + r * job.weight_row_step;
    for (int q = 0; q < job.quads; ++q, a += kQuad, w += kQuadWeights) {
      const __m256i w_low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
      const __m256i w_high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + kQuadWeights / 2));
      for (int p = 0; p < Pixels; ++p) {
        // Sums of two products do not saturate: kLargestWeight.
        const __m256i activation = _mm256_set1_epi32(four_bytes(a + p * job.pixel_step));
        low[p] = _mm256_add_epi32(low[p], _mm256_madd_epi16(_mm256_maddubs_epi16(activation, w_low), ones));
        high[p] = _mm256_add_epi32(high[p], _mm256_madd_epi16(_mm256_maddubs_epi16(activation, w_high), ones));
      }
    }
  }
  for (int p = 0; p < Pixels; ++p) {
    std::int32_t* to = place(job, pixel + p, block);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), low[p]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + kBlockChannels / 2), high[p]);
  }
}

void dot_avx2(const DotJob& job) {
  for (int block = 0; block < job.blocks; ++block) {
    int p = 0;
    for (; p + 4 <= job.pixels; p += 4) tile_avx2<4>(job, block, p);
    for (; p < job.pixels; ++p) tile_avx2<1>(job, block, p);
  }
}

FLEXOR_AVX2 void requantise_avx2(const RequantiseJob& job) { requantise_body(job); }

}  // namespace

void append_vector_kernels(std::vector<Kernels>& kernels) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni")) {
    kernels.push_back({"AVX-512 VNNI", dot_vnni, requantise_vnni});
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) kernels.push_back({"AVX2", dot_avx2, requantise_avx2});
}

}  // namespace flexor::golden

#else

namespace flexor::golden {
void append_vector_kernels(std::vector<Kernels>& /*kernels*/) {}
}  // namespace flexor::golden

#endif
