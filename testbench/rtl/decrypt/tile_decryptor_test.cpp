// SPDX-License-Identifier: Apache-2.0
// tile_decryptor: tiles in every architecture and shape, random gaps between words, random delays before a take, against M x per slice.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vtile_decryptor_fixed_half.h"
#include "Vtile_decryptor_fixed_single.h"
#include "Vtile_decryptor_fixed_whole.h"
#include "Vtile_decryptor_plain_single.h"
#include "Vtile_decryptor_plain_third.h"
#include "Vtile_decryptor_plain_whole.h"
#include "Vtile_decryptor_serial_quarter.h"
#include "Vtile_decryptor_serial_single.h"
#include "Vtile_decryptor_serial_whole.h"
#include "Vtile_decryptor_serial_xc7.h"

namespace flexor::testbench {
namespace {

constexpr int kOut = 20, kSliceLanes = 10, kSliceChannels = 2;
enum : int { kSerial = 0, kFixed = 1, kPlain = 2 };

template <class TopType, int Decrypt, int Lanes, int Channels, int Parallel, int Buffers>
struct Variant {
  using Top = TopType;
  static constexpr int kDecryption = Decrypt, K = Lanes, M = Channels, D = Parallel, kBuffers = Buffers;
};

/// The matrix of the fixed variants: bit i*4 + j of 80'h123456789abcdef01357 is row i, column j: hexadecimal digit i from the right is row
/// i.
int fixed_entry(int i, int j) {
  const char* digits = "123456789abcdef01357";
  const char c = digits[19 - i];
  return ((c <= '9' ? c - '0' : c - 'a' + 10) >> j) & 1;
}

/// One tile: its code and the stored bits of its slices.
struct Tile {
  int n = 0;
  std::vector<std::vector<int>> matrix;  ///< [weight][stored bit]
  std::vector<std::vector<int>> stored;  ///< [slice][stored bit]
};

template <class V>
class TileDecryptor : public ::testing::Test {
 protected:
  static constexpr int kSlices = V::K * V::M / kOut, kGroups = kSlices / V::D;

  Tile random_tile() {
    Tile t;
    // A fixed code keeps the lowest four stored bits, and wants as many.
    const int drawn = static_cast<int>(random_());
    t.n = V::kDecryption == kPlain ? kOut : V::kDecryption == kFixed ? 4 + (drawn & 1) : 1 + (drawn & 0xFFFF) % 24;
    t.matrix.assign(kOut, std::vector<int>(t.n));
    for (int i = 0; i < kOut; ++i) {
      for (int j = 0; j < t.n; ++j) {
        t.matrix[i][j] = V::kDecryption == kPlain   ? (i == j ? 1 : 0)
                         : V::kDecryption == kFixed ? (j < 4 ? fixed_entry(i, j) : 0)
                                                    : static_cast<int>(random_() & 1);
      }
    }
    t.stored.assign(kSlices, std::vector<int>(t.n));
    for (auto& slice : t.stored) {
      for (int& x : slice) x = static_cast<int>(random_() & 1);
    }
    return t;
  }

  /// Weight of channel m, lane k: slice and place inside it from the layout in docs/architecture.md, then one row of M x.
  static int weight(const Tile& t, int m, int k) {
    const auto& x = t.stored[m / kSliceChannels * (V::K / kSliceLanes) + k / kSliceLanes];
    const auto& row = t.matrix[m % kSliceChannels * kSliceLanes + k % kSliceLanes];
    int sum = 0;
    for (int j = 0; j < t.n; ++j) sum += row[j] * x[j];
    return sum % 2;
  }

  void offer(const Tile& t, int word, bool corrupt) {
    const int g = word / t.n, j = word % t.n;
    // A fixed code takes the last stored bit first.
    const int bit = V::kDecryption == kFixed ? t.n - 1 - j : j;
    for (int d = 0; d < V::D; ++d) set_bits(top_->word_i, d, 1, static_cast<unsigned>(t.stored[g * V::D + d][bit]));
    if (corrupt) set_bits(top_->word_i, 0, 1, get_bits(top_->word_i, 0, 1) ^ 1U);
    top_->word_first_i = j == 0;
    top_->word_last_i = word == kGroups * t.n - 1;
    std::uint64_t column = 0;
    for (int i = 0; i < kOut; ++i) column |= static_cast<std::uint64_t>(t.matrix[i][j]) << i;
    set_bits(top_->column_i, 0, kOut, V::kDecryption == kSerial ? column : random_());
  }

  int wrong_weights(const Tile& t) {
    int wrong = 0;
    for (int m = 0; m < V::M; ++m) {
      for (int k = 0; k < V::K; ++k) wrong += static_cast<int>(get_bits(top_->weight_o, m * V::K + k, 1)) != weight(t, m, k) ? 1 : 0;
    }
    return wrong;
  }

  /// Load and take `tiles` tiles; in tile `corrupt_tile` stored bit 0 of a slice is wrong. Returns how many weights differ, while in use.
  int run(int tiles, int corrupt_tile = -1) {
    top_->rst_ni = 0;
    top_->word_valid_i = 0;
    top_->tile_take_i = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
    std::deque<Tile> loaded;
    Tile arriving = random_tile(), active;
    int word = 0, taken = 0, offered_tiles = 0, busy = 0, differing = 0;
    for (int t = 0; taken < tiles; ++t) {
      if (t > 200000) return -1;
      if (taken > 0 && (V::kBuffers == 2 || busy > 0)) differing += wrong_weights(active);
      // In cycle t a pixel enters or does not; the weights must last until the cycle after the last one.
      top_->busy_i = busy > 1;
      const bool offered = random_() % 4 != 0;
      top_->word_valid_i = offered;
      offer(arriving, word, offered_tiles == corrupt_tile && word == (V::kDecryption == kFixed ? arriving.n - 1 : 0));
      top_->tile_take_i = 0;
      top_->eval();
      const bool take = top_->tile_valid_o != 0 && busy <= 1 && random_() % 4 == 0;
      EXPECT_EQ(top_->tile_valid_o != 0, !loaded.empty());
      top_->tile_take_i = take;
      top_->eval();
      const bool accepted = offered && top_->word_ready_o != 0;
      if (V::kBuffers == 2 && accepted) EXPECT_TRUE(loaded.empty() || take);
      if (busy > 0) --busy;
      if (take) {
        active = loaded.front();
        loaded.pop_front();
        ++taken;
        busy = 1 + static_cast<int>(random_() % 6);
      }
      if (accepted && ++word == kGroups * arriving.n) {
        loaded.push_back(arriving);
        arriving = random_tile();
        word = 0;
        // A column of zeros would hide the wrong bit; the fixed matrix and the identity have none.
        if (++offered_tiles == corrupt_tile && V::kDecryption == kSerial) arriving.matrix[0][0] = 1;
      }
      clock_edge(*top_);
    }
    return differing + wrong_weights(active);
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants = ::testing::Types<
    Variant<Vtile_decryptor_serial_whole, kSerial, 50, 16, 40, 2>, Variant<Vtile_decryptor_serial_xc7, kSerial, 50, 16, 40, 2>,
    Variant<Vtile_decryptor_serial_quarter, kSerial, 30, 16, 6, 2>, Variant<Vtile_decryptor_serial_single, kSerial, 20, 6, 2, 1>,
    Variant<Vtile_decryptor_plain_whole, kPlain, 10, 4, 2, 2>, Variant<Vtile_decryptor_plain_third, kPlain, 20, 6, 2, 2>,
    Variant<Vtile_decryptor_plain_single, kPlain, 20, 4, 2, 1>, Variant<Vtile_decryptor_fixed_whole, kFixed, 10, 4, 2, 2>,
    Variant<Vtile_decryptor_fixed_half, kFixed, 20, 4, 2, 2>, Variant<Vtile_decryptor_fixed_single, kFixed, 20, 4, 2, 1>>;
TYPED_TEST_SUITE(TileDecryptor, Variants);

TYPED_TEST(TileDecryptor, EqualsMatrixProduct) {
  std::cout << "seed " << this->seed_ << '\n';
  EXPECT_EQ(this->run(100), 0) << "seed " << this->seed_;
}

TYPED_TEST(TileDecryptor, FlippedStoredBitIsSeen) { EXPECT_GT(this->run(5, 3), 0) << "seed " << this->seed_; }

}  // namespace
}  // namespace flexor::testbench
