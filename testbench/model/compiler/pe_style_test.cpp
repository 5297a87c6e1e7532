// SPDX-License-Identifier: Apache-2.0
// For every style: what the array returns for recoded bits is the dot product plus the constants of the lanes with weight -1.
#include "compiler/pe_style.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "code/code.hpp"
#include "code/random.hpp"
#include "engine_interpreter.hpp"

namespace flexor {
namespace {

class PeStyles : public testing::TestWithParam<int> {};

TEST_P(PeStyles, SumIsDotProductPlusConstants) {
  const int style = GetParam();
  Random random(static_cast<std::uint64_t>(style));
  for (const int K : {10, 20, 30, 50, 100, 250}) {
    for (int n = 0; n < 200; ++n) {
      std::vector<int> a;
      std::vector<int> u;
      std::int64_t expected = 0;
      for (int k = 0; k < K; k += 10) {
        const auto w = static_cast<std::uint32_t>(random.below(1024));
        const std::uint32_t recoded = recode_slice(style, w);
        for (int i = 0; i < 10; ++i) {
          a.push_back(static_cast<int>(random.below(256)));
          u.push_back(static_cast<int>(recoded >> i & 1U));
          expected += (w >> i & 1U) != 0 ? a.back() : lane_constant(style, K, k + i) - a.back();
        }
      }
      ASSERT_EQ(test::array_sum(style, K, a, u), expected) << "K = " << K;
    }
  }
}

TEST_P(PeStyles, RecodingIsLinearInvertibleAndKeepsTheTwoChannelsApart) {
  const int style = GetParam();
  std::vector<bool> seen(1024, false);
  for (std::uint32_t w = 0; w < 1024; ++w) {
    const std::uint32_t r = recode_slice(style, w);
    ASSERT_LT(r, 1024U);
    EXPECT_FALSE(seen[r]);
    seen[r] = true;
    EXPECT_EQ(recode_slice(style, w << 10), r << 10);
    EXPECT_EQ(recode_slice(style, w ^ 0x155), r ^ recode_slice(style, 0x155));
  }
  EXPECT_EQ(recode_slice(style, 0), 0U);
}

// The wired code needs no gates where a style recodes: what the array takes is one stored bit a lane.
TEST(WiredCode, EveryRecodedWeightIsAStoredBit) {
  const Code code = wired_code();
  for (const int style : {4, 5}) {
    std::vector<int> taps(20, 0);
    for (int j = 0; j < code.n_in; ++j) {
      const std::uint32_t column = recode_slice(style, code.column(j));
      for (int i = 0; i < 20; ++i) taps[static_cast<std::size_t>(i)] += static_cast<int>(column >> i & 1U);
    }
    EXPECT_EQ(taps, std::vector<int>(20, 1)) << "style " << style;
  }
}

INSTANTIATE_TEST_SUITE_P(All, PeStyles, testing::Range(0, 6));

}  // namespace
}  // namespace flexor
