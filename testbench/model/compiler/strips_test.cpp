// SPDX-License-Identifier: Apache-2.0
// Strips against loops over every output pixel and kernel row; places and transfers of whole plans; what cannot be cut.
#include "compiler/strips.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "compiler/compiler.hpp"
#include "compiler/transfer_list.hpp"
#include "expect_input_error.hpp"
#include "networks.hpp"
#include "scratch.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

// A convolution whose picture, kernel, stride, padding and pooling are drawn.
Layer draw_layer(std::mt19937& random) {
  const auto draw = [&random](int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); };
  Layer layer;
  layer.kernel_height = layer.kernel_width = draw(1, 7);
  const int most = layer.kernel_height - 1;
  layer.padding = draw(0, 1) == 0 ? Padding(draw(0, most / 2)) : Padding(draw(0, most), draw(0, most), draw(0, most), draw(0, most));
  layer.stride = draw(1, 3);
  layer.input = {draw(layer.kernel_height, 24), draw(layer.kernel_height, 24), draw(1, 3)};
  layer.output.channels = 1;
  layer.output = layer.unpooled();
  layer.max_pool = layer.output.height >= 2 && layer.output.width >= 2 && draw(0, 1) == 0;
  if (layer.max_pool) layer.output = {layer.output.height / 2, layer.output.width / 2, 1};
  return layer;
}

// Rows of the picture that each pixel row of output rows first..first+rows-1 reads, in the order of pixel row and kernel row; -1: padding.
std::vector<int> rows_read(const Layer& layer, int first, int rows) {
  std::vector<int> read;
  const int window = layer.max_pool ? 2 : 1;
  for (int pixel = first * window; pixel < (first + rows) * window; ++pixel) {
    for (int kernel = 0; kernel < layer.kernel_height; ++kernel) {
      const int row = pixel * layer.stride - layer.padding.top + kernel;
      read.push_back(row < 0 || row >= layer.input.height ? -1 : row);
    }
  }
  return read;
}

// The same of the layer that part_of() gives, in rows of the whole picture.
std::vector<int> rows_of_part(const Geometry& part, const Strip& strip) {
  std::vector<int> read;
  for (int pixel = 0; pixel < part.rows * (part.pool ? 2 : 1); ++pixel) {
    for (int kernel = 0; kernel < part.strings; ++kernel) {
      const int row = pixel * part.stride_y - part.padding_y + kernel;
      read.push_back(row < 0 || row >= part.input.height ? -1 : row + strip.input_first);
    }
  }
  return read;
}

TEST(Strips, ReadWhatTheirPixelsRead) {
  std::mt19937 random(test::random_seed());
  int cuts = 0;
  for (int n = 0; n < 2000; ++n) {
    const Layer layer = draw_layer(random);
    const Geometry whole(layer);
    const int rows = std::uniform_int_distribution<int>(1, whole.rows)(random);
    int next = 0;
    for (const Strip& strip : cut(whole, rows)) {
      EXPECT_EQ(strip.first, next);
      next += strip.rows;
      const Geometry part = part_of(whole, strip);
      const std::vector<int> expected = rows_read(layer, strip.first, strip.rows);
      ASSERT_EQ(rows_of_part(part, strip), expected);
      if (strip.rows == whole.rows) continue;
      ++cuts;
      std::set<int> inside(expected.begin(), expected.end());
      inside.erase(-1);
      if (inside.empty()) continue;
      EXPECT_EQ(strip.input_first, *inside.begin()) << "no row is loaded that nobody reads";
      EXPECT_EQ(strip.input_first + strip.input_rows - 1, *inside.rbegin());
    }
    EXPECT_EQ(next, whole.rows);
  }
  EXPECT_GT(cuts, 1000);
}

TEST(Strips, AWrongHaloIsSeen) {
  Layer layer;
  layer.kernel_height = layer.kernel_width = 3;
  layer.padding = 1;
  layer.input = layer.output = {8, 8, 1};
  const Geometry whole(layer);
  Strip strip = strip_of(whole, 2, 3);
  EXPECT_EQ(rows_of_part(part_of(whole, strip), strip), rows_read(layer, 2, 3));
  --strip.input_rows;
  EXPECT_NE(rows_of_part(part_of(whole, strip), strip), rows_read(layer, 2, 3));
}

class StripPlans : public testing::Test {
 protected:
  // 40 x 40 x 4 in, 3x3, 5x5 with stride and pooling, dense: 6,400 bytes of pixels on an engine of 2,560.
  [[nodiscard]] Network network() {
    Random random(11);
    return test::random_network(random, {40, 40, 4}, {nested_code(8)},
                                {{LayerKind::Convolution, 6, 3, 1, 1, false, false, 0, 8},
                                 {LayerKind::Convolution, 5, 5, 2, 2, false, true, 0, 8},
                                 {LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8}});
  }
  EngineParameters engine_ = test_engine();

 private:
  static EngineParameters test_engine() {
    for (const EngineParameters& engine : kConfigurations) {
      if (engine.name == "tiny") {
        EngineParameters roomy = engine;
        roomy.ControlWords = 4096;
        roomy.ActRows = 128;
        return roomy;
      }
    }
    return kConfigurations[0];
  }
};

TEST_F(StripPlans, KeepWithinTheMemoryAndCoverEveryRowOnce) {
  const Network net = network();
  const MemoryImage image = compile(net, engine_);
  ASSERT_FALSE(image.moves.empty());
  EXPECT_EQ(image.batch, 1);
  EXPECT_EQ(image.outside, (std::vector<std::int64_t>{6400, 9600, 0, 0}));
  std::vector<std::set<std::int64_t>> stored(net.layers.size() + 1);
  int progress = kFirstProgress;
  for (const Move& move : image.moves) {
    EXPECT_EQ(move.progress, progress++);
    if (move.what == Move::What::Weights) continue;
    EXPECT_EQ(move.offset % 8, 0U);
    EXPECT_LE(move.chip + move.bytes, 2560U);
    if (move.what != Move::What::Store) continue;
    for (std::uint32_t at = move.offset; at < move.offset + move.bytes; ++at) {
      EXPECT_TRUE(stored[static_cast<std::size_t>(move.tensor)].insert(at).second) << "stored twice";
    }
  }
  EXPECT_EQ(stored[1].size(), 9600U);
  EXPECT_TRUE(stored[2].empty());
  std::vector<std::int64_t> macs(net.layers.size(), 0);
  std::vector<std::int64_t> pixels(net.layers.size(), 0);
  for (const auto& part : image.layers) {
    const auto l = static_cast<std::size_t>(part.layer);
    macs[l] += part.macs;
    EXPECT_EQ(part.first_pixel, pixels[l]);
    pixels[l] += part.output_bytes / (net.layers[l].output.channels * (net.layers[l].logits ? 2 : 1));
    EXPECT_LE(part.output_address + part.output_bytes, 2560);
  }
  EXPECT_EQ(macs, (std::vector<std::int64_t>{40 * 40 * 6 * 9 * 4, 20 * 20 * 5 * 25 * 6, 500 * 4}));
  EXPECT_EQ(pixels, (std::vector<std::int64_t>{1600, 100, 1}));
  EXPECT_GT(image.layers.size(), 10U);
}

TEST_F(StripPlans, AreMadeOnlyWhereTheWholeDoesNotFit) {
  const Network net = network();
  engine_.ActRows = 4096;
  const MemoryImage image = compile(net, engine_, 1);
  EXPECT_TRUE(image.moves.empty());
  EXPECT_TRUE(image.outside.empty());
  EXPECT_EQ(image.layers.size(), 3U);
}

// Weights come once, and every layer waits for them.
TEST_F(StripPlans, BringTheWeightsOfALayerOnce) {
  const MemoryImage image = compile(network(), engine_);
  std::vector<int> layers;
  std::int64_t words = 0;
  for (const Move& move : image.moves) {
    if (move.what == Move::What::Weights) layers.push_back(move.layer);
  }
  for (const auto& part : image.layers) words += part.weight_words;
  EXPECT_EQ(layers, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(words, static_cast<std::int64_t>(image.weight.size()));
  const ExternalImage external = lay_out_external(image, engine_);
  const auto weights = [](const std::vector<Transfer>& list) {
    return std::count_if(list.begin(), list.end(), [](const Transfer& t) { return t.kind == TransferKind::Weight; });
  };
  EXPECT_EQ(weights(external.first), 3);
  EXPECT_EQ(weights(external.next), 0) << "they are there";
  EXPECT_EQ(external.next.size() + 5, external.first.size());
  EXPECT_EQ(external.follows, (std::array<bool, 3>{}));
}

TEST_F(StripPlans, SurviveTheFile) {
  const test::Scratch scratch;
  Random random(11);
  const Network net =
      test::random_network(random, {24, 24, 4}, {nested_code(8)},
                           {{LayerKind::Convolution, 4, 3, 1, 1, false, true, 0, 8}, {LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8}});
  for (const EngineParameters& engine : kConfigurations) {
    if (engine.name != "tiny") continue;
    MemoryImage image = compile(net, engine);
    ASSERT_FALSE(image.moves.empty());
    save_image(image, scratch / "image");
    const MemoryImage back = load_image(scratch / "image");
    EXPECT_EQ(back.outside, image.outside);
    ASSERT_EQ(back.moves.size(), image.moves.size());
    for (std::size_t i = 0; i < image.moves.size(); ++i) {
      const Move& a = image.moves[i];
      const Move& b = back.moves[i];
      EXPECT_TRUE(a.what == b.what && a.layer == b.layer && a.tensor == b.tensor && a.offset == b.offset && a.chip == b.chip &&
                  a.bytes == b.bytes && a.after == b.after && a.progress == b.progress);
    }
    ASSERT_EQ(back.layers.size(), image.layers.size());
    EXPECT_EQ(back.layers[1].first_pixel, image.layers[1].first_pixel);
    EXPECT_EQ(back.layers[1].output_bytes, image.layers[1].output_bytes);
    EXPECT_EQ(back.layers[1].layer, 0);
    EXPECT_EQ(back.layers.back().layer, 1);
    const auto refused = [&](const char* what, auto change) {
      MemoryImage bad = image;
      change(bad);
      save_image(bad, scratch / "bad");
      SCOPED_TRACE(what);
      expect_input_error([&] { load_image(scratch / "bad"); }, "do not fit engine 'tiny'");
    };
    refused("places", [](MemoryImage& bad) { bad.moves.back().chip += 2000; });
    refused("tensor", [](MemoryImage& bad) { bad.moves.back().tensor = 7; });
    refused("kind", [](MemoryImage& bad) { bad.moves.back().what = static_cast<Move::What>(3); });
    refused("order", [](MemoryImage& bad) { bad.moves.back().after = -1; });
    refused("layer", [](MemoryImage& bad) { bad.layers[1].layer = 5; });
    refused("one transfer of weights more", [](MemoryImage& bad) { bad.moves.push_back(bad.moves.front()); });
    refused("part of a beat", [](MemoryImage& bad) { bad.moves.back().offset += 1; });
  }
}

TEST_F(StripPlans, AreRefusedWhereTheyAreNot) {
  Network net = network();
  expect_input_error([&] { compile(net, engine_, 2); },
                     "a batch of 2 images does not fit engine 'tiny', but single images do in strips of rows; choose a batch of 1");
  EngineParameters other = engine_;
  other.AxiBytes = 0;
  expect_input_error([&] { compile(net, other); }, "needs 16000 bytes of activation memory for a batch of 1");
  other = engine_;
  other.ActRows = 16;  // 320 bytes: five rows of 240 and a stored one are more
  expect_input_error([&] { compile(net, other); }, "of activation memory");
  Random random(5);
  const Network average = test::random_network(random, {60, 30, 6}, {nested_code(8)}, {{LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8}});
  expect_input_error([&] { compile(average, engine_); }, "layer 'dense1' needs");
  Random tall(6);
  const Network many = test::random_network(tall, {800, 96, 2}, {nested_code(8)},
                                            {{LayerKind::Convolution, 2, 3, 1, 1, false, false, 0, 8},
                                             {LayerKind::Convolution, 2, 3, 2, 1, false, true, 0, 8},
                                             {LayerKind::Convolution, 1, 5, 3, 1, false, true, 0, 8},
                                             {LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8}});
  other = engine_;
  other.ControlWords = 65536;
  expect_input_error([&] { compile(many, other); }, "which counts 256 layers; take a larger engine");
}

}  // namespace
}  // namespace flexor
