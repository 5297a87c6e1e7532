// SPDX-License-Identifier: Apache-2.0
// tile_loader: random layers and random stalls against the loop nest of docs/architecture.md.
#include <gtest/gtest.h>

#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vtile_loader_exact.h"
#include "Vtile_loader_four.h"
#include "Vtile_loader_one.h"
#include "engine_parameters.hpp"

namespace flexor::testbench {
namespace {

constexpr int kLookAhead = 5;

template <class TopType, int Width, int Count, int Words, int Exact = 0>
struct Variant {
  using Top = TopType;
  static constexpr int kD = Width, kGroups = Count, kWords = Words, kStored = Exact;  // 0: as many as the descriptor says
};

struct Word {
  int weight, column;
  bool first, last;
  int left;  ///< words of the tile that follow
  bool last_group;
};

template <class V>
class TileLoader : public ::testing::Test {
 protected:
  int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  void put(const DescriptorField& field, int value) {
    set_bits(top_->descriptor_i, field.packed, field.width, static_cast<std::uint64_t>(value));
  }

  /// Draws a layer; returns the words that must come.
  std::vector<Word> layer() {
    for (int bit = 0; bit <= descriptor::last.packed; ++bit) set_bits(top_->descriptor_i, bit, 1, random_());
    const int n = V::kStored > 0 ? V::kStored : draw(1, 32), m_tiles = draw(1, 3), strings = draw(1, 4), chunks = draw(1, 4),
              pixels = draw(1, 60), block = draw(1, 30);
    const int weight_base = draw(0, 1000), code_base = draw(0, 200);
    put(descriptor::stored_bits, V::kStored > 0 ? draw(0, 63) : n);
    put(descriptor::m_tiles, m_tiles);
    put(descriptor::strings, strings);
    put(descriptor::chunks, chunks);
    put(descriptor::pixels, pixels);
    put(descriptor::block_pixels, block);
    put(descriptor::weight_base, weight_base);
    put(descriptor::code_base, code_base);
    std::vector<Word> words;
    const int tile_words = V::kGroups * n;
    for (int m = 0; m < m_tiles; ++m) {
      for (int done = 0; done < pixels; done += block) {
        for (int tile = 0; tile < strings * chunks; ++tile) {
          for (int i = 0; i < tile_words; ++i) {
            const int at = weight_base + (m * strings * chunks + tile) * tile_words + i;
            words.push_back({at, code_base + i % n, i % n == 0, i == tile_words - 1, tile_words - 1 - i, i >= tile_words - n});
          }
        }
      }
    }
    return words;
  }

  /// One cycle; the memories answer in the next.
  void cycle() {
    top_->eval();
    const bool read = top_->read_o;
    const std::uint32_t weight = top_->weight_address_o, code = top_->code_address_o;
    clock_edge(*top_);
    if (read) {
      top_->weight_data_i = weights_[weight];
      top_->code_data_i = codes_[code];
      top_->eval();
    }
  }

  TileLoader() : weights_(V::kWords), codes_(256) {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    for (auto& w : weights_) w = (random_() | static_cast<std::uint64_t>(random_()) << 32) & ((1ULL << V::kD) - 1);
    for (auto& c : codes_) c = random_() & 0xFFFFF;
    top_->start_i = top_->word_ready_i = top_->rst_ni = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
  std::vector<std::uint64_t> weights_;
  std::vector<std::uint32_t> codes_;
};

using Variants = ::testing::Types<Variant<Vtile_loader_one, 40, 1, 131072>, Variant<Vtile_loader_four, 6, 4, 16384>,
                                  Variant<Vtile_loader_exact, 10, 2, 16384, 12>>;
TYPED_TEST_SUITE(TileLoader, Variants);

TYPED_TEST(TileLoader, StreamsTheLoopNest) {
  auto& top = *this->top_;
  for (int l = 0; l < 40; ++l) {
    const auto words = this->layer();
    const int stall = static_cast<int>(this->random_() % 4);  // of 4
    top.start_i = 1;
    this->cycle();
    top.start_i = 0;
    std::size_t next = 0;
    int waited = 0;
    bool soon = false;
    while (next < words.size()) {
      top.word_ready_i = static_cast<int>(this->random_() % 4) >= stall;
      top.eval();
      const bool taken = top.word_valid_o && top.word_ready_i;
      if (top.word_valid_o) {
        const Word& w = words[next];
        ASSERT_EQ(top.word_o, this->weights_[w.weight]) << "layer " << l << " word " << next;
        ASSERT_EQ(top.column_o, this->codes_[w.column]);
        ASSERT_EQ(top.word_first_o, w.first);
        ASSERT_EQ(top.word_last_o, w.last);
      }
      ASSERT_EQ(top.soon_o, soon) << "layer " << l << " word " << next;
      soon = taken && words[next].left <= kLookAhead && words[next].last_group;
      next += taken;
      waited = top.word_valid_o ? 0 : waited + 1;
      ASSERT_LE(waited, 2) << "no word is offered";
      this->cycle();
    }
    top.word_ready_i = 1;
    for (int t = 0; t < 20; ++t) {
      this->cycle();
      ASSERT_EQ(top.word_valid_o, 0) << "a word too many";
    }
  }
}

TYPED_TEST(TileLoader, ResetEndsTheLayerAndOneWordComesEveryCycle) {
  auto& top = *this->top_;
  for (int l = 0; l < 40; ++l) {
    const auto words = this->layer();
    top.start_i = 1;
    this->cycle();
    top.start_i = 0;
    top.word_ready_i = 1;
    this->cycle();
    const std::size_t stop = this->random_() % words.size();
    for (std::size_t i = 0; i <= stop; ++i) {
      ASSERT_EQ(top.word_valid_o, 1);
      ASSERT_EQ(top.word_o, this->weights_[words[i].weight]);
      this->cycle();
    }
    top.rst_ni = 0;
    this->cycle();
    top.rst_ni = 1;
    for (int t = 0; t < 5; ++t) {
      ASSERT_EQ(top.word_valid_o, 0);
      this->cycle();
    }
  }
}

}  // namespace
}  // namespace flexor::testbench
