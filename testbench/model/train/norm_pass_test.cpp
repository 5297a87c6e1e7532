// SPDX-License-Identifier: Apache-2.0
#include "train/norm_pass.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

#include "seed.hpp"

namespace flexor {
namespace {

constexpr double kEdge = 1e-2;  // how close to a rounding step or an end of the range float arithmetic may decide otherwise

float real(float value) { return value; }
float real(BFloat16 value) { return std::bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }
void put(float& to, double value) { to = static_cast<float>(value); }
void put(BFloat16& to, double value) {  // cut off: any bfloat16 will do as an input
  to.bits = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(value)) >> 16);
}

// Random tensors of one layer and the same passes in double precision, one value at a time.
template <typename T>
struct Case {
  PixelRows rows;
  ChannelMap map;
  std::vector<T> a, r, dq;

  Case(PixelRows shape, bool shortcut, std::mt19937_64& random) : rows(shape) {
    std::normal_distribution<double> normal;
    for (std::int64_t c = 0; c < rows.channels; ++c) {
      map.scale.push_back(static_cast<float>(0.5 + std::abs(normal(random))));
      map.shift.push_back(static_cast<float>(20 * normal(random)));
    }
    map.shortcut = shortcut ? 0.75F : 0.0F;
    map.largest = 63;
    const auto fill = [&](std::vector<T>& values, double spread) {
      values.resize(static_cast<std::size_t>(rows.pixels * rows.channels));
      for (T& value : values) put(value, spread * normal(random));
    };
    fill(a, 40);
    if (shortcut) fill(r, 20);
    fill(dq, 1);
  }
  [[nodiscard]] std::size_t channel(std::size_t i) const { return i % map.scale.size(); }
  [[nodiscard]] double s(std::size_t i) const {
    const double mapped = static_cast<double>(map.scale[channel(i)]) * real(a[i]) + map.shift[channel(i)];
    return r.empty() ? mapped : mapped + static_cast<double>(map.shortcut) * real(r[i]);
  }
  [[nodiscard]] const T* shortcut() const { return r.empty() ? nullptr : r.data(); }
  [[nodiscard]] bool inside(std::size_t i) const { return s(i) > 0 && s(i) < map.largest; }
  // Without gradients where float arithmetic may see the other side of an end.
  void clear_edges() {
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (std::min(std::abs(s(i)), std::abs(s(i) - map.largest)) < kEdge) put(dq[i], 0);
    }
  }
};

template <typename T>
class NormPass : public testing::Test {
 protected:
  void SetUp() override { random_.seed(test::random_seed()); }
  // Channels below, at and above a row of 64 values; sums that need several chunks.
  static std::vector<PixelRows> shapes() { return {{64, 1}, {1028, 16}, {700, 64}, {90, 128}, {20000, 32}}; }
  std::mt19937_64 random_;
};
using Types = testing::Types<float, BFloat16>;
TYPED_TEST_SUITE(NormPass, Types);

TYPED_TEST(NormPass, SumsAreThoseOfTheChannel) {
  for (const PixelRows& rows : this->shapes()) {
    Case<TypeParam> given(rows, false, this->random_);
    ChannelSums sums = sum_squares(given.a.data(), rows);
    std::vector<double> first(sums.first.size()), second(sums.first.size());
    for (std::size_t i = 0; i < given.a.size(); ++i) {
      first[given.channel(i)] += real(given.a[i]);
      second[given.channel(i)] += static_cast<double>(real(given.a[i])) * real(given.a[i]);
    }
    for (std::size_t c = 0; c < first.size(); ++c) {
      EXPECT_NEAR(sums.first[c], first[c], 1e-5 * std::sqrt(second[c] * static_cast<double>(rows.pixels)));
      EXPECT_NEAR(sums.second[c], second[c], 1e-5 * second[c]);
    }
    put(given.a[given.a.size() / 2], 1e4);
    sums = sum_squares(given.a.data(), rows);
    EXPECT_GT(sums.second[given.channel(given.a.size() / 2)], second[given.channel(given.a.size() / 2)] + 9e7);
  }
}

TYPED_TEST(NormPass, RoundsHalfUpAndClamps) {
  for (const PixelRows& rows : this->shapes()) {
    for (const bool shortcut : {false, true}) {
      const Case<TypeParam> given(rows, shortcut, this->random_);
      std::vector<TypeParam> q(given.a.size());
      std::vector<std::uint8_t> bytes(q.size());
      map_and_round(given.a.data(), given.shortcut(), given.map, rows, q.data(), bytes.data());
      for (std::size_t i = 0; i < q.size(); ++i) {
        const double wanted = std::clamp(std::floor(given.s(i) + 0.5), 0.0, static_cast<double>(given.map.largest));
        const double from_step = std::abs(given.s(i) + 0.5 - std::round(given.s(i) + 0.5));
        ASSERT_NEAR(real(q[i]), wanted, from_step < kEdge ? 1 : 0) << i;
        ASSERT_EQ(real(q[i]), bytes[i]) << i;
      }
      std::vector<TypeParam> alone(q.size());
      map_and_round(given.a.data(), given.shortcut(), given.map, rows, alone.data(), nullptr);
      for (std::size_t i = 0; i < q.size(); ++i) {
        const double from_step = std::abs(given.s(i) + 0.5 - std::round(given.s(i) + 0.5));
        ASSERT_NEAR(real(q[i]), real(alone[i]), from_step < kEdge ? 1 : 0) << i;
      }
    }
  }
}

TYPED_TEST(NormPass, GradientPassesInsideTheRange) {
  for (const PixelRows& rows : this->shapes()) {
    for (const auto& [shortcut, two] : {std::pair{false, false}, {true, false}, {false, true}, {true, true}}) {
      Case<TypeParam> given(rows, shortcut, this->random_);
      given.clear_edges();
      std::vector<TypeParam> more(two ? given.a.size() : 0);  // half of the other, so that the sum is exact but for its own rounding
      for (std::size_t i = 0; i < more.size(); ++i) put(more[i], 0.5 * real(given.dq[i]));
      std::vector<TypeParam> g(shortcut || two ? given.a.size() : 0);
      ChannelBounds bounds;
      const ChannelSums sums = sum_gradients<TypeParam>({given.dq.data(), two ? more.data() : nullptr}, given.a.data(), given.shortcut(),
                                                        given.map, rows, g.data(), &bounds);
      const ChannelSums alone = sum_gradients<TypeParam>({given.dq.data(), two ? more.data() : nullptr}, given.a.data(), given.shortcut(),
                                                         given.map, rows, g.data());
      EXPECT_EQ(sums.first, alone.first);
      EXPECT_EQ(sums.second, alone.second);
      std::vector<double> largest(sums.first.size()), lowest(sums.first.size(), 1e9), highest(sums.first.size(), -1e9);
      std::vector<double> first(sums.first.size()), second(sums.first.size()), mass(sums.first.size());
      for (std::size_t i = 0; i < given.a.size(); ++i) {
        const double flow = given.inside(i) ? real(given.dq[i]) * (two ? 1.5 : 1.0) : 0;
        first[given.channel(i)] += flow;
        second[given.channel(i)] += flow * real(given.a[i]);
        mass[given.channel(i)] += std::abs(flow) * (1 + std::abs(real(given.a[i])));
        largest[given.channel(i)] = std::max(largest[given.channel(i)], std::abs(flow));
        lowest[given.channel(i)] = std::min<double>(lowest[given.channel(i)], real(given.a[i]));
        highest[given.channel(i)] = std::max<double>(highest[given.channel(i)], real(given.a[i]));
        if (!g.empty()) {
          ASSERT_NEAR(real(g[i]), flow, two ? 0x1p-8 * std::abs(flow) : 0) << i;
        }
      }
      for (std::size_t c = 0; c < first.size(); ++c) {
        EXPECT_NEAR(sums.first[c], first[c], 1e-5 * mass[c]);
        EXPECT_NEAR(sums.second[c], second[c], 1e-5 * mass[c]);
        EXPECT_NEAR(bounds.gradient[c], largest[c], 1e-6 * largest[c]);
        EXPECT_EQ(bounds.lowest[c], lowest[c]);
        EXPECT_EQ(bounds.highest[c], highest[c]);
      }
    }
  }
}

TYPED_TEST(NormPass, SpreadsTheGradientOverTheAccumulators) {
  const double rounding = sizeof(TypeParam) == 4 ? 1e-5 : 0x1p-8;
  for (const PixelRows& rows : this->shapes()) {
    for (const bool masked : {false, true}) {
      Case<TypeParam> given(rows, false, this->random_);
      given.clear_edges();
      GradientMap to;
      for (std::int64_t c = 0; c < rows.channels; ++c) {
        to.slope.push_back(static_cast<float>(c + 1));
        to.by_value.push_back(0.125F);
        to.constant.push_back(static_cast<float>(-c));
      }
      std::vector<TypeParam> da(given.a.size());
      spread_gradient(given.dq.data(), given.a.data(), masked, given.map, to, rows, da.data());
      for (std::size_t i = 0; i < da.size(); ++i) {
        const double flow = !masked || given.inside(i) ? real(given.dq[i]) : 0;
        const std::size_t c = given.channel(i);
        const double parts[3] = {to.slope[c] * flow, to.by_value[c] * static_cast<double>(real(given.a[i])), to.constant[c]};
        const double wanted = parts[0] + parts[1] + parts[2];
        ASSERT_NEAR(real(da[i]), wanted,
                    rounding * std::abs(wanted) + 1e-5 * (std::abs(parts[0]) + std::abs(parts[1]) + std::abs(parts[2])))
            << i;
      }
    }
  }
}

TEST(NormPassIntegers, SpreadsTheGradientToTheNearest) {
  std::mt19937_64 random(test::random_seed());
  const PixelRows rows{1028, 16};
  for (const bool masked : {false, true}) {
    Case<float> given(rows, false, random);
    given.clear_edges();
    const GradientMap to{std::vector<float>(16, 5000), std::vector<float>(16, -3), std::vector<float>(16, 11.25F)};
    std::vector<std::int16_t> da(given.a.size());
    spread_gradient(given.dq.data(), given.a.data(), masked, given.map, to, rows, da.data());
    for (std::size_t i = 0; i < da.size(); ++i) {
      const double flow = !masked || given.inside(i) ? given.dq[i] : 0;
      ASSERT_NEAR(da[i], 5000 * flow - 3.0 * given.a[i] + 11.25, 0.51) << i;
    }
  }
  // The ends, and ties upwards.
  const std::vector<float> exact{32767, -32767, 0.5F, -0.5F, 1.49F, -1.49F};
  std::vector<float> g(64, 0), a(64, 0);
  std::copy(exact.begin(), exact.end(), g.begin());
  std::vector<std::int16_t> da(64);
  const ChannelMap map{std::vector<float>(64, 1), std::vector<float>(64, 0), 0, 255};
  spread_gradient(g.data(), a.data(), false, map, {std::vector<float>(64, 1), std::vector<float>(64, 0), std::vector<float>(64, 0)},
                  {1, 64}, da.data());
  EXPECT_EQ(std::vector<std::int16_t>(da.begin(), da.begin() + 6), (std::vector<std::int16_t>{32767, -32767, 1, 0, 1, -1}));
}

TEST(NormPassFits, WholeRowsOfChannelsThatDivide64OrAreDividedByIt) {
  EXPECT_TRUE(norm_pass_fits({1024, 16}));
  EXPECT_TRUE(norm_pass_fits({3, 64}));
  EXPECT_TRUE(norm_pass_fits({1, 512}));
  EXPECT_FALSE(norm_pass_fits({1024, 20}));
  EXPECT_FALSE(norm_pass_fits({1024, 96}));
  EXPECT_FALSE(norm_pass_fits({3, 16}));
}

}  // namespace
}  // namespace flexor
