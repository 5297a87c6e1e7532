// SPDX-License-Identifier: Apache-2.0
// max_pool: random values with random gaps and restarts, pooled and not, against std::max_element over whole windows.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vmax_pool_eight.h"
#include "Vmax_pool_one.h"

namespace flexor::testbench {
namespace {

template <class TopType, int Count>
struct Variant {
  using Top = TopType;
  static constexpr int kLanes = Count;
};

template <class V>
class MaxPool : public ::testing::Test {
 protected:
  using Pixel = std::vector<int>;

  MaxPool() { std::cout << "seed " << seed_ << '\n'; }

  /// Groups of pixels through the block; returns its outputs. A restart comes with the first pixel of every group.
  std::vector<Pixel> run(const std::vector<std::vector<Pixel>>& groups, bool pool) {
    typename V::Top top;
    std::vector<Pixel> outputs;
    top.rst_ni = 0;
    top.valid_i = 0;
    top.pool_i = pool;
    clock_edge(top);
    top.rst_ni = 1;
    const auto cycle = [&] {
      top.eval();
      if (top.valid_o != 0) {
        outputs.emplace_back();
        for (int l = 0; l < V::kLanes; ++l) outputs.back().push_back(static_cast<int>(get_bits(top.data_o, 8 * l, 8)));
      }
      clock_edge(top);
    };
    for (const auto& group : groups) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        top.valid_i = 0;
        while (random_() % 3 == 0) {
          top.start_i = random_() % 2;
          cycle();
        }
        top.valid_i = 1;
        top.start_i = i == 0;
        for (int l = 0; l < V::kLanes; ++l) set_bits(top.data_i, 8 * l, 8, static_cast<std::uint64_t>(group[i][l]));
        top.eval();
        EXPECT_EQ(top.first_o, !pool || i % 4 == 0);
        cycle();
      }
    }
    top.valid_i = 0;
    cycle();
    return outputs;
  }

  static std::vector<Pixel> reference(const std::vector<std::vector<Pixel>>& groups, bool pool) {
    std::vector<Pixel> outputs;
    for (const auto& group : groups) {
      for (std::size_t first = 0; first < group.size(); first += pool ? 4 : 1) {
        if (pool && first + 4 > group.size()) break;
        Pixel output;
        for (int l = 0; l < V::kLanes; ++l) {
          std::vector<int> window;
          for (std::size_t i = first; i < first + (pool ? 4 : 1); ++i) window.push_back(group[i][l]);
          output.push_back(*std::max_element(window.begin(), window.end()));
        }
        outputs.push_back(output);
      }
    }
    return outputs;
  }

  std::vector<std::vector<Pixel>> random_groups() {
    std::vector<std::vector<Pixel>> groups(1 + random_() % 5);
    for (auto& group : groups) {
      // A window that a restart cuts short gives nothing.
      group.resize(1 + random_() % 20);
      for (auto& pixel : group) {
        for (int l = 0; l < V::kLanes; ++l) pixel.push_back(static_cast<int>(random_() % (random_() % 2 == 0 ? 256 : 4)));
      }
    }
    return groups;
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
};

using Variants = ::testing::Types<Variant<Vmax_pool_one, 1>, Variant<Vmax_pool_eight, 8>>;
TYPED_TEST_SUITE(MaxPool, Variants);

TYPED_TEST(MaxPool, Random) {
  for (int round = 0; round < 200; ++round) {
    const auto groups = this->random_groups();
    const bool pool = round % 2 == 0;
    EXPECT_EQ(this->run(groups, pool), this->reference(groups, pool)) << "round " << round;
  }
}

TYPED_TEST(MaxPool, OneWrongBitOfALargestPixelIsSeen) {
  std::vector<std::vector<typename TestFixture::Pixel>> groups(1);
  for (int i = 0; i < 8; ++i) groups[0].emplace_back(TypeParam::kLanes, 16 * i);
  const auto expected = this->reference(groups, true);
  groups[0][7][0] ^= 1;  // the module alone gets it: 113 instead of 112
  EXPECT_NE(this->run(groups, true), expected);
}

}  // namespace
}  // namespace flexor::testbench
