// SPDX-License-Identifier: Apache-2.0
#include "compiler/descriptor.hpp"

#include <gtest/gtest.h>

#include "compiler/compiler.hpp"
#include "configuration.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

// A pair back to bytes, with a negative word in two's complement.
std::int64_t to_bytes(std::uint32_t pair, int K) {
  return static_cast<std::int64_t>(static_cast<std::int32_t>(pair) >> 8) * K + (pair & 0xFF);
}

TEST(Pair, RoundTripsWithOffsetBelowK) {
  for (const int K : {10, 20, 50, 250}) {
    for (std::int64_t bytes = -1000; bytes <= 1000; ++bytes) {
      const std::uint32_t pair = to_pair(bytes, K);
      EXPECT_LT(pair & 0xFF, static_cast<std::uint32_t>(K));
      EXPECT_EQ(to_bytes(pair, K), bytes);
    }
  }
}

TEST(Pair, MinusOneIsTheLastByteOfWordMinusOne) { EXPECT_EQ(to_pair(-1, 10), 0xFFFFFF09U); }

// 6x6x2 input, kernel 3, padding 1, no pooling, K = 30 (engine small): every number worked out by hand from the page.
TEST(Descriptor, OfAPaddedConvolution) {
  Random random(1);
  const test::LayerSpec conv{LayerKind::Convolution, 5, 3, 1, 1, false, false, 0, 4};
  const test::LayerSpec dense{LayerKind::Dense, 3, 1, 1, 0, false, false, 0, 8};
  const Network network = test::random_network(random, {6, 6, 2}, {nested_code(7)}, {conv, dense});
  const MemoryImage image = compile(network, test::configuration("small"), 2);
  const std::uint32_t* w = image.control.data();
  EXPECT_EQ(w[0], 0U << 24 | 7U << 16 | 15U << 8 | 0U);
  EXPECT_EQ(w[1], 0U);
  EXPECT_EQ(w[2], 5U << 16 | 64U);
  EXPECT_EQ(w[3], 1U << 20 | 3U << 12 | 1U);
  EXPECT_EQ(to_bytes(w[4], 30), -12 - 2);
  EXPECT_EQ(to_bytes(w[5], 30), 12);
  EXPECT_EQ(to_bytes(w[6], 30), 2 * 512 * 30 - 2 * 180);
  EXPECT_EQ(to_bytes(w[7], 30), 5);
  EXPECT_EQ(w[8], 72U);
  EXPECT_EQ(72U % w[9], 0U) << "blocks of equal size";
  EXPECT_EQ(w[10], 6U << 16 | 6U);
  EXPECT_EQ(to_bytes(w[13], 30), 2);
  EXPECT_EQ(to_bytes(w[14], 30), 12 - 10);
  EXPECT_EQ(to_bytes(w[15], 30), 72 - 60 - 10);
  EXPECT_EQ(w[16], 2U << 16 | 0xFFFEU);
  EXPECT_EQ(w[17], 12U << 16 | 6U);
  EXPECT_EQ(w[18], 6U << 16 | 1U << 8 | 0xFFU);
  EXPECT_EQ(w[19], 1U << 16 | 1U) << "one digit, one pixel a sum";
  EXPECT_EQ(w[20], 2U << 16) << "five channels are two residual words of four";
  for (int i = 21; i < 32; ++i) EXPECT_EQ(w[i], 0U);
  EXPECT_EQ(w[32] & 7U, 3U) << "the dense layer is the last and gives logits";
  EXPECT_EQ(w[34], 3U << 16 | 74U);
}

// conv1 6x6x16 -> conv2 3x3x32 with stride 2 and an option-A shortcut, engine base (R = 8), batch 2: by hand.
TEST(Descriptor, OfAStridedShortcut) {
  Random random(1);
  const test::LayerSpec first{LayerKind::Convolution, 16, 3, 1, 1, false, false, 0, 8};
  const test::LayerSpec second{LayerKind::Convolution, 32, 3, 2, 1, false, false, 0, 8};
  const test::LayerSpec dense{LayerKind::Dense, 3, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {6, 6, 4}, {nested_code(7)}, {first, second, dense});
  network.layers[1].shortcut = Shortcut{.source = 0, .stride = 2, .channel_offset = 8, .multiplier = 300};
  const MemoryImage image = compile(network, test::configuration("base"), 2);
  const std::uint32_t* w = image.control.data();
  EXPECT_EQ(w[19], 1U << 16 | 1U << 4 | 1U) << "conv1 goes to residual memory";
  EXPECT_EQ(w[20] >> 16, 2U);
  EXPECT_EQ(w[22], 0U);
  w += 32;
  EXPECT_EQ(w[19], 1U << 16 | 1U << 5 | 1U);
  EXPECT_EQ(w[20], 4U << 16 | 300U);
  EXPECT_EQ(w[21], 24U << 16 | 8U);
  EXPECT_EQ(static_cast<std::int32_t>(w[23]), -1) << "channel 0 would be a word before the first";
  EXPECT_EQ(w[24], 4U) << "two pixels of two words";
  EXPECT_EQ(w[25], 24U - 8U) << "two rows of six pixels, two columns back";
  EXPECT_EQ(w[26], 72U - 48U - 8U);
}

}  // namespace
}  // namespace flexor
