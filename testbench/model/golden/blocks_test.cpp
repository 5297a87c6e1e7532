// SPDX-License-Identifier: Apache-2.0
// Each block against its formula in docs/arithmetic.md, computed in double.
#include "golden/blocks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "code/random.hpp"

namespace flexor::golden {
namespace {

TEST(PeArray, IsTheDotProduct) {
  Random random(0);
  for (const int lanes : {1, 2, 7, 25, 100, 127, 128}) {
    for (int n = 0; n < 20; ++n) {
      std::vector<std::int8_t> weight;
      std::vector<std::uint8_t> activation;
      std::array<double, kArrayChannels> expected{};
      for (int k = 0; k < lanes; ++k) {
        activation.push_back(n == 0 ? std::uint8_t{255} : static_cast<std::uint8_t>(random.below(256)));
        for (std::size_t m = 0; m < kArrayChannels; ++m) {
          weight.push_back(n == 0 ? std::int8_t{-1} : static_cast<std::int8_t>(random.below(3)) - 1);
          expected[m] += static_cast<double>(weight.back()) * activation.back();
        }
      }
      std::array<std::int16_t, kArrayChannels> dot{};
      pe_array(weight.data(), activation.data(), lanes, dot.data());
      for (std::size_t m = 0; m < kArrayChannels; ++m) ASSERT_EQ(dot[m], expected[m]) << lanes << " lanes, channel " << m;
    }
  }
}

TEST(Accumulator, Adds) {
  std::array<std::int32_t, kArrayChannels> acc{};
  std::array<std::int16_t, kArrayChannels> dot{};
  dot[0] = -32640;
  dot[31] = 32640;
  for (int n = 0; n < 100; ++n) accumulator(dot.data(), acc.data());
  EXPECT_EQ(acc[0], -3264000);
  EXPECT_EQ(acc[31], 3264000);
  EXPECT_EQ(acc[1], 0);
}

TEST(Requantise, RoundsHalfUp) {
  Random random(1);
  for (int n = 0; n < 100000; ++n) {
    const auto acc = static_cast<std::int32_t>(random.below(1 << 22)) - (1 << 21);
    const auto bias = static_cast<std::int32_t>(random.below(1 << 20)) - (1 << 19);
    const auto multiplier = static_cast<std::int16_t>(random.below(65536));
    const int shift = 1 + static_cast<int>(random.below(24));
    // Exact in double: the product has fewer than 40 bits.
    const double exact = (static_cast<double>(acc) + bias) * multiplier / std::pow(2.0, shift);
    ASSERT_EQ(static_cast<double>(requantise(accumulator_product(acc, bias, multiplier), shift)), std::floor(exact + 0.5))
        << acc << " " << bias << " " << multiplier << " " << shift;
  }
}

TEST(Requantise, AtTheHalves) {
  EXPECT_EQ(requantise(1, 1), 1);    // 0.5 -> 1
  EXPECT_EQ(requantise(-1, 1), 0);   // -0.5 -> 0
  EXPECT_EQ(requantise(-3, 1), -1);  // -1.5 -> -1
  EXPECT_EQ(requantise(accumulator_product(3, -2, -32768), 16), 0);
  EXPECT_EQ(requantise(accumulator_product(2147483647, -2147483647, 32767), 24), 0);
}

TEST(ShortcutProduct, CountsIn256ths) {
  for (int r = 0; r < 256; ++r) {
    for (const int multiplier : {0, 1, 255, 256, 300, 65535}) {
      const double exact = r * (multiplier / 256.0);
      for (const int shift : {8, 16, 24}) {
        const std::int64_t product = shortcut_product(static_cast<std::uint8_t>(r), multiplier, shift);
        ASSERT_EQ(static_cast<double>(product) / std::pow(2.0, shift), exact);
        ASSERT_EQ(static_cast<double>(requantise(product, shift)), std::floor(exact + 0.5)) << r << " " << multiplier;
      }
    }
  }
}

TEST(DigitAccumulator, IsTheWeightedSum) {
  Random random(2);
  for (const int digits : {1, 4, 8}) {
    std::array<std::int32_t, kArrayChannels> acc{};
    std::array<double, kArrayChannels> expected{};
    for (int p = digits - 1; p >= 0; --p) {
      std::array<std::int32_t, kArrayChannels> sum{};
      for (std::size_t m = 0; m < kArrayChannels; ++m) {
        sum[m] = static_cast<std::int32_t>(random.below(20001)) - 10000;
        expected[m] += std::pow(2.0, p) * sum[m];
      }
      digit_accumulator(sum.data(), acc.data());
    }
    for (std::size_t m = 0; m < kArrayChannels; ++m) ASSERT_EQ(acc[m], expected[m]);
  }
}

TEST(Clamp, OfActivationsAndLogits) {
  EXPECT_EQ(clamp_activation(-5, 255), 0);
  EXPECT_EQ(clamp_activation(256, 255), 255);
  EXPECT_EQ(clamp_activation(16, 15), 15);
  EXPECT_EQ(clamp_activation(7, 15), 7);
  EXPECT_EQ(clamp_logit(40000), 32767);
  EXPECT_EQ(clamp_logit(-40000), -32768);
  EXPECT_EQ(clamp_logit(-3), -3);
}

TEST(MaxPool, TakesTheLargestWhereverItStands) {
  for (int place = 0; place < 4; ++place) {
    std::array<std::int16_t, 4> v{1, 1, 1, 1};
    v[static_cast<std::size_t>(place)] = 9;
    EXPECT_EQ(max_pool(v[0], v[1], v[2], v[3]), 9);
  }
}

}  // namespace
}  // namespace flexor::golden
