// SPDX-License-Identifier: Apache-2.0
// Layers some channels at a time, against shares counted by hand.
#include "compiler/channel_parts.hpp"

#include <gtest/gtest.h>

#include <string>

#include "compiler/compiler.hpp"
#include "compiler/transfer_list.hpp"
#include "configuration.hpp"
#include "expect_input_error.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

// m_tiles of `words` words each.
TiledLayer tiles(int m_tiles, int words) {
  TiledLayer tiled;
  tiled.m_tiles = m_tiles;
  tiled.words.resize(static_cast<std::size_t>(m_tiles) * static_cast<std::size_t>(words));
  return tiled;
}

std::string shares(const TiledLayer& tiled, int channels, const EngineParameters& engine) {
  std::string text;
  for (const ChannelRange& range : cut_channels(tiled, channels, engine))
    text += std::to_string(range.first) + "+" + std::to_string(range.count) + " ";
  return text;
}

TEST(ChannelParts, AreEqualSharesOfAtMostHalfTheMemory) {
  EngineParameters engine = test::configuration("slim");  // M = 4
  engine.WeightWords = 1000;
  EXPECT_EQ(shares(tiles(10, 100), 38, engine), "0+38 ") << "1,000 words fit";
  EXPECT_EQ(shares(tiles(11, 100), 42, engine), "0+16 16+16 32+10 ") << "five m-tiles fit half: three shares of four";
  EXPECT_EQ(shares(tiles(13, 100), 52, engine), "0+20 20+20 40+12 ");
  EXPECT_EQ(shares(tiles(3, 600), 9, engine), "0+4 4+4 8+1 ") << "an m-tile may be more than half";
  engine.AxiBytes = 0;
  EXPECT_EQ(shares(tiles(11, 100), 42, engine), "0+42 ") << "nothing could bring the rest";
}

class ChannelPlans : public testing::Test {
 protected:
  ChannelPlans() {
    // 4x4x3, 1x1 to 10 channels, dense to 22: 11 slice rows wide, tiny has M = 4.
    Random random(5);
    network_ = test::random_network(
        random, {4, 4, 3}, {nested_code(8)},
        {{LayerKind::Convolution, 10, 1, 1, 0, false, false, 0, 8}, {LayerKind::Dense, 22, 1, 1, 0, false, false, 0, 8}});
    engine_.Checksum = 0;
  }
  [[nodiscard]] static std::uint32_t read(const MemoryImage& image, std::size_t part, DescriptorField f) {
    const std::uint32_t word = image.control[image.descriptor + part * kDescriptorWords + static_cast<std::size_t>(f.word)];
    return word >> f.low & (f.width == 32 ? ~0U : (1U << f.width) - 1);
  }
  Network network_;
  EngineParameters engine_ = test::configuration("tiny");  // K = 10, M = 4, one group of D = 2 slices: eight words a tile
};

// Dense: 160 inputs are 16 chunks, 128 words an m-tile; 22 channels are 6 m-tiles, 768 words. Convolution: 3 m-tiles of a tile, 24 words.
TEST_F(ChannelPlans, DescriptorsAndWeightPlacesAreThoseOfTheShares) {
  engine_.WeightWords = 512;
  const MemoryImage image = compile(network_, engine_, 2);
  ASSERT_EQ(image.layers.size(), 4U);
  EXPECT_EQ(image.weight.size(), 24U + 768U);
  EXPECT_EQ(image.layers[0].name, "conv1");
  EXPECT_EQ(image.layers[1].name, "dense2 channels 0-7");
  EXPECT_EQ(image.layers[2].name, "dense2 channels 8-15");
  EXPECT_EQ(image.layers[3].name, "dense2 channels 16-21");
  const std::uint32_t channels[] = {10, 8, 8, 6}, m_tiles[] = {3, 2, 2, 2}, last[] = {0, 0, 0, 1};
  // Before the wrap 24 + 256 words; the next share would pass 512. So all begins at 512 - 280, and what follows at 0.
  const std::uint32_t base[] = {232, 256, 0, 256};
  const std::int64_t words[] = {24, 256, 256, 256};
  // The parameters of the dense layer are behind four descriptors and the ten channels of the first layer.
  const std::uint32_t parameters = 4 * kDescriptorWords + 20;
  const std::uint32_t parameter_base[] = {4 * kDescriptorWords, parameters, parameters + 16, parameters + 32};
  for (std::size_t p = 0; p < 4; ++p) {
    EXPECT_EQ(read(image, p, descriptor::channels), channels[p]) << p;
    EXPECT_EQ(read(image, p, descriptor::m_tiles), m_tiles[p]) << p;
    EXPECT_EQ(read(image, p, descriptor::weight_base), base[p]) << p;
    EXPECT_EQ(read(image, p, descriptor::parameter_base), parameter_base[p]) << p;
    EXPECT_EQ(read(image, p, descriptor::last), last[p]) << p;
    EXPECT_EQ(image.layers[p].weight_words, words[p]) << p;
    EXPECT_EQ(image.layers[p].layer, p == 0 ? 0 : 1) << p;
  }
  // Logits of two bytes, 22 of an image; two images.
  for (std::size_t p = 1; p < 4; ++p) {
    const std::uint32_t first = p == 1 ? 0 : p == 2 ? 8 : 16;
    EXPECT_EQ(image.layers[p].first_channel, static_cast<int>(first));
    EXPECT_EQ(image.layers[p].output_address, image.output_address + 2 * first);
    EXPECT_EQ(image.layers[p].output_bytes, 2 * (22 + static_cast<int>(channels[p])));
    EXPECT_EQ(image.layers[p].macs, std::int64_t{160} * channels[p] * 2);
  }
}

// The third share takes the place of the first one, so it waits for that.
TEST_F(ChannelPlans, AShareWaitsForTheOneWhosePlaceItTakes) {
  engine_.WeightWords = 512;
  const MemoryImage image = compile(network_, engine_, 1);
  std::vector<int> after;
  for (const Transfer& transfer : lay_out_external(image, engine_).first) {
    if (transfer.kind == TransferKind::Weight) after.push_back(transfer.after);
  }
  EXPECT_EQ(after, (std::vector<int>{0, 0, 1, 2})) << "0..255 holds the first layer's, 256..511 those of part 1";
}

TEST_F(ChannelPlans, LayersOfOnePartAreAsBefore) {
  const MemoryImage image = compile(network_, engine_, 2);
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.layers[1].name, "dense2");
  EXPECT_EQ(read(image, 1, descriptor::channels), 22U);
}

TEST_F(ChannelPlans, OneMTileThatDoesNotFitIsRefused) {
  engine_.WeightWords = 127;
  test::expect_input_error([&] { compile(network_, engine_); },
                           "layer 'dense2' needs 128 words of weight memory, but engine 'tiny' has 127; take a larger engine");
}

// Channels 8.. of a layer of 22 that adds 12 channels from channel 4 on: in shares of eight those are 4..7, 0..7 and none.
TEST_F(ChannelPlans, AShareAddsItsChannelsOfTheShortcut) {
  Random random(6);
  Network network = test::random_network(random, {3, 3, 3}, {nested_code(8)},
                                         {{LayerKind::Convolution, 12, 1, 1, 0, false, false, 0, 8},
                                          {LayerKind::Convolution, 12, 3, 1, 1, false, false, 0, 8},
                                          {LayerKind::Convolution, 22, 3, 1, 1, false, false, 0, 8},
                                          {LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8}});
  network.layers[2].shortcut = Shortcut{.source = 0, .stride = 1, .channel_offset = 4};
  engine_.WeightWords = 512;  // 3 strings of 36 inputs: 12 tiles, 96 words an m-tile; 6 m-tiles are 576 words, two of them half the memory
  const MemoryImage image = compile(network, engine_, 1);
  ASSERT_EQ(image.layers.size(), 6U);
  const std::uint32_t first[] = {4, 0, 0}, end[] = {16, 8, 0};
  const std::uint32_t base = read(image, 2, descriptor::shortcut_base);
  for (std::size_t share = 0; share < 3; ++share) {
    EXPECT_EQ(read(image, 2 + share, descriptor::shortcut), 1U);
    EXPECT_EQ(read(image, 2 + share, descriptor::shortcut_first), first[share]) << share;
    EXPECT_EQ(read(image, 2 + share, descriptor::shortcut_end), end[share]) << share;
    EXPECT_EQ(read(image, 2 + share, descriptor::shortcut_base), static_cast<std::uint32_t>(base + 4 * share))
        << "eight channels are four words of R = 2";
    EXPECT_EQ(read(image, 2 + share, descriptor::residual_step), 11U);
  }
}

}  // namespace
}  // namespace flexor
