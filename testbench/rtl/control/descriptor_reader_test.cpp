// SPDX-License-Identifier: Apache-2.0
// descriptor_reader: descriptors with fields drawn at and beside their limits against the list of what is illegal, the fields that it gives
// out, cycles, and the descriptor that follows.
#include <gtest/gtest.h>

#include <array>
#include <iostream>
#include <memory>
#include <type_traits>
#include <vector>

#include "../port_bits.hpp"
#include "Vdescriptor_reader_exact.h"
#include "Vdescriptor_reader_narrow.h"
#include "Vdescriptor_reader_plain.h"
#include "Vdescriptor_reader_wide.h"
#include "engine_parameters.hpp"

namespace flexor::testbench {
namespace {

template <class TopType, int Block, int PixelBits, int CountBits, int Words, int MostDigits, int SumWidth, bool HasResidual,
          bool HasWindows, int LeastStored = 1, int MostStored = 32>
struct Variant {
  using Top = TopType;
  static constexpr std::uint32_t kPMax = Block, kPixelWidth = PixelBits, kCountWidth = CountBits, kControlWords = Words,
                                 kDigits = MostDigits, kSumBits = SumWidth, kStoredMin = LeastStored, kStoredMax = MostStored;
  static constexpr bool kResidual = HasResidual, kWindows = HasWindows;
};

using Descriptor = std::array<std::uint32_t, kDescriptorWords>;

std::uint32_t field(const Descriptor& words, DescriptorField f) {
  return static_cast<std::uint32_t>(get_bits(words[static_cast<std::size_t>(f.word)], f.low, f.width));
}
void set_field(Descriptor& words, DescriptorField f, std::uint32_t value) {
  set_bits(words[static_cast<std::size_t>(f.word)], f.low, f.width, value);
}

// Of every field: the interface's own list (docs/architecture.md, "Descriptor").
constexpr std::array kFields = {descriptor::last,           descriptor::logits,        descriptor::pool,
                                descriptor::activation_max, descriptor::stored_bits,   descriptor::code_base,
                                descriptor::weight_base,    descriptor::channels,      descriptor::m_tiles,
                                descriptor::strings,        descriptor::chunks,        descriptor::pixels,
                                descriptor::block_pixels,   descriptor::window_bytes,  descriptor::columns,
                                descriptor::rows,           descriptor::step_image,    descriptor::x_start,
                                descriptor::height,         descriptor::digits,        descriptor::residual,
                                descriptor::shortcut,       descriptor::projection,    descriptor::window,
                                descriptor::sum_pixels,     descriptor::shortcut_base, descriptor::shortcut_step_image,
                                descriptor::progress};

template <class V>
class DescriptorReader : public ::testing::Test {
 protected:
  DescriptorReader() {
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    top_->start_i = top_->next_i = top_->rst_ni = 0;
    clock_edge(*top_);
    top_->rst_ni = 1;
  }

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::uint32_t in(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }

  // What the block's header calls illegal, from the fields.
  static bool illegal(const Descriptor& d) {
    const auto get = [&d](DescriptorField f) { return field(d, f); };
    const auto outside = [](std::uint32_t value, std::uint32_t low, std::uint32_t high) { return value < low || value > high; };
    const bool pool = get(descriptor::pool) != 0, logits = get(descriptor::logits) != 0;
    const bool residual = get(descriptor::residual) != 0, shortcut = get(descriptor::shortcut) != 0;
    const bool projection = V::kResidual && get(descriptor::projection) != 0, window = V::kWindows && get(descriptor::window) != 0;
    const std::uint32_t most_count = (1U << V::kCountWidth) - 1;
    if (outside(get(descriptor::stored_bits), V::kStoredMin, V::kStoredMax)) return true;
    if (outside(get(descriptor::channels), 1, std::min(V::kControlWords - 1, 65535U))) return true;
    if (outside(get(descriptor::m_tiles), 1, std::min(V::kControlWords - 1, 4095U))) return true;
    if (get(descriptor::strings) == 0 || get(descriptor::chunks) == 0) return true;
    if (outside(get(descriptor::pixels), 1, (1U << (V::kPixelWidth - 1)) - 1)) return true;
    if (outside(get(descriptor::columns), 1, most_count) || outside(get(descriptor::rows), 1, most_count)) return true;
    if (get(descriptor::height) > most_count) return true;
    if (outside(get(descriptor::block_pixels), 1, V::kPMax)) return true;
    if (pool && (get(descriptor::block_pixels) % 4 != 0 || get(descriptor::pixels) % 4 != 0)) return true;
    if (outside(get(descriptor::digits), 1, V::kDigits)) return true;
    if (outside(get(descriptor::sum_pixels), 1, 1U << V::kSumBits)) return true;
    if (!V::kResidual && (residual || shortcut)) return true;
    if ((pool || logits) && (shortcut || projection)) return true;
    if (projection && !residual) return true;
    return pool && (get(descriptor::sum_pixels) != 1 || window);
  }

  // A legal layer; whatever no rule speaks of is random.
  Descriptor legal() {
    Descriptor d{};
    for (std::uint32_t& word : d) word = static_cast<std::uint32_t>(random_());
    const bool pool = below(3) == 0, residual = V::kResidual && below(2) != 0;
    const std::uint32_t four = pool ? 4 : 1, most_count = (1U << V::kCountWidth) - 1;
    set_field(d, descriptor::pool, pool ? 1 : 0);
    set_field(d, descriptor::stored_bits, in(V::kStoredMin, V::kStoredMax));
    set_field(d, descriptor::channels, in(1, std::min(V::kControlWords - 1, 65535U)));
    set_field(d, descriptor::m_tiles, in(1, std::min(V::kControlWords - 1, 4095U)));
    set_field(d, descriptor::strings, in(1, 255));
    set_field(d, descriptor::chunks, in(1, 4095));
    set_field(d, descriptor::pixels, four * in(1, ((1U << (V::kPixelWidth - 1)) - 1) / four));
    set_field(d, descriptor::block_pixels, four * in(1, V::kPMax / four));
    set_field(d, descriptor::columns, in(1, most_count));
    set_field(d, descriptor::rows, in(1, most_count));
    set_field(d, descriptor::height, in(0, most_count));
    set_field(d, descriptor::digits, in(1, V::kDigits));
    set_field(d, descriptor::sum_pixels, pool ? 1 : in(1, 1U << V::kSumBits));
    set_field(d, descriptor::residual, residual ? 1 : 0);
    const bool plain = pool || field(d, descriptor::logits) != 0;
    set_field(d, descriptor::shortcut, V::kResidual && !plain ? below(2) : 0);
    set_field(d, descriptor::projection, residual && !plain ? below(2) : 0);
    if (pool) set_field(d, descriptor::window, 0);
    return d;
  }

  // One field at or beside a limit.
  void touch(Descriptor& d) {
    const DescriptorField f = kFields[below(kFields.size())];
    const std::array<std::uint32_t, 21> limits = {0,
                                                  1,
                                                  2,
                                                  3,
                                                  4,
                                                  32,
                                                  33,
                                                  V::kStoredMin - 1,
                                                  V::kStoredMax + 1,
                                                  V::kPMax,
                                                  V::kPMax + 1,
                                                  V::kControlWords - 1,
                                                  V::kControlWords,
                                                  (1U << V::kCountWidth) - 1,
                                                  1U << V::kCountWidth,
                                                  (1U << (V::kPixelWidth - 1)) - 1,
                                                  1U << (V::kPixelWidth - 1),
                                                  V::kDigits + 1,
                                                  1U << V::kSumBits,
                                                  (1U << V::kSumBits) + 1,
                                                  static_cast<std::uint32_t>(random_())};
    set_field(d, f, limits[below(limits.size())]);
  }

  struct Read {
    int cycles = 0;
    bool error = false;
  };

  // Answers the reader from `memory` until it is done.
  Read run(const std::vector<std::uint32_t>& memory) {
    Read read;
    std::uint32_t data = static_cast<std::uint32_t>(random_());
    bool done = false;
    for (; !done; ++read.cycles) {
      EXPECT_LT(read.cycles, 100);
      if (read.cycles >= 100) return read;
      top_->read_data_i = data;
      top_->eval();
      done = top_->done_o != 0;
      data = top_->read_o != 0 ? memory[top_->read_address_o] : static_cast<std::uint32_t>(random_());
      clock_edge(*top_);
      top_->start_i = top_->next_i = 0;
    }
    read.error = top_->error_o != 0;
    return read;
  }

  void expect_fields(const Descriptor& d) {
    for (const DescriptorField f : kFields) {
      ASSERT_EQ(get_bits(top_->descriptor_o, f.packed, f.width), field(d, f)) << "word " << f.word << " bit " << f.low;
    }
  }

  const unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants = ::testing::Types<Variant<Vdescriptor_reader_plain, 16, 12, 8, 512, 1, 0, false, false>,
                                  Variant<Vdescriptor_reader_narrow, 128, 17, 4, 128, 4, 3, true, false>,
                                  Variant<Vdescriptor_reader_wide, 256, 21, 10, 65536, 8, 8, true, true>,
                                  Variant<Vdescriptor_reader_exact, 256, 21, 10, 512, 1, 0, false, false, 12, 12>>;
TYPED_TEST_SUITE(DescriptorReader, Variants);

TYPED_TEST(DescriptorReader, RefusesWhatIsIllegalAndNothingElse) {
  int refused = 0, taken = 0;
  for (int round = 0; round < 20000; ++round) {
    SCOPED_TRACE(::testing::Message() << "seed " << this->seed_ << " round " << round);
    Descriptor d = this->legal();
    ASSERT_FALSE(TestFixture::illegal(d));
    for (std::uint32_t n = this->below(3); n > 0; --n) this->touch(d);
    const std::uint32_t at = this->below(TypeParam::kControlWords / kDescriptorWords);
    std::vector<std::uint32_t> memory(TypeParam::kControlWords);
    std::copy(d.begin(), d.end(), memory.begin() + at * kDescriptorWords);
    this->top_->address_i = static_cast<std::remove_reference_t<decltype(this->top_->address_i)>>(at * kDescriptorWords);
    this->top_->start_i = 1;
    const auto read = this->run(memory);
    ASSERT_EQ(read.error, TestFixture::illegal(d));
    // start_i in cycle 0, done_o in cycle kDescriptorUsedWords + 2.
    ASSERT_EQ(read.cycles, kDescriptorUsedWords + 3);
    this->expect_fields(d);
    ++(read.error ? refused : taken);
  }
  EXPECT_GT(refused, 2000);
  EXPECT_GT(taken, 2000);
}

TYPED_TEST(DescriptorReader, GoesOnToTheNextOne) {
  std::vector<std::uint32_t> memory;
  std::vector<Descriptor> all;
  for (int n = 0; n < 4; ++n) {
    all.push_back(this->legal());
    if (n == 1) set_field(all.back(), descriptor::strings, 0);
    memory.insert(memory.end(), all.back().begin(), all.back().end());
  }
  memory.resize(TypeParam::kControlWords);
  for (int n = 0; n < 4; ++n) {
    this->top_->address_i = 0;
    (n == 0 ? this->top_->start_i : this->top_->next_i) = 1;
    EXPECT_EQ(this->run(memory).error, n == 1) << "descriptor " << n;
    this->expect_fields(all[static_cast<std::size_t>(n)]);
  }
}

}  // namespace
}  // namespace flexor::testbench
