// SPDX-License-Identifier: Apache-2.0
// slice_decryptor: random matrices of any rate, words with random gaps, against the matrix product of all stored bits at once.
#include <gtest/gtest.h>

#include <bit>
#include <iostream>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vslice_decryptor_plain20.h"
#include "Vslice_decryptor_plain32.h"
#include "Vslice_decryptor_serial20.h"
#include "Vslice_decryptor_serial7.h"
#include "Vslice_decryptor_xc720.h"

namespace flexor::testbench {
namespace {

template <class Top>
class SliceDecryptor {
 public:
  SliceDecryptor(int n_out, bool plain) : n_out_(n_out), plain_(plain) {
    std::cout << "seed " << seed_ << '\n';
    top_->eval();
  }

  /// Load `slices` slices; when `corrupt`, one entry of the matrix on the port is flipped in each. Returns how many slices differ.
  int run(int slices, bool corrupt = false) {
    int differing = 0;
    const std::uint64_t mask = (std::uint64_t{1} << n_out_) - 1;
    for (int s = 0; s < slices; ++s) {
      const int n = plain_ ? n_out_ : 1 + static_cast<int>(random_() % 32);
      std::vector<std::uint64_t> row(n_out_);
      for (auto& r : row) r = random_() & ((std::uint64_t{1} << n) - 1);
      // A flipped entry shows only where the stored bit is one.
      const std::uint64_t x = (random_() | (corrupt ? ~std::uint64_t{0} : 0)) & ((std::uint64_t{1} << n) - 1);
      const int flip = corrupt ? static_cast<int>(random_() % n) : -1;
      for (int j = 0; j < n;) {
        const bool offered = random_() % 3 != 0;
        top_->enable_i = offered;
        top_->first_i = offered ? j == 0 : random_() % 2 != 0;
        top_->stored_i = offered ? (x >> j) & 1 : random_() & 1;
        std::uint64_t column = random_() & mask;
        if (offered) {
          column = 0;
          for (int i = 0; i < n_out_; ++i) column |= ((row[i] >> j) & 1) << i;
          if (j == flip) column ^= std::uint64_t{1} << (random_() % n_out_);
        }
        set_bits(top_->column_i, 0, n_out_, column);
        clock_edge(*top_);
        j += offered ? 1 : 0;
      }
      std::uint64_t y = 0;
      for (int i = 0; i < n_out_; ++i) y |= static_cast<std::uint64_t>(std::popcount(row[i] & x) & 1) << i;
      differing += get_bits(top_->weight_o, 0, n_out_) != (plain_ ? x : y) ? 1 : 0;
    }
    return differing;
  }

 private:
  int n_out_;
  bool plain_;
  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<Top> top_ = std::make_unique<Top>();
};

TEST(SliceDecryptor, SerialTwenty) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_serial20>(20, false).run(1000), 0); }
TEST(SliceDecryptor, SerialSevenMoreStoredThanWeights) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_serial7>(7, false).run(1000), 0); }
TEST(SliceDecryptor, SerialTwentyInPairs) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_xc720>(20, false).run(1000), 0); }
TEST(SliceDecryptor, PlainTwenty) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_plain20>(20, true).run(1000), 0); }
TEST(SliceDecryptor, PlainThirtyTwo) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_plain32>(32, true).run(1000), 0); }
TEST(SliceDecryptor, FlippedEntryIsSeen) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_serial20>(20, false).run(100, true), 100); }
TEST(SliceDecryptor, FlippedEntryIsSeenInPairs) { EXPECT_EQ(SliceDecryptor<Vslice_decryptor_xc720>(20, false).run(100, true), 100); }

}  // namespace
}  // namespace flexor::testbench
