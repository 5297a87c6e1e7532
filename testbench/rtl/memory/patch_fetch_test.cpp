// SPDX-License-Identifier: Apache-2.0
// patch_fetch and lane_mask: random places and shapes, one patch a cycle, against the rule of docs/architecture.md lane by lane.
#include <gtest/gtest.h>

#include <deque>
#include <iostream>
#include <memory>
#include <vector>

#include "../port_bits.hpp"
#include "Vpatch_fetch_base.h"
#include "Vpatch_fetch_most.h"
#include "Vpatch_fetch_nano.h"
#include "Vpatch_fetch_narrow.h"
#include "Vpatch_fetch_tiny.h"
#include "Vpatch_fetch_xc7.h"
#include "engine_parameters.hpp"

namespace flexor::testbench {
namespace {

constexpr int kFetchLatency = 4, kReadLatency = 2;  // docs/blocks/patch_fetch.md

template <class TopType, int Lanes, int Rows>
struct Variant {
  using Top = TopType;
  static constexpr int K = Lanes, kWords = 2 * Rows;
};

template <class V>
class PatchFetch : public ::testing::Test {
 protected:
  int draw(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  void put(const DescriptorField& field, int value) {
    set_bits(top_->descriptor_i, field.packed, field.width, static_cast<std::uint64_t>(value) & ((1ULL << field.width) - 1));
  }

  unsigned seed_ = test_seed();
  std::mt19937 random_{seed_};
  std::unique_ptr<typename V::Top> top_ = std::make_unique<typename V::Top>();
};

using Variants =
    ::testing::Types<Variant<Vpatch_fetch_tiny, 10, 64>, Variant<Vpatch_fetch_nano, 20, 256>, Variant<Vpatch_fetch_base, 50, 2048>,
                     Variant<Vpatch_fetch_most, 250, 512>, Variant<Vpatch_fetch_xc7, 50, 2048>>;
TYPED_TEST_SUITE(PatchFetch, Variants);

TYPED_TEST(PatchFetch, MasksWhatLiesOutside) {
  using V = TypeParam;
  std::cout << "seed " << this->seed_ << " (FLEXOR_SEED repeats it)\n";
  auto& top = *this->top_;
  top.rst_ni = 0;
  clock_edge(top);
  top.rst_ni = 1;
  struct Patch {
    bool valid;
    long address;
    std::vector<bool> live;
  };
  long lanes = 0, dead = 0;
  for (int shape = 0; shape < 60; ++shape) {
    const int channels = this->draw(1, 40), width = this->draw(1, std::max(1, std::min(30, V::K * 8 / channels))),
              kernel = this->draw(1, 5);
    const int padding = this->draw(0, 2), height = this->draw(1, 20), length = kernel * channels, row = width * channels;
    for (int bit = 0; bit <= descriptor::last.packed; ++bit) set_bits(top.descriptor_i, bit, 1, this->random_());
    this->put(descriptor::string_length, length);
    this->put(descriptor::row_length, row);
    this->put(descriptor::height, height);
    std::deque<Patch> patches;
    std::deque<std::vector<std::uint8_t>> data;
    for (int t = 0; t < 400; ++t) {
      const int x = (this->draw(0, width + 2) - padding) * channels, y = this->draw(-padding, height), string = this->draw(0, 4);
      const int chunk = this->draw(0, (length - 1) / V::K);
      const long pixel = this->draw(-V::K * 4, V::kWords * V::K), tile = this->draw(0, V::kWords * V::K);
      const auto pair = [](long a) {
        const long offset = ((a % V::K) + V::K) % V::K;
        return static_cast<std::uint32_t>((a - offset) / V::K) << 8 | static_cast<std::uint32_t>(offset);
      };
      Patch patch{this->draw(0, 9) != 0, ((pixel + tile) % (V::kWords * V::K) + V::kWords * V::K) % (V::kWords * V::K),
                  std::vector<bool>(V::K)};
      for (int k = 0; k < V::K; ++k) {
        const int i = chunk * V::K + k;  // input of the string
        patch.live[k] = i < length && x + i >= 0 && x + i < row && y + string >= 0 && y + string < height;
      }
      top.valid_i = patch.valid;
      top.pixel_pair_i = pair(pixel);
      top.tile_pair_i = pair(tile);
      set_bits(top.x_i, 0, 17, static_cast<std::uint64_t>(x));
      set_bits(top.y_i, 0, 12, static_cast<std::uint64_t>(y));
      top.last_chunk_i = chunk == (length - 1) / V::K;
      set_bits(top.chunk_start_i, 0, 17, static_cast<std::uint64_t>(chunk * V::K));
      top.string_i = static_cast<std::uint8_t>(string);
      patches.push_back(patch);
      // Data of the patch that was read kReadLatency cycles ago.
      if (static_cast<int>(patches.size()) > 1 + kReadLatency) {
        data.emplace_back(V::K);
        for (int k = 0; k < V::K; ++k) {
          data.back()[k] = static_cast<std::uint8_t>(this->random_());
          set_bits(top.read_data_i, 8 * k, 8, data.back()[k]);
        }
      }
      clock_edge(top);
      ASSERT_EQ(top.read_valid_o, patch.valid);
      if (patch.valid) ASSERT_EQ((top.read_address_o >> 8) * V::K + (top.read_address_o & 0xFF), patch.address);
      if (static_cast<int>(patches.size()) < kFetchLatency) continue;
      for (int k = 0; k < V::K; ++k) {
        const int expected = patches.front().live[k] ? data.front()[k] : 0;
        lanes += 1;
        dead += !patches.front().live[k];
        ASSERT_EQ(get_bits(top.activation_o, 8 * k, 8), expected) << "lane " << k;
      }
      patches.pop_front();
      data.pop_front();
    }
  }
  EXPECT_GT(dead, lanes / 20);
  EXPECT_LT(dead, lanes);
}

// ReadCycles = 3: ten lanes come in three steps of four bytes, each byte in the place that docs/blocks/activation_memory_narrow.md says.
TEST(PatchFetchNarrow, TenBytesInThreeSteps) {
  constexpr int kBytes = 2 * 64 * 16, kLanes = 10, kNarrowLatency = 6;
  const unsigned seed = test_seed();
  std::cout << "seed " << seed << " (FLEXOR_SEED repeats it)\n";
  std::mt19937 random{seed};
  const auto draw = [&random](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  const auto pair = [](int a) { return static_cast<std::uint32_t>(a / 16) << 8 | static_cast<std::uint32_t>(a % 16); };
  const auto top = std::make_unique<Vpatch_fetch_narrow>();
  const auto put = [&top](const DescriptorField& field, int value) {
    set_bits(top->descriptor_i, field.packed, field.width, static_cast<std::uint64_t>(value));
  };
  std::vector<std::uint8_t> memory(kBytes);
  for (auto& byte : memory) byte = static_cast<std::uint8_t>(random());
  top->rst_ni = top->valid_i = 0;
  clock_edge(*top);
  top->rst_ni = 1;
  struct Patch {
    int due, address, live;  // live: lanes from the first
  };
  std::deque<Patch> patches;
  std::deque<std::uint32_t> reads{0, 0};  // what the memory will show
  int wait = 0, checked = 0, odd = 0;
  for (int t = 0; t < 30000; ++t) {
    top->valid_i = wait <= 0 && draw(0, 3) != 0;
    const int pixel = draw(0, kBytes - 1), tile = draw(0, kBytes - 1), live = draw(1, kLanes);
    top->pixel_pair_i = pair(pixel);
    top->tile_pair_i = pair(tile);
    top->x_i = top->y_i = top->string_i = 0;
    // The string ends after `live` lanes; what was asked of a patch in flight stays.
    top->chunk_start_i = top->valid_i ? 50 - live : draw(0, 50);
    top->last_chunk_i = top->valid_i ? 1 : draw(0, 1);
    put(descriptor::string_length, 50);
    put(descriptor::row_length, 1000);
    put(descriptor::height, 1);
    --wait;
    if (top->valid_i) {
      patches.push_back({t + kNarrowLatency, (pixel + tile) % kBytes, live});
      wait = 2;
    }
    top->read_data_i[0] = reads.front();
    reads.pop_front();
    top->eval();
    const int address = static_cast<int>((top->read_address_o >> 8) * 16 + (top->read_address_o & 0xFF));
    std::uint32_t data = static_cast<std::uint32_t>(random());
    for (int j = 0; top->read_valid_o && j < 4; ++j) {
      const int o = address % 2, at = (address - o + 4 * top->read_step_o + (j + o) % 4) % kBytes;
      data = (data & ~(0xFFU << 8 * j)) | static_cast<std::uint32_t>(memory[at]) << 8 * j;
    }
    reads.push_back(data);
    clock_edge(*top);
    if (patches.empty() || patches.front().due != t + 1) continue;
    const Patch patch = patches.front();
    patches.pop_front();
    for (int k = 0; k < kLanes; ++k, ++checked) {
      ASSERT_EQ(get_bits(top->activation_o, 8 * k, 8), k < patch.live ? memory[(patch.address + k) % kBytes] : 0)
          << "cycle " << t << " address " << patch.address << " lane " << k;
    }
    odd += patch.address % 2;
  }
  EXPECT_GT(checked, 50000);
  EXPECT_GT(odd, 1000);
}

}  // namespace
}  // namespace flexor::testbench
