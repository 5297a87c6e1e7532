// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "golden/kernels.hpp"

// Loops that every kind of vectors shares: they are put into functions that are compiled for it.
namespace flexor::golden {

/// One block of channels of one pixel; its length is a constant, so that the compiler makes vectors of it. Truncation is floor, because
/// the clamp to 0 comes first.
template <bool More>
[[gnu::always_inline]] inline void requantise_block(const RequantiseJob& job, int block, std::ptrdiff_t at, std::int32_t* __restrict v) {
  const std::int32_t* __restrict sums = job.sums + at + block;
  const double* __restrict more = More ? job.more + at + block : nullptr;
  const double* __restrict bias = job.bias + block;
  const double* __restrict multiplier = job.multiplier + block;
  const double half = job.half;
  const double scale = job.scale;
  const double limit = job.limit;
  for (int m = 0; m < kBlockChannels; ++m) {
    const double products = (sums[m] + bias[m]) * multiplier[m] + (More ? more[m] : 0.0);
    double x = (products + half) * scale;
    x = x > 0.0 ? x : 0.0;
    x = x < limit ? x : limit;
    v[m] = static_cast<std::int32_t>(x);
  }
}

[[gnu::always_inline]] inline void requantise_body(const RequantiseJob& job) {
  for (int p = 0; p < job.pixels; ++p) {
    const std::ptrdiff_t at = static_cast<std::ptrdiff_t>(p) * job.sums_step;
    for (int block = 0; block < job.channels; block += kBlockChannels) {
      std::int32_t v[kBlockChannels];
      if (job.more != nullptr) {
        requantise_block<true>(job, block, at, v);
      } else {
        requantise_block<false>(job, block, at, v);
      }
      std::uint8_t* __restrict out = job.out + static_cast<std::ptrdiff_t>(p) * job.channels + block;
      if (job.channels - block >= kBlockChannels) {
        for (int m = 0; m < kBlockChannels; ++m) out[m] = static_cast<std::uint8_t>(v[m]);
      } else {
        for (int m = 0; m < job.channels - block; ++m) out[m] = static_cast<std::uint8_t>(v[m]);
      }
    }
  }
}

}  // namespace flexor::golden
