// SPDX-License-Identifier: Apache-2.0
#include "golden/kernels.hpp"

#include "golden/kernels_body.hpp"

namespace flexor::golden {
namespace {

// Four partial sums a channel, which stand as the weights do: the inner loop is one of vectors for any compiler.
void dot_portable(const DotJob& job) {
  constexpr int kWeights = kBlockChannels * kQuad;
  constexpr int kTwice = 2 * kQuad;
  for (int p = 0; p < job.pixels; ++p) {
    for (int block = 0; block < job.blocks; ++block) {
      std::int32_t part[kWeights] = {};
      for (int r = 0; r < job.rows; ++r) {
        const std::uint8_t* a = job.activation + p * job.pixel_step + r * job.row_step;
        const std::int8_t* w = job.weight + block * job.block_step + r * job.weight_row_step;
        for (int q = 0; q < job.quads; ++q, a += kQuad, w += kWeights) {
          const std::int16_t four[kTwice] = {a[0], a[1], a[2], a[3], a[0], a[1], a[2], a[3]};
          for (int i = 0; i < kWeights; i += kTwice) {
            for (int j = 0; j < kTwice; ++j) part[i + j] += w[i + j] * four[j];
          }
        }
      }
      std::int32_t* sums = job.sums + (static_cast<std::ptrdiff_t>(p) * job.blocks + block) * kBlockChannels;
      for (int m = 0; m < kBlockChannels; ++m) {
        const std::int32_t* of = part + m * kQuad;
        sums[m] = of[0] + of[1] + of[2] + of[3];
      }
    }
  }
}

void requantise_portable(const RequantiseJob& job) { requantise_body(job); }

}  // namespace

void append_vector_kernels(std::vector<Kernels>& kernels);  // kernels_x86.cpp

const std::vector<Kernels>& available_kernels() {
  static const std::vector<Kernels> kernels = [] {
    std::vector<Kernels> all;
    append_vector_kernels(all);
    all.push_back({"portable", dot_portable, requantise_portable});
    return all;
  }();
  return kernels;
}

}  // namespace flexor::golden
