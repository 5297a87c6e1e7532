// SPDX-License-Identifier: Apache-2.0
#include "code/agreement.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "code/random.hpp"

namespace flexor {
namespace {

constexpr std::uint64_t kSeed = 1;

// A sum of twelve uniform 16-bit integers less its mean: about normal, deviation 2^16.
std::int32_t draw(Random& random) {
  std::int32_t sum = -6 * 65536;
  for (int word = 0; word < 3; ++word) {
    for (std::uint64_t bits = random.next(), part = 0; part < 4; ++part, bits >>= 16) sum += static_cast<std::int32_t>(bits & 0xFFFF);
  }
  return sum;
}

}  // namespace

double agreement(const Code& code, int slices) {
  validate(code);
  if (code.n_in > 16 || slices < 1) throw std::invalid_argument("agreement needs n_in <= 16 and at least one slice");
  const auto samples = static_cast<std::size_t>(slices);
  // latent[i][s]; at stored bits 0 every weight is -1.
  Random random(kSeed);
  std::vector<std::vector<std::int32_t>> latent(code.rows.size(), std::vector<std::int32_t>(samples));
  std::vector<std::int32_t> sum(samples, 0);
  std::int64_t magnitude = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    for (auto& row : latent) {
      row[s] = draw(random);
      sum[s] -= row[s];
      magnitude += std::abs(row[s]);
    }
  }
  // All codewords, one stored bit turned at a time.
  std::vector<std::int32_t> best = sum;
  std::uint32_t weights = 0;
  for (std::uint32_t step = 1; step < 1U << code.n_in; ++step) {
    const std::uint32_t column = code.column(std::countr_zero(step));
    weights ^= column;
    for (std::uint32_t left = column; left != 0; left &= left - 1) {
      const auto i = static_cast<std::size_t>(std::countr_zero(left));
      const std::int32_t change = (weights >> i & 1U) != 0 ? 2 : -2;
      for (std::size_t s = 0; s < samples; ++s) sum[s] += change * latent[i][s];
    }
    for (std::size_t s = 0; s < samples; ++s) best[s] = std::max(best[s], sum[s]);
  }
  return static_cast<double>(std::accumulate(best.begin(), best.end(), std::int64_t{0})) / static_cast<double>(magnitude);
}

}  // namespace flexor
