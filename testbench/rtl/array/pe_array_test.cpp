// SPDX-License-Identifier: Apache-2.0
// pe_array: every style, several shapes, new activations and new weights in every cycle, against a plain sum of products.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vpe_array_addsub_30x3.h"
#include "Vpe_array_andtree_30x3.h"
#include "Vpe_array_ecp5_10x1.h"
#include "Vpe_array_ecp5_20x2.h"
#include "Vpe_array_ecp5_30x3.h"
#include "Vpe_array_ecp5_50x2.h"
#include "Vpe_array_ice40_20x6.h"
#include "Vpe_array_ice40_30x3.h"
#include "Vpe_array_pair_20x6.h"
#include "Vpe_array_pair_50x16.h"
#include "Vpe_array_xc7_100x1.h"
#include "Vpe_array_xc7_10x1.h"
#include "Vpe_array_xc7_30x3.h"
#include "Vpe_array_xc7_50x2.h"
#include "pe_style.hpp"

namespace flexor::testbench {
namespace {

template <class TopType, int StyleNumber, int Lanes, int Channels>
struct Variant {
  using Top = TopType;
  static constexpr int kStyle = StyleNumber;
  static constexpr int K = Lanes;
  static constexpr int M = Channels;
};

/// One set of activations and weights (true weight bits, channel after channel).
struct Stimulus {
  std::vector<int> activation;
  std::vector<int> weight;
};

template <class V>
class PeArray : public ::testing::Test {
 protected:
  static constexpr int K = V::K;
  static constexpr int M = V::M;

  Stimulus random_stimulus() {
    Stimulus s{std::vector<int>(K), std::vector<int>(K * M)};
    const int kind = static_cast<int>(random_() % 8);  // 0, 1: extremes, otherwise uniform
    for (int& a : s.activation) a = kind == 0 ? 255 : kind == 1 ? (random_() % 2 != 0 ? 255 : 0) : static_cast<int>(random_() % 256);
    const int fixed = static_cast<int>(random_() % 8);
    for (int& w : s.weight) w = fixed < 2 ? fixed : static_cast<int>(random_() % 2);
    return s;
  }

  /// What the page of the block promises: the dot product plus the constants of the negative weights.
  static std::int64_t expected(const Stimulus& s, int channel) {
    std::int64_t dot = 0;
    for (int k = 0; k < K; ++k) {
      const bool plus = s.weight[channel * K + k] != 0;
      dot += plus ? s.activation[k] : -s.activation[k];
      if (!plus) dot += pe_style::lane_constant(V::kStyle, K, k);
    }
    return dot;
  }

  void drive_activation(const Stimulus& s) {
    for (int k = 0; k < K; ++k) set_bits(top_->activation_i, 8 * k, 8, static_cast<std::uint64_t>(s.activation[k]));
  }

  void drive_weight(const Stimulus& s) {
    for (int m = 0; m < M; ++m) {
      for (int k = 0; k < K; k += 10) {
        const auto bits = pe_style::recode(V::kStyle, &s.weight[m * K + k]);
        for (int i = 0; i < 10; ++i) set_bits(top_->weight_i, m * K + k + i, 1, bits[i]);
      }
    }
  }

  std::int64_t found(int channel) const {
    const int width = pe_style::dot_width(V::kStyle, K);
    const auto bits = get_bits(top_->dot_o, channel * width, width);
    const bool negative = pe_style::dot_signed(V::kStyle) && ((bits >> (width - 1)) & 1) != 0;
    return static_cast<std::int64_t>(bits) - (negative ? std::int64_t{1} << width : 0);
  }

  /// Every activation is 1, so that no weight bit is hidden: a lane that turns changes its dot product by 2 - C (which is not 0), and
  /// the lanes that one recoded bit turns change it by a sum of those that is not 0 whatever their signs are.
  Stimulus telling_stimulus() {
    Stimulus s = random_stimulus();
    for (int& a : s.activation) a = 1;
    return s;
  }

  /// Run `cycles` cycles; in cycle `corrupt_at` flip one weight bit on the port. Returns how many dot products differ.
  int run(int cycles, int corrupt_at = -1) {
    const int latency = pe_style::latency(V::kStyle, K);
    int differing = 0;
    std::deque<Stimulus> in_flight;
    for (int t = 0; t < cycles; ++t) {
      in_flight.push_front(t + 1 == corrupt_at ? telling_stimulus() : random_stimulus());
      drive_activation(in_flight.front());
      if (t > 0) drive_weight(in_flight[1]);
      if (t == corrupt_at) {
        const int at = static_cast<int>(random_() % (K * M));
        set_bits(top_->weight_i, at, 1, get_bits(top_->weight_i, at, 1) ^ 1U);
      }
      top_->eval();
      if (t >= latency) {
        for (int m = 0; m < M; ++m) differing += found(m) != expected(in_flight[latency], m) ? 1 : 0;
        in_flight.pop_back();
      }
      clock_edge(*top_);
    }
    return differing;
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants =
    ::testing::Types<Variant<Vpe_array_pair_20x6, 0, 20, 6>, Variant<Vpe_array_pair_50x16, 0, 50, 16>,
                     Variant<Vpe_array_addsub_30x3, 1, 30, 3>, Variant<Vpe_array_andtree_30x3, 2, 30, 3>,
                     Variant<Vpe_array_ice40_20x6, 3, 20, 6>, Variant<Vpe_array_ice40_30x3, 3, 30, 3>,
                     Variant<Vpe_array_ecp5_10x1, 4, 10, 1>, Variant<Vpe_array_ecp5_20x2, 4, 20, 2>, Variant<Vpe_array_ecp5_30x3, 4, 30, 3>,
                     Variant<Vpe_array_ecp5_50x2, 4, 50, 2>, Variant<Vpe_array_xc7_10x1, 5, 10, 1>, Variant<Vpe_array_xc7_30x3, 5, 30, 3>,
                     Variant<Vpe_array_xc7_50x2, 5, 50, 2>, Variant<Vpe_array_xc7_100x1, 5, 100, 1>>;
TYPED_TEST_SUITE(PeArray, Variants);

TYPED_TEST(PeArray, EqualsSumOfProducts) {
  std::cout << "seed " << this->seed_ << '\n';
  EXPECT_EQ(this->run(2000), 0) << "seed " << this->seed_;
}

TYPED_TEST(PeArray, FlippedWeightIsSeen) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(this->run(40, 10), 1) << "one channel, one cycle; seed " << this->seed_;
}

}  // namespace
}  // namespace flexor::testbench
