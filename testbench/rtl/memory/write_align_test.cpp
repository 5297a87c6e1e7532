// SPDX-License-Identifier: Apache-2.0
// write_align: every offset with random strobes against lanes and banks found byte by byte; bubbles between writes.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <memory>
#include <utility>

#include "../port_bits.hpp"
#include "Vwrite_align_base.h"
#include "Vwrite_align_nano.h"
#include "Vwrite_align_xc7.h"

namespace flexor::testbench {
namespace {

template <class TopType, int Lanes, int Width>
struct Variant {
  using Top = TopType;
  static constexpr int K = Lanes, W = Width;
};

template <class V>
class WriteAlign : public ::testing::Test {};

using Variants = ::testing::Types<Variant<Vwrite_align_nano, 20, 4>, Variant<Vwrite_align_base, 50, 16>, Variant<Vwrite_align_xc7, 50, 16>>;
TYPED_TEST_SUITE(WriteAlign, Variants);

TYPED_TEST(WriteAlign, PutsEveryByteIntoItsLaneAndBank) {
  constexpr int K = TypeParam::K, W = TypeParam::W;
  const unsigned seed = test_seed();
  std::cout << "seed " << seed << " (FLEXOR_SEED repeats it)\n";
  std::mt19937 random(seed);
  const auto top = std::make_unique<typename TypeParam::Top>();
  top->eval();  // the clock is low before its first edge
  for (int round = 0; round < 4000; ++round) {
    const bool valid = round < K || random() % 4 != 0;
    const int offset = round < K ? round : static_cast<int>(random() % K);
    const int word = static_cast<int>(random() % 2000);
    // Lane in bank -> byte.
    std::map<std::pair<int, int>, std::uint64_t> wanted;
    std::uint64_t strobe = 0;
    for (int i = 0; i < W; ++i) {
      const auto byte = random() & 0xFF;
      set_bits(top->write_data_i, 8 * i, 8, byte);
      if (random() % 4 == 0) continue;
      strobe |= 1ULL << i;
      const int bank = (word + (offset + i >= K ? 1 : 0)) % 2;
      if (valid) wanted[{bank, (offset + i) % K}] = byte;
    }
    set_bits(top->write_strobe_i, 0, W, strobe);
    top->write_valid_i = valid;
    top->write_word_i = static_cast<std::uint16_t>(word);
    top->write_offset_i = static_cast<std::uint8_t>(offset);
    clock_edge(*top);
    SCOPED_TRACE(::testing::Message() << "seed " << seed << " round " << round << " offset " << offset << " word " << word);
    for (int lane = 0; lane < K; ++lane) {
      for (const int bank : {0, 1}) {
        const auto found = wanted.find({bank, lane});
        const auto enabled = bank == 0 ? get_bits(top->strobe0_o, lane, 1) : get_bits(top->strobe1_o, lane, 1);
        ASSERT_EQ(enabled != 0, found != wanted.end()) << "bank " << bank << " lane " << lane;
        if (found != wanted.end()) {
          ASSERT_EQ(get_bits(top->lanes_o, 8 * lane, 8), found->second) << "lane " << lane;
        }
      }
    }
    if (!valid) continue;
    const int next = word + 1;  // rows of the words in bank 0 and bank 1
    EXPECT_EQ(top->row0_o, (word % 2 == 0 ? word : next) / 2);
    EXPECT_EQ(top->row1_o, (word % 2 == 1 ? word : next) / 2);
  }
}

}  // namespace
}  // namespace flexor::testbench
