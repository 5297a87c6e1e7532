// SPDX-License-Identifier: Apache-2.0
// byte_rotate: every amount of every variant, whole rotators and stages of one, against the rotated array.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vbyte_rotate_base.h"
#include "Vbyte_rotate_nano.h"
#include "Vbyte_rotate_stage.h"
#include "Vbyte_rotate_xc7.h"
#include "Vbyte_rotate_xc7_stage.h"

namespace flexor::testbench {
namespace {

template <class TopType, int Size, int FirstBit, int LastBit>
struct Variant {
  using Top = TopType;
  static constexpr int kBytes = Size, kFirst = FirstBit, kLast = LastBit;
};

template <class V>
class ByteRotate : public ::testing::Test {};

using Variants =
    ::testing::Types<Variant<Vbyte_rotate_nano, 20, 0, 4>, Variant<Vbyte_rotate_base, 50, 0, 5>, Variant<Vbyte_rotate_stage, 20, 2, 4>,
                     Variant<Vbyte_rotate_xc7, 50, 0, 5>, Variant<Vbyte_rotate_xc7_stage, 50, 1, 5>>;
TYPED_TEST_SUITE(ByteRotate, Variants);

TYPED_TEST(ByteRotate, TurnsRightByTheBitsOfItsStage) {
  using V = TypeParam;
  const unsigned seed = test_seed();
  std::cout << "seed " << seed << " (FLEXOR_SEED repeats it)\n";
  std::mt19937 random(seed);
  const auto top = std::make_unique<typename V::Top>();
  for (int amount = 0; amount < V::kBytes; ++amount) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::uint8_t> bytes(V::kBytes);
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::uint8_t>(random());
        set_bits(top->data_i, 8 * static_cast<int>(i), 8, bytes[i]);
      }
      const int mine = amount >> V::kFirst & ((2 << (V::kLast - V::kFirst)) - 1);
      top->amount_i = static_cast<std::uint8_t>(mine);
      top->eval();
      for (int i = 0; i < V::kBytes; ++i) {
        ASSERT_EQ(get_bits(top->data_o, 8 * i, 8), bytes[static_cast<std::size_t>((i + (mine << V::kFirst)) % V::kBytes)])
            << "seed " << seed << " amount " << amount << " byte " << i;
      }
    }
  }
}

}  // namespace
}  // namespace flexor::testbench
