// SPDX-License-Identifier: Apache-2.0
#include "code/agreement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <stdexcept>
#include <vector>

namespace flexor {
namespace {

// The definition in double precision, over other draws: normal latents of the standard library, every codeword by decrypt().
double by_definition(const Code& code, int slices) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  double followed = 0, all = 0;
  for (int s = 0; s < slices; ++s) {
    std::vector<double> u(code.rows.size());
    for (double& value : u) all += std::abs(value = normal(random));
    double best = -1e9;
    for (std::uint32_t x = 0; x < 1U << code.n_in; ++x) {
      const std::uint32_t y = code.decrypt(x);
      double sum = 0;
      for (std::size_t i = 0; i < u.size(); ++i) sum += (y >> i & 1U) != 0 ? u[i] : -u[i];
      best = std::max(best, sum);
    }
    followed += best;
  }
  return followed / all;
}

TEST(Agreement, IsTheCorrelationOfTheBestCodeword) {
  for (const Code& code :
       {nested_code(4), nested_code(8), random_tap_code(20, 8, 2, 3), dense_code(20, 10, 1), random_tap_code(7, 3, 2, 1)}) {
    EXPECT_NEAR(agreement(code, 4096), by_definition(code, 2000), 0.012) << code.name << " " << code.n_in;
  }
}

TEST(Agreement, IsOneWhereEveryWeightIsFree) {
  EXPECT_EQ(agreement(identity_code(10), 100), 1);
  EXPECT_EQ(agreement(identity_code(16), 3), 1);
}

// One stored bit for n weights: E|sum of u| : n E|u| = 1 / sqrt(n).
TEST(Agreement, OfOneBitFallsWithTheRootOfTheWeights) {
  for (const int n : {4, 9, 20})
    EXPECT_NEAR(agreement({"one", n, 1, std::vector<std::uint32_t>(static_cast<std::size_t>(n), 1)}, 20000), 1 / std::sqrt(n), 0.01);
}

// A tap that is taken away is seen.
TEST(Agreement, KnowsOneBitOfTheCode) {
  Code code = nested_code(8);
  const double whole = agreement(code, 512);
  code.rows[5] ^= 1;
  EXPECT_NE(agreement(code, 512), whole);
}

TEST(Agreement, RefusesWhatItCannotLookThrough) {
  EXPECT_THROW(agreement(nested_code(17), 10), std::invalid_argument);
  EXPECT_THROW(agreement(nested_code(8), 0), std::invalid_argument);
}

}  // namespace
}  // namespace flexor
