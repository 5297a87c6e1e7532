// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <bit>
#include <set>

#include "code/agreement.hpp"
#include "code/code.hpp"
#include "code/covering.hpp"
#include "code/error.hpp"
#include "code/nested_search.hpp"
#include "code/wired_search.hpp"

namespace flexor {
namespace {

// Every copy decrypts its own stored bits as the small code does.
TEST(Families, CopiesOfACodeStandSideBySide) {
  for (const auto& [small, times] :
       {std::pair{random_tap_code(10, 4, 2, 7), 2}, std::pair{dense_code(5, 2, 3), 4}, std::pair{identity_code(4), 5}}) {
    const Code whole = repeated_code(small, times);
    EXPECT_EQ(whole.n_out, 20);
    EXPECT_EQ(whole.n_in, small.n_in * times);
    EXPECT_EQ(whole.rank(), small.rank() * times);
    for (std::uint32_t stored = 0; stored < 1U << std::min(whole.n_in, 12); ++stored) {
      std::uint32_t wanted = 0;
      for (int c = 0; c < times; ++c) {
        const std::uint32_t own = stored >> (c * small.n_in) & ((1U << small.n_in) - 1);
        wanted |= small.decrypt(own) << (c * small.n_out);
      }
      ASSERT_EQ(whole.decrypt(stored), wanted) << stored;
    }
  }
  EXPECT_THROW(repeated_code(nested_code(8), 2), InputError);
  EXPECT_THROW(repeated_code(nested_code(8), 0), InputError);
}

TEST(NestedCode, EveryPrefixHasFullRankAndFewTaps) {
  const Code whole = nested_code(20);
  for (int n = 1; n <= 20; ++n) {
    const Code code = nested_code(n);
    EXPECT_EQ(code.n_out, 20);
    EXPECT_EQ(code.n_in, n);
    EXPECT_EQ(code.rank(), n);
    EXPECT_LE(code.max_taps(), 4);
    for (int j = 0; j < n; ++j) EXPECT_EQ(code.column(j), whole.column(j));
    EXPECT_NO_THROW(validate(code));
  }
}

// What a core of at most 13 bits needs, at every size.
TEST(NestedCode, OfOtherSlicesHasFullRankFewTapsAndASmallCore) {
  for (const NestedFamily& family : {NestedFamily::of32(), NestedFamily::of16(), NestedFamily::of8()}) {
    const Code whole = nested_code(family.n_out, family.n_out);
    for (int n = 1; n <= family.n_out; ++n) {
      const Code code = nested_code(n, family.n_out);
      EXPECT_EQ(code.n_out, family.n_out);
      EXPECT_EQ(code.rank(), n);
      EXPECT_LE(code.max_taps(), 4);
      EXPECT_NO_THROW(validate(code));
      for (int j = 0; j < n; ++j) EXPECT_EQ(code.column(j), whole.column(j));
    }
    for (std::size_t i = 0; i < whole.rows.size(); ++i) {
      EXPECT_EQ(whole.rows[i] >> i, 1U);
      EXPECT_EQ((whole.rows[i] ^ 1U << i) >> family.shared, 0U);
    }
  }
  EXPECT_THROW(nested_code(4, 10), InputError);
  EXPECT_THROW(nested_code(33, 32), InputError);
}

// At 13 of 32 as well as a random code with every tap; beyond, where the nearest codeword of such a code cannot be searched, better than
// two blocks.
TEST(NestedCode, Of32CoversWell) {
  EXPECT_LE(covering_distance(nested_code(13, 32)), covering_distance(dense_code(32, 13, 1)));
  EXPECT_LE(covering_distance(nested_code(19, 32)), (covering_distance(nested_code(9, 16)) + covering_distance(nested_code(10, 16))) / 2);
  EXPECT_LE(covering_distance(nested_code(26, 32)), covering_distance(nested_code(13, 16)));
  EXPECT_EQ(covering_distance(nested_code(32, 32)), 0.0);
}

TEST(NestedCode, OfBlocksIsWhatTheSearchFinds) {
  NestedSearch halves(8, NestedFamily::of16()), quarters(6, NestedFamily::of8());
  halves.climb(400);
  quarters.climb(200);
  EXPECT_EQ(halves.rows(), nested_code(16, 16).rows);
  EXPECT_EQ(quarters.rows(), nested_code(8, 8).rows);
}

TEST(BlockCode, EveryBlockDecryptsItsOwnBits) {
  const Code parts[] = {nested_code(3, 8), dense_code(8, 5, 1), nested_code(7, 16)};
  const Code whole = block_code({parts[0], parts[1], parts[2]});
  ASSERT_EQ(whole.n_out, 32);
  ASSERT_EQ(whole.n_in, 15);
  for (std::uint32_t stored = 0; stored < 1U << 15; stored += 7) {
    const std::uint32_t wanted =
        parts[0].decrypt(stored & 7) | parts[1].decrypt(stored >> 3 & 31) << 8 | parts[2].decrypt(stored >> 8) << 16;
    ASSERT_EQ(whole.decrypt(stored), wanted) << stored;
  }
  EXPECT_THROW(block_code({nested_code(8), nested_code(8)}), InputError);
}

TEST(NestedCode, IsUnitLowerTriangularWithOtherTapsAmongTheFirstEight) {
  const Code code = nested_code(20);
  for (int i = 0; i < 20; ++i) {
    const std::uint32_t row = code.rows[static_cast<std::size_t>(i)];
    EXPECT_EQ(row >> i, 1U);
    EXPECT_EQ((row ^ 1U << i) >> 8, 0U);
  }
}

TEST(NestedCode, CoversBetterThanThePublishedDraws) {
  EXPECT_LE(covering_distance(nested_code(8)), 0.191);
  EXPECT_LE(covering_distance(nested_code(12)), 0.125);
  EXPECT_LE(covering_distance(nested_code(16)), 0.070);
  EXPECT_EQ(covering_distance(nested_code(20)), 0.0);
}

TEST(NestedCode, IsWhatTheSearchFinds) {
  NestedSearch search(42);
  search.climb(4000);
  EXPECT_EQ(search.rows(), nested_code(20).rows);
}

TEST(NestedCode, RefusesRatesItDoesNotHave) {
  EXPECT_THROW(nested_code(0), InputError);
  EXPECT_THROW(nested_code(21), InputError);
}

TEST(WiredCode, HasFullRankAndNoTwoWeightsAreAlwaysEqual) {
  const Code code = wired_code();
  EXPECT_NO_THROW(validate(code));
  EXPECT_EQ(code.n_out, 20);
  EXPECT_EQ(code.n_in, 12);
  EXPECT_EQ(code.rank(), 12);
  EXPECT_LE(code.max_taps(), 3);
  EXPECT_EQ((std::set<std::uint32_t>{code.rows.begin(), code.rows.end()}.size()), 20U);
}

// Follows latent weights better than the nested code of the same rate and than the paper's draws.
TEST(WiredCode, AgreesBetterThanTheNestedCode) {
  EXPECT_GT(agreement(wired_code(), 4096), agreement(nested_code(12), 4096));
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    EXPECT_GT(agreement(wired_code(), 4096), agreement(random_tap_code(20, 12, 2, seed), 4096) + 0.02);
}

TEST(WiredCode, IsWhatTheSearchFinds) {
  WiredSearch search(12, 3);
  search.climb(2000);
  EXPECT_EQ(search.code(), wired_code());
}

TEST(RandomTapCode, HasExactlyTheTapsAndFollowsItsSeed) {
  for (int taps = 1; taps <= 8; ++taps) {
    const Code code = random_tap_code(20, 8, taps, 5);
    for (const std::uint32_t row : code.rows) EXPECT_EQ(std::popcount(row), taps);
    EXPECT_NO_THROW(validate(code));
  }
  EXPECT_EQ(random_tap_code(20, 8, 2, 5), random_tap_code(20, 8, 2, 5));
  EXPECT_NE(random_tap_code(20, 8, 2, 5).rows, random_tap_code(20, 8, 2, 6).rows);
  EXPECT_THROW(random_tap_code(20, 8, 9, 1), InputError);
  EXPECT_THROW(random_tap_code(33, 8, 2, 1), InputError);
  EXPECT_THROW(random_tap_code(20, 33, 2, 1), InputError);
}

TEST(RandomTapCode, WithTwoTapsLosesRank) {
  // Complementing every stored bit leaves every output as it was, so the rank is below N_in.
  for (std::uint64_t seed = 0; seed < 50; ++seed) EXPECT_LT(random_tap_code(20, 8, 2, seed).rank(), 8);
}

TEST(DenseCode, HasNoZeroRow) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (const std::uint32_t row : dense_code(32, 3, seed).rows) EXPECT_NE(row, 0U);
  }
  EXPECT_THROW(dense_code(20, 0, 1), InputError);
}

TEST(IdentityCode, LeavesTheStoredBits) {
  EXPECT_EQ(identity_code(20).decrypt(0xABCDE), 0xABCDEU);
  EXPECT_EQ(identity_code(32).decrypt(0xDEADBEEF), 0xDEADBEEFU);
}

// The first draws of SplitMix64 from seed 1234567, as its author's C code gives them.
TEST(Random, IsSplitMix64) {
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

}  // namespace
}  // namespace flexor
