// SPDX-License-Identifier: Apache-2.0
// xor_decryptor: every input (or many, when there are too many) against a matrix product over GF(2), entry by entry.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <random>
#include <string>

#include "../port_bits.hpp"
#include "Vxor_decryptor_most.h"
#include "Vxor_decryptor_one.h"
#include "Vxor_decryptor_square.h"
#include "Vxor_decryptor_taps.h"
#include "Vxor_decryptor_wide.h"

namespace flexor::testbench {
namespace {

/// Bit `at` of a hexadecimal number.
bool hex_bit(const std::string& hex, int at) {
  const int digit = static_cast<int>(hex.size()) - 1 - at / 4;
  if (digit < 0) return false;
  const char c = hex[static_cast<std::size_t>(digit)];
  return (((c <= '9' ? c - '0' : c - 'a' + 10) >> (at % 4)) & 1) != 0;
}

/// y_i = sum_j M[i][j] x_j mod 2, with M[i][j] = bit i*n_in + j of the matrix.
std::uint64_t product(const std::string& matrix, int n_in, int n_out, std::uint64_t x) {
  std::uint64_t y = 0;
  for (int i = 0; i < n_out; ++i) {
    int sum = 0;
    for (int j = 0; j < n_in; ++j) sum += hex_bit(matrix, i * n_in + j) && ((x >> j) & 1) != 0 ? 1 : 0;
    y |= static_cast<std::uint64_t>(sum % 2) << i;
  }
  return y;
}

template <class Top>
int differing(const std::string& matrix, int n_in, int n_out) {
  auto top = std::make_unique<Top>();
  const unsigned seed = test_seed();
  std::cout << "seed " << seed << '\n';
  std::mt19937 random(seed);
  const std::uint64_t inputs = n_in <= 12 ? std::uint64_t{1} << n_in : 4096;
  int count = 0;
  for (std::uint64_t i = 0; i < inputs; ++i) {
    const std::uint64_t x = n_in <= 12 ? i : random() & ((std::uint64_t{1} << n_in) - 1);
    set_bits(top->stored_i, 0, n_in, x);
    top->eval();
    count += get_bits(top->weight_o, 0, n_out) != product(matrix, n_in, n_out, x) ? 1 : 0;
  }
  return count;
}

const char* const kWide = "0123456789abcdeffedcba98765432100f1e2d3c";

TEST(XorDecryptor, OneTap) { EXPECT_EQ(differing<Vxor_decryptor_one>("1", 1, 1), 0); }
TEST(XorDecryptor, AnyTaps) { EXPECT_EQ(differing<Vxor_decryptor_taps>("91f6a3", 4, 6), 0); }
TEST(XorDecryptor, Square) { EXPECT_EQ(differing<Vxor_decryptor_square>("1084210", 5, 5), 0); }
TEST(XorDecryptor, EightToTwenty) { EXPECT_EQ(differing<Vxor_decryptor_wide>(kWide, 8, 20), 0); }
TEST(XorDecryptor, NoTaps) { EXPECT_EQ(differing<Vxor_decryptor_most>("0", 32, 32), 0); }

// An entry that is wrong changes the outputs of half of all inputs.
TEST(XorDecryptor, FlippedEntryIsSeen) {
  std::string wrong = kWide;
  wrong.back() = wrong.back() == 'c' ? 'd' : 'c';
  EXPECT_EQ(differing<Vxor_decryptor_wide>(wrong, 8, 20), 128);
}

}  // namespace
}  // namespace flexor::testbench
