// SPDX-License-Identifier: Apache-2.0
// The layout of slices of 16 x 2 against a list of words that is written from docs/architecture.md, "Layout of weights". That of 10 x 2 has
// its test in network_test.cpp.
#include "network/slice_layout.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <set>
#include <vector>

#include "networks.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

constexpr SliceShape kAligned{16, 2};

/// Weight of a channel at (ky, kx, c); of a dense layer at pixel (ky, kx) of what it flattens.
struct Tap {
  int ky = 0, kx = 0, c = 0;
};
using Word = std::array<std::optional<Tap>, 16>;

// All words of a kernel: ky, kx, groups of 16 channels.
std::vector<Word> pixel_words(int height, int width, int channels) {
  std::vector<Word> words;
  for (int ky = 0; ky < height; ++ky) {
    for (int kx = 0; kx < width; ++kx) {
      for (int first = 0; first < channels; first += 16) {
        Word& word = words.emplace_back();
        for (int c = first; c < channels && c < first + 16; ++c) word[static_cast<std::size_t>(c - first)] = Tap{ky, kx, c};
      }
    }
  }
  return words;
}

// Of a row-stacked layer: columns of bytes, each an even number, cut into words of 16 bytes.
std::vector<Word> stacked_words(int height, int width, int channels) {
  std::vector<std::optional<Tap>> bytes;
  for (int kx = 0; kx < width; ++kx) {
    for (int ky = 0; ky < height; ++ky) {
      for (int c = 0; c < channels; ++c) bytes.emplace_back(Tap{ky, kx, c});
    }
    if (bytes.size() % 2 == 1) bytes.emplace_back();
  }
  while (bytes.size() % 16 != 0) bytes.emplace_back();
  std::vector<Word> words(bytes.size() / 16);
  for (std::size_t i = 0; i < bytes.size(); ++i) words[i / 16][i % 16] = bytes[i];
  return words;
}

// Where decrypt_weights() puts a tap of a channel: string * string_length + k.
int canonical(const Layer& l, const Shape& flattened, const Tap& t) {
  if (l.kind == LayerKind::Dense) return (t.ky * flattened.width + t.kx) * flattened.channels + t.c;
  return l.stack_rows ? (t.kx * l.kernel_height + t.ky) * l.input.channels + t.c : (t.ky * l.kernel_width + t.kx) * l.input.channels + t.c;
}

std::vector<Word> words_of(const Layer& l, const Shape& flattened) {
  if (l.stack_rows) return stacked_words(l.kernel_height, l.kernel_width, l.input.channels);
  if (l.global_average) return pixel_words(1, 1, l.input.channels);
  if (l.kind == LayerKind::Dense) return pixel_words(flattened.height, flattened.width, flattened.channels);
  return pixel_words(l.kernel_height, l.kernel_width, l.input.channels);
}

void expect_layout(const Layer& l, const Shape& flattened) {
  SCOPED_TRACE(l.name);
  const SliceLayout layout(kAligned, l, flattened);
  const std::vector<Word> words = words_of(l, flattened);
  const int count = static_cast<int>(words.size());
  ASSERT_EQ(layout.words(), count);
  ASSERT_EQ(layout.slices(), (l.output.channels + 1) / 2 * count);
  std::set<int> found;
  for (int w = 0; w < count; ++w) {
    for (int lane = 0; lane < 16; ++lane) {
      const auto& tap = words[static_cast<std::size_t>(w)][static_cast<std::size_t>(lane)];
      const int at = tap ? canonical(l, flattened, *tap) : -1;
      ASSERT_EQ(layout.input(w, lane), at) << "word " << w << ", lane " << lane;
      if (at >= 0) found.insert(at);
      for (int m = 0; m < l.output.channels + l.output.channels % 2; ++m) {
        const SliceLayout::Weight weight = layout.weight(m / 2 * count + w, m % 2 * 16 + lane);
        const bool real = at >= 0 && m < l.output.channels;
        ASSERT_EQ(weight.channel, real ? m : -1);
        ASSERT_EQ(weight.input, real ? at : -1);
      }
    }
  }
  EXPECT_EQ(static_cast<std::int64_t>(found.size()) * l.output.channels, l.weights()) << "every weight stands somewhere";
}

Layer convolution(int height, int width, int channels, int outputs) {
  Layer l;
  l.name = std::to_string(height) + "x" + std::to_string(width) + "x" + std::to_string(channels);
  l.input = {16, 16, channels};
  l.kernel_height = height;
  l.kernel_width = width;
  l.output.channels = outputs;
  l.output = l.unpooled();
  return l;
}

TEST(SliceLayout, Convolution) {
  for (const int channels : {1, 3, 15, 16, 17, 32, 50}) expect_layout(convolution(3, 3, channels, 5), {});
  expect_layout(convolution(2, 5, 20, 4), {});
  expect_layout(convolution(1, 1, 64, 1), {});
}

TEST(SliceLayout, RowStackedColumnsAreEven) {
  for (const int channels : {1, 2, 3, 4, 7}) {
    for (const int height : {1, 2, 3, 5}) {
      Layer l = convolution(height, 3, channels, 6);
      l.stack_rows = true;
      expect_layout(l, {});
    }
  }
  // 3x3x3: columns of 9 bytes and one hole: 30 places, two words.
  Layer l = convolution(3, 3, 3, 16);
  l.stack_rows = true;
  const SliceLayout layout(kAligned, l, {});
  EXPECT_EQ(layout.words(), 2);
  EXPECT_EQ(layout.input(0, 9), -1);
  EXPECT_EQ(layout.input(0, 10), 9);
  EXPECT_EQ(layout.input(1, 14), -1);
}

TEST(SliceLayout, Dense) {
  for (const Shape& from : {Shape{4, 4, 50}, Shape{1, 1, 500}, Shape{3, 2, 16}, Shape{2, 5, 3}}) {
    Layer l;
    l.name = "dense on " + std::to_string(from.channels);
    l.kind = LayerKind::Dense;
    l.input = {1, 1, from.size()};
    l.output = {1, 1, 11};
    expect_layout(l, from);
    l.global_average = true;
    l.input = from;
    expect_layout(l, from);
  }
}

TEST(SliceLayout, PoolingLayerHasNoSlices) {
  Layer l = convolution(2, 2, 20, 20);
  l.kind = LayerKind::Pool;
  EXPECT_EQ(SliceLayout(kAligned, l, {}).slices(), 0);
}

TEST(SliceLayout, OfALayerOutsideTheNetwork) {
  Random random(1);
  const Network network = test::random_lenet(random, 8);
  const Layer copy = network.layers[2];
  EXPECT_THROW(slice_layout(network, copy), std::logic_error);
}

// decrypt_weights() of drawn networks, weight by weight from the stored bits.
TEST(DecryptWeights, FollowsTheLayoutOfAlignedWords) {
  const std::uint64_t seed = test::random_seed();
  Random random(seed);
  for (int n = 0; n < 30; ++n) {
    test::GraphParts parts;
    test::GraphLimits limits;
    limits.slice = kAligned;
    const Network network = test::draw_graph(random, parts, limits);
    ASSERT_NO_THROW(validate(network)) << "FLEXOR_SEED=" << seed << ", network " << n;
    for (std::size_t i = 0; i < network.layers.size(); ++i) {
      const Layer& l = network.layers[i];
      if (l.kind == LayerKind::Pool) continue;
      const Plane& plane = l.planes.back();
      const Code& code = network.codes[static_cast<std::size_t>(plane.code)];
      const Shape& from = network.tensor(network.source(i));
      const std::vector<Word> words = words_of(l, from);
      const std::vector<std::int8_t> weights = decrypt_weights(network, l, static_cast<int>(l.planes.size()) - 1);
      const std::size_t inputs = weights.size() / static_cast<std::size_t>(l.output.channels);
      for (std::size_t m = 0; m < static_cast<std::size_t>(l.output.channels); ++m) {
        for (std::size_t w = 0; w < words.size(); ++w) {
          std::uint32_t stored = 0;
          for (std::size_t j = 0; j < static_cast<std::size_t>(code.n_in); ++j) {
            const std::size_t bit = (m / 2 * words.size() + w) * static_cast<std::size_t>(code.n_in) + j;
            stored |= (plane.stored[bit / 8] >> bit % 8 & 1U) << j;
          }
          for (std::size_t lane = 0; lane < 16; ++lane) {
            if (!words[w][lane]) continue;
            const int expected = (code.decrypt(stored) >> (m % 2 * 16 + lane) & 1U) != 0 ? 1 : -1;
            const auto at = static_cast<std::size_t>(canonical(l, from, *words[w][lane]));
            ASSERT_EQ(weights[m * inputs + at], expected) << "FLEXOR_SEED=" << seed << ", network " << n << ", " << l.name;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace flexor
