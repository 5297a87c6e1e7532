// SPDX-License-Identifier: Apache-2.0
// pixel_walker: random layers, every block walked once per tile, random stalls, against the loop nest.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>

#include "../port_bits.hpp"
#include "Vpixel_walker_base.h"
#include "Vpixel_walker_memory.h"
#include "Vpixel_walker_nano.h"
#include "Vpixel_walker_slow.h"
#include "Vpixel_walker_tiny.h"
#include "random_walk.hpp"

namespace flexor::testbench {
namespace {

template <class TopType, int Lanes, int Rows, bool StepMemory = false, int ReadCycles = 1>
struct Variant {
  using Top = TopType;
  static constexpr int K = Lanes, kRows = Rows;
  static constexpr bool kStepMemory = StepMemory;
  static constexpr int kReadCycles = ReadCycles;
};

template <class V>
class PixelWalker : public ::testing::Test {
 protected:
  template <class Port>
  static int position(const Port& port, int width) {
    const auto bits = get_bits(port, 0, width);
    return static_cast<int>(static_cast<std::int64_t>(bits << (64 - width)) >> (64 - width));
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants =
    ::testing::Types<Variant<Vpixel_walker_tiny, 10, 64>, Variant<Vpixel_walker_nano, 20, 256>, Variant<Vpixel_walker_base, 50, 2048>,
                     Variant<Vpixel_walker_memory, 16, 256, true>, Variant<Vpixel_walker_slow, 16, 64, false, 3>>;
TYPED_TEST_SUITE(PixelWalker, Variants);

TYPED_TEST(PixelWalker, WalksTheLoopNest) {
  using V = TypeParam;
  std::cout << "seed " << this->seed_ << " (FLEXOR_SEED repeats it)\n";
  auto& top = *this->top_;
  clock_edge(top);
  const int memory = 2 * V::kRows * V::K;
  int width = 1;
  while ((1 << width) < memory) ++width;
  width = std::min(width + 2, 17);  // PositionWidth of docs/blocks/pixel_walker.md
  for (int l = 0; l < 60; ++l) {
    const Walk walk = random_walk(V::K, V::kRows, 40, this->random_);
    for (const auto& f : {descriptor::pool, descriptor::input_base, descriptor::columns, descriptor::rows, descriptor::step_window_x,
                          descriptor::step_window_y, descriptor::step_x, descriptor::step_y, descriptor::step_image, descriptor::x_start,
                          descriptor::x_step, descriptor::y_start, descriptor::y_step}) {
      const bool step = f.word >= descriptor::step_window_x.word && f.word <= descriptor::step_image.word;
      set_bits(top.descriptor_i, f.packed, f.width, V::kStepMemory && step ? this->random_() : field(walk, f));
    }
    for (int word = 0; V::kStepMemory && word < kDescriptorUsedWords; ++word) {
      top.word_valid_i = 1;
      top.word_i = static_cast<std::uint8_t>(word);
      top.word_data_i = walk.words[static_cast<std::size_t>(word)];
      clock_edge(top);
    }
    top.word_valid_i = 0;
    top.word_data_i = static_cast<std::uint32_t>(this->random_());
    const auto count = walk.pixels.size();
    const int tiles = static_cast<int>(this->random_() % 3) + 1, stall = static_cast<int>(this->random_() % 4);
    top.load_i = 1;
    top.step_i = top.tile_first_i = 0;
    clock_edge(top);
    top.load_i = 0;
    int gap = V::kReadCycles;  // a tile may not begin in the cycle after the one in which its place is set
    for (int m = 0; m < 2; ++m) {
      for (std::size_t begin = 0; begin < count; begin += static_cast<std::size_t>(walk.block_pixels)) {
        const auto end = std::min(count, begin + static_cast<std::size_t>(walk.block_pixels));
        for (int tile = 0; tile < tiles; ++tile) {
          for (std::size_t p = begin; p < end; ++p) {
            top.tile_first_i = p == begin;
            top.tile_last_i = p + 1 == end;
            top.block_last_tile_i = tile + 1 == tiles;
            top.last_block_i = end == count;
            while (gap-- > 0 || static_cast<int>(this->random_() % 4) < stall) {
              top.step_i = 0;
              clock_edge(top);
            }
            top.step_i = 1;
            clock_edge(top);  // what belongs to a pixel shows one cycle later
            const Pixel& expected = walk.pixels[p];
            ASSERT_EQ(address_of(top.pair_o, V::K, V::kRows), (expected.address % memory + memory) % memory)
                << "layer " << l << " m-tile " << m << " tile " << tile << " pixel " << p;
            ASSERT_EQ(this->position(top.x_o, width), expected.x);
            ASSERT_EQ(this->position(top.y_o, 12), expected.y);
            gap = std::max(V::kReadCycles - 1, end - begin == 1 ? 1 : 0);
          }
        }
      }
    }
    top.step_i = 0;
  }
}

}  // namespace
}  // namespace flexor::testbench
