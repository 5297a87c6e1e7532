// SPDX-License-Identifier: Apache-2.0
#include "code/code.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <stdexcept>

#include "code/random.hpp"

namespace flexor {
namespace {

// The paper's closed form in double: b_i = (-1)^(taps-1) * product of sign(x_j) over the taps of row i, x_j = +-1.
double closed_form(const Code& code, int i, std::uint32_t stored) {
  double product = 1;
  int taps = 0;
  for (int j = 0; j < code.n_in; ++j) {
    if ((code.rows[static_cast<std::size_t>(i)] >> j & 1U) == 0) continue;
    product *= (stored >> j & 1U) != 0 ? 1.0 : -1.0;
    ++taps;
  }
  return std::pow(-1.0, taps - 1) * product;
}

std::vector<Code> many_codes() {
  std::vector<Code> codes;
  for (int n = 1; n <= 20; ++n) codes.push_back(nested_code(n));
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    codes.push_back(random_tap_code(static_cast<int>(8 + seed), static_cast<int>(4 + seed / 2), static_cast<int>(1 + seed % 4), seed));
    codes.push_back(dense_code(32, static_cast<int>(12 + seed), seed));
  }
  codes.push_back(identity_code(20));
  codes.push_back(identity_code(32));
  return codes;
}

TEST(Decrypt, EqualsThePapersProductOfSigns) {
  Random random(0);
  for (const Code& code : many_codes()) {
    for (int n = 0; n < 100; ++n) {
      const auto stored = static_cast<std::uint32_t>(random.next()) & static_cast<std::uint32_t>((std::uint64_t{1} << code.n_in) - 1);
      const std::uint32_t weights = code.decrypt(stored);
      for (int i = 0; i < code.n_out; ++i) {
        ASSERT_EQ((weights >> i & 1U) != 0 ? 1.0 : -1.0, closed_form(code, i, stored)) << code.name << " row " << i << " stored " << stored;
      }
    }
  }
}

TEST(Decrypt, IgnoresBitsPastTheStoredOnes) {
  for (const Code& code : many_codes()) {
    if (code.n_in == 32) continue;
    EXPECT_EQ(code.decrypt(0x5A5A5A5AU), code.decrypt(0x5A5A5A5AU & ((1U << code.n_in) - 1)));
  }
}

TEST(Decrypt, OneFlippedTapChangesTheWeights) {
  for (Code code : many_codes()) {
    const Code good = code;
    code.rows[0] ^= 1;
    EXPECT_NE(code.decrypt(1), good.decrypt(1)) << code.name;
  }
}

TEST(Column, IsTheImageOfOneStoredBit) {
  for (const Code& code : many_codes()) {
    for (int j = 0; j < code.n_in; ++j) EXPECT_EQ(code.column(j), code.decrypt(1U << j)) << code.name;
  }
}

TEST(Rank, IsTheLogarithmOfTheNumberOfCodewords) {
  for (const Code& code : many_codes()) {
    if (code.n_in > 12) continue;
    std::set<std::uint32_t> words;
    for (std::uint32_t x = 0; x < 1U << code.n_in; ++x) words.insert(code.decrypt(x));
    EXPECT_EQ(words.size(), std::size_t{1} << code.rank()) << code.name;
  }
}

TEST(ValidateCode, TakesTheSmallestAndTheLargest) {
  EXPECT_NO_THROW(validate({"one", 1, 1, {1}}));
  EXPECT_NO_THROW(validate({"all", 32, 32, std::vector<std::uint32_t>(32, 0xFFFFFFFF)}));
}

TEST(ValidateCode, RefusesWhatCannotBe) {
  const Code good = nested_code(8);
  EXPECT_NO_THROW(validate(good));
  Code code = good;
  code.n_out = 33;
  EXPECT_THROW(validate(code), std::invalid_argument);
  EXPECT_THROW(validate({"none", 0, 8, {}}), std::invalid_argument);
  EXPECT_THROW(validate({"wide", 1, 33, {1}}), std::invalid_argument);
  code = good;
  code.n_in = 0;
  EXPECT_THROW(validate(code), std::invalid_argument);
  code = good;
  code.rows.pop_back();
  EXPECT_THROW(validate(code), std::invalid_argument);
  code = good;
  code.rows[3] |= 1U << 8;
  EXPECT_THROW(validate(code), std::invalid_argument);
}

}  // namespace
}  // namespace flexor
