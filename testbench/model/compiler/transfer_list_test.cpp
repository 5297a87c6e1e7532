// SPDX-License-Identifier: Apache-2.0
// What lies in external memory, against the formulas of docs/blocks/dma_engine.md computed another way.
#include "compiler/transfer_list.hpp"

#include <gtest/gtest.h>

#include "code/error.hpp"
#include "configuration.hpp"
#include "networks.hpp"

namespace flexor::test {
namespace {

std::uint32_t word(std::span<const std::uint8_t> bytes, std::size_t at) {
  return bytes[at] | static_cast<std::uint32_t>(bytes[at + 1]) << 8 | static_cast<std::uint32_t>(bytes[at + 2]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 3]) << 24;
}

TEST(TransferList, EntriesFoldToTheirCheckAndEveryFlipBreaksIt) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    Transfer t;
    t.kind = TransferKind::Weight;
    t.after = static_cast<int>(random.below(100));
    t.address = static_cast<std::uint32_t>(random.below(1U << 30));
    t.count = static_cast<std::uint32_t>(random.below(1U << 20));
    t.progress = static_cast<int>(random.below(1U << 16));
    auto entry = encode(t);
    const auto fold = [&entry] {
      unsigned value = 0;
      for (std::size_t i = 0; i < 32; i += 2) value ^= entry[i] | static_cast<unsigned>(entry[i + 1]) << 8;
      return value;
    };
    EXPECT_EQ(fold(), 0xA5C3U);
    for (std::size_t bit = 0; bit < 256; ++bit) {
      entry[bit / 8] = static_cast<std::uint8_t>(entry[bit / 8] ^ 1U << (bit % 8));
      EXPECT_NE(fold(), 0xA5C3U) << bit;
      entry[bit / 8] = static_cast<std::uint8_t>(entry[bit / 8] ^ 1U << (bit % 8));
    }
  }
}

TEST(TransferList, SumsAreThoseOfTheWords) {
  Random random(6);
  for (const std::size_t beat : {8U, 16U}) {
    std::vector<std::uint8_t> bytes(beat * 37);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
    // sum2 = each word once for every beat that follows its own.
    std::uint32_t sum1 = 0, sum2 = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 4) {
      sum1 += word(bytes, at);
      sum2 += word(bytes, at) * static_cast<std::uint32_t>(36 - at / beat);
    }
    const BeatSums sums = beat_sums(bytes, static_cast<int>(beat));
    EXPECT_EQ(sums.sum1, sum1);
    EXPECT_EQ(sums.sum2, sum2);
  }
}

TEST(TransferList, WeightsThatDoNotFitFollowOneAnotherInARing) {
  EngineParameters small = configuration("tiny");
  small.WeightWords = 64;
  WeightRing ring(small);
  EXPECT_EQ(ring.place("a", 30), 0);
  EXPECT_EQ(ring.place("b", 30), 30);
  EXPECT_EQ(ring.place("c", 10), 0);
  EXPECT_EQ(ring.place("d", 54), 10);
  EXPECT_EQ(ring.place("e", 64), 0);
  EXPECT_THROW((void)ring.place("f", 65), InputError);
}

TEST(TransferList, EveryWordOfTheImageLiesInExternalMemory) {
  Random random(7);
  const EngineParameters& tiny = configuration("tiny");
  const Network network =
      random_network(random, {6, 6, 3}, {nested_code(8)},
                     {{LayerKind::Convolution, 8, 3, 1, 1, false, true, 0, 8}, {LayerKind::Dense, 5, 1, 1, 0, false, false, 0, 8}});
  const MemoryImage image = compile(network, tiny, 2);
  const ExternalImage external = lay_out_external(image, tiny);
  std::size_t weights = 0;
  for (const Transfer& t : external.first) {
    EXPECT_EQ(t.address % static_cast<std::uint32_t>(tiny.AxiBytes), 0U);
    EXPECT_LE(t.address + t.beats * static_cast<std::uint32_t>(tiny.AxiBytes), external.size);
    for (std::size_t i = 0; i < t.count; ++i) {
      if (t.kind == TransferKind::Control) {
        EXPECT_EQ(word(external.bytes, t.address + 4 * i), image.control[i]);
      }
      if (t.kind == TransferKind::Code) {
        EXPECT_EQ(word(external.bytes, t.address + 4 * i), image.code[i]);
      }
      if (t.kind == TransferKind::Weight) {
        EXPECT_EQ(external.bytes[t.address + i / 4] >> (2 * (i % 4)) & 3U, image.weight[weights + i]) << "four words of two bits a byte";
      }
    }
    if (t.kind == TransferKind::Weight) weights += t.count;
  }
  EXPECT_EQ(weights, image.weight.size());
  EXPECT_EQ(external.first.back().kind, TransferKind::Store);
  EXPECT_EQ(external.next.size(), 2U) << "weights that fit stay";
}

// conv 3x3, conv 3x3, dense: the input's place is free from the second layer on.
MemoryImage three_layers(Random& random, const EngineParameters& on) {
  const Network network = random_network(random, {6, 6, 3}, {nested_code(8)},
                                         {{LayerKind::Convolution, 8, 3, 1, 1, false, true, 0, 8},
                                          {LayerKind::Convolution, 8, 3, 1, 1, false, true, 0, 8},
                                          {LayerKind::Dense, 5, 1, 1, 0, false, false, 0, 8}});
  return compile(network, on, 1);
}

TEST(TransferList, SmallLayersButTheFirstShareATransfer) {
  Random random(10);
  const EngineParameters& tiny = configuration("tiny");
  const MemoryImage image = three_layers(random, tiny);
  std::vector<Transfer> weights = lay_out_external(image, tiny).first;
  std::erase_if(weights, [](const Transfer& t) { return t.kind != TransferKind::Weight; });
  ASSERT_EQ(weights.size(), 2U);
  EXPECT_EQ(weights[0].count, image.layers[0].weight_words);
  EXPECT_EQ(weights[1].count, image.layers[1].weight_words + image.layers[2].weight_words);
  EXPECT_EQ(weights[1].chip_address, weights[0].count);
  EXPECT_EQ(weights[1].progress, layer_progress(2)) << "what the last of them waits for";
}

TEST(TransferList, TheNextInputsComeIntoTheirPlaceWhenTheLayersHaveLeftIt) {
  Random random(8);
  const EngineParameters& tiny = configuration("tiny");
  const MemoryImage image = three_layers(random, tiny);
  ASSERT_EQ(image.following_after, 1);
  const auto input_end = image.input_address + static_cast<std::uint32_t>(image.input.size());
  EXPECT_GE(image.layers[1].output_address, input_end) << "written while they come";
  EXPECT_GE(image.output_address, input_end);
  const ExternalImage external = lay_out_external(image, tiny);
  EXPECT_TRUE(external.follows[static_cast<std::size_t>(Finds::Inputs)]);
  const Transfer& mine = external.next.front();
  const auto list = external.list(Finds::Inputs, true);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].after, 1);
  EXPECT_TRUE(list[0].starts && list[0].at_once) << "the layers find everything";
  EXPECT_EQ(list[0].chip_address, mine.chip_address);
  EXPECT_NE(list[0].address, mine.address);
  EXPECT_EQ(list[1].kind, TransferKind::Store);
  EXPECT_EQ(list[1].after, 3);
  const auto last = external.list(Finds::Inputs, false);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_TRUE(last[0].starts && last[0].at_once && last[0].last);
  EXPECT_EQ(external.list(Finds::Nothing, true).size(), external.first.size() + 1);
}

TEST(TransferList, ARingLoadsItsWeightsAgainBeforeTheLayersBegin) {
  Random random(9);
  EngineParameters small = configuration("tiny");
  small.WeightWords = 160;  // the first two layers together need 192
  const MemoryImage image = three_layers(random, small);
  const ExternalImage external = lay_out_external(image, small);
  const auto list = external.list(Finds::Inputs, false);
  ASSERT_EQ(list.size(), 3U) << "the first layer's weights, those of the other two, which follow one another, logits";
  EXPECT_EQ(list[0].kind, TransferKind::Weight);
  EXPECT_EQ(list[0].count, image.layers[0].weight_words);
  EXPECT_EQ(list[0].chip_address + list[0].count, 160U) << "the first layer ends with the memory";
  EXPECT_TRUE(list[0].starts && !list[0].at_once);
  EXPECT_EQ(list[0].progress, layer_progress(0));
  EXPECT_EQ(list[1].count, image.layers[1].weight_words + image.layers[2].weight_words);
  EXPECT_EQ(list[1].chip_address, 0U);
}

}  // namespace
}  // namespace flexor::test
