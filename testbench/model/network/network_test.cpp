// SPDX-License-Identifier: Apache-2.0
#include "network/network.hpp"

#include <gtest/gtest.h>

#include "network/slice_layout.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

TEST(Layer, SizesOfLeNet) {
  Random random(1);
  const Network network = test::random_lenet(random, 8, true);
  const Layer& conv1 = network.layers[0];
  EXPECT_EQ(conv1.strings(), 1);
  EXPECT_EQ(conv1.string_length(), 25);
  EXPECT_EQ(slice_layout(network, conv1).slices(), 10 * 3);
  EXPECT_EQ(conv1.unpooled(), (Shape{24, 24, 20}));
  EXPECT_EQ(conv1.macs(), 24 * 24 * 25 * 20);
  const Layer& conv2 = network.layers[1];
  EXPECT_EQ(conv2.strings(), 5);
  EXPECT_EQ(conv2.string_length(), 100);
  EXPECT_EQ(slice_layout(network, conv2).slices(), 25 * 5 * 10);
  EXPECT_EQ(conv2.weights(), 25 * 20 * 50);
  EXPECT_EQ(network.layers[2].input, (Shape{1, 1, 800}));
  EXPECT_EQ(slice_layout(network, network.layers[2]).slices(), 250 * 80);
}

TEST(PackSlices, PutsBitZeroOfTheFirstSliceFirst) {
  // Slices 0b101, 0b110, 0b001 of 3 bits: the bit stream is 1 0 1 0 1 1 1 0 0.
  EXPECT_EQ(pack_slices({0b101, 0b110, 0b001}, 3), (std::vector<std::uint8_t>{0b01110101, 0b0}));
}

TEST(PackSlices, RoundTripsForEveryWidth) {
  Random random(2);
  for (int n = 1; n <= 32; ++n) {
    std::vector<std::uint32_t> slices(13);
    for (auto& slice : slices) slice = static_cast<std::uint32_t>(random.next() & ((std::uint64_t{1} << n) - 1));
    const Plane plane{0, pack_slices(slices, n)};
    EXPECT_EQ(plane.stored.size(), static_cast<std::size_t>(13 * n + 7) / 8);
    for (int s = 0; s < 13; ++s) EXPECT_EQ(slice_bits(plane, n, s), slices[static_cast<std::size_t>(s)]);
  }
}

// The canonical layout of docs/architecture.md, written the other way round: for each weight, find its slice and output bit.
TEST(DecryptWeights, FollowsTheCanonicalLayout) {
  Random random(3);
  for (int n = 0; n < 40; ++n) {
    const Network network = test::draw_network(random);
    for (const Layer& l : network.layers) {
      const Code& code = network.codes[static_cast<std::size_t>(l.planes[0].code)];
      const auto weights = decrypt_weights(network, l);
      const int groups = (l.string_length() + 9) / 10;
      for (int m = 0; m < l.output.channels; ++m) {
        for (int r = 0; r < l.strings(); ++r) {
          for (int k = 0; k < l.string_length(); ++k) {
            const int slice = ((m / 2) * l.strings() + r) * groups + k / 10;
            std::uint32_t stored = 0;
            for (int j = 0; j < code.n_in; ++j) {
              const int bit = slice * code.n_in + j;
              stored |= (l.planes[0].stored[static_cast<std::size_t>(bit / 8)] >> (bit % 8) & 1U) << j;
            }
            const int expected = (code.decrypt(stored) >> ((m % 2) * 10 + k % 10) & 1U) != 0 ? 1 : -1;
            ASSERT_EQ(weights[static_cast<std::size_t>((m * l.strings() + r) * l.string_length() + k)], expected);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace flexor
