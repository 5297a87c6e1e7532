// SPDX-License-Identifier: Apache-2.0
#include "code/covering.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <stdexcept>
#include <vector>

#include "code/random.hpp"

namespace flexor {
namespace {

// By definition: every slice against every codeword.
double brute_force(const Code& code) {
  std::vector<std::uint32_t> words;
  for (std::uint32_t x = 0; x < 1U << code.n_in; ++x) words.push_back(code.decrypt(x));
  double sum = 0;
  for (std::uint32_t y = 0; y < 1U << code.n_out; ++y) {
    int nearest = code.n_out;
    for (const std::uint32_t word : words) nearest = std::min(nearest, std::popcount(y ^ word));
    sum += nearest;
  }
  return sum / static_cast<double>(1U << code.n_out) / code.n_out;
}

TEST(CoveringDistance, EqualsTheDefinition) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const int n_out = 6 + static_cast<int>(seed % 5);
    const int n_in = 2 + static_cast<int>(seed % 4);
    for (const Code& code : {random_tap_code(n_out, n_in, 2, seed), dense_code(n_out, n_in, seed)}) {
      EXPECT_NEAR(covering_distance(code), brute_force(code), 1e-12) << code.name << " " << n_out << " " << n_in;
    }
  }
}

TEST(CoveringDistance, OfKnownCodes) {
  EXPECT_EQ(covering_distance(identity_code(20)), 0.0);
  // Repetition code of length 3: a random word is at distance 1 from it with probability 6/8.
  EXPECT_NEAR(covering_distance(Code{"repetition", 3, 1, {1, 1, 1}}), 0.75 / 3, 1e-12);
  // Hamming (7,4) is perfect: distance 1 with probability 7/8.
  EXPECT_NEAR(covering_distance(Code{"hamming", 7, 4, {1, 2, 4, 8, 0b0111, 0b1011, 0b1101}}), 0.875 / 7, 1e-12);
}

TEST(CoveringDistance, RefusesCodesThatAreTooThin) { EXPECT_THROW(covering_distance(random_tap_code(32, 4, 2, 1)), std::invalid_argument); }

}  // namespace
}  // namespace flexor
