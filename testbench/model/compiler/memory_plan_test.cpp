// SPDX-License-Identifier: Apache-2.0
// place_tensors: what is alive at one time never overlaps, drawn at random and checked place by place; small cases by hand.
#include "compiler/memory_plan.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "seed.hpp"

namespace flexor {
namespace {

constexpr int kSteps = 20;  // after the last of any test

bool needs(const Lifetime& t, int step) { return (t.first <= step && step <= t.last) || (t.again >= 0 && step >= t.again); }

// Marks every place in every step; returns how many are taken by two tensors that do not share one place.
int overlaps(const std::vector<Lifetime>& tensors, const std::vector<std::int64_t>& place) {
  std::map<std::pair<int, std::int64_t>, std::size_t> owner;
  int twice = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (int step = 0; step < kSteps; ++step) {
      if (!needs(tensors[i], step)) continue;
      for (std::int64_t at = place[i]; at < place[i] + tensors[i].size; ++at) {
        const auto [entry, fresh] = owner.emplace(std::pair(step, at), i);
        twice += !fresh && static_cast<int>(entry->second) != tensors[i].in_place_of ? 1 : 0;
      }
    }
  }
  return twice;
}

TEST(MemoryPlan, RandomTensorsDoNotOverlap) {
  std::mt19937 random(test::random_seed());
  const auto draw = [&random](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  for (int n = 0; n < 500; ++n) {
    std::vector<Lifetime> tensors;
    for (int i = 0, count = draw(1, 8); i < count; ++i) tensors.push_back({i, i + draw(0, 4), draw(0, 30)});
    if (draw(0, 1) == 0) tensors.front().again = tensors.front().last + draw(1, 4);
    const int have = draw(30, 200);
    const auto place = place_tensors(tensors, have);
    if (!place) continue;
    if (tensors.front().again < 0) {
      EXPECT_LE(peak(tensors).size, have);
    }
    EXPECT_EQ(overlaps(tensors, *place), 0) << "plan " << n;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      EXPECT_GE((*place)[i], 0);
      EXPECT_LE((*place)[i] + tensors[i].size, have);
    }
  }
}

TEST(MemoryPlan, AWrongPlaceIsSeen) {
  const std::vector<Lifetime> tensors{{0, 1, 10}, {1, 2, 10}};
  auto place = place_tensors(tensors, 20).value();
  EXPECT_EQ(overlaps(tensors, place), 0);
  place[1] -= 1;
  EXPECT_EQ(overlaps(tensors, place), 1);
}

TEST(MemoryPlan, AChainNeedsTheLargestTwoNeighbours) {
  const std::vector<Lifetime> chain{{0, 0, 10}, {0, 1, 2}, {1, 2, 11}, {2, 3, 4}};
  EXPECT_EQ(peak(chain).size, 15);
  EXPECT_EQ(place_tensors(chain, 15).value(), (std::vector<std::int64_t>{0, 13, 0, 11}));
  EXPECT_FALSE(place_tensors(chain, 14).has_value());
}

TEST(MemoryPlan, ATensorTakesThePlaceOfTheOneItReplaces) {
  const std::vector<Lifetime> tensors{{0, 2, 10}, {2, 4, 10, 0}};
  EXPECT_EQ(peak(tensors).size, 10);
  EXPECT_EQ(place_tensors(tensors, 10).value(), (std::vector<std::int64_t>{0, 0}));
}

TEST(MemoryPlan, APlaceThatIsNeededAgainStaysFree) {
  std::vector<Lifetime> tensors{{0, 0, 10}, {0, 1, 10}, {1, 2, 10}, {2, 3, 5}};
  EXPECT_EQ(place_tensors(tensors, 30).value(), (std::vector<std::int64_t>{0, 20, 0, 25}));
  tensors.front().again = 2;
  const auto place = place_tensors(tensors, 30).value();
  EXPECT_EQ(place, (std::vector<std::int64_t>{0, 20, 10, 25}));
  EXPECT_EQ(overlaps(tensors, place), 0);
  EXPECT_EQ(overlaps(tensors, {0, 20, 9, 25}), 1) << "one place in step 2";
  EXPECT_FALSE(place_tensors(tensors, 24).has_value());
}

TEST(MemoryPlan, NamesTheFirstStepOfThePeak) {
  const std::vector<Lifetime> tensors{{0, 0, 3}, {0, 3, 5}, {2, 3, 4}};
  EXPECT_EQ(peak(tensors).size, 9);
  EXPECT_EQ(peak(tensors).step, 2);
}

}  // namespace
}  // namespace flexor
