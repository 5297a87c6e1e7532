// SPDX-License-Identifier: Apache-2.0
// Imported layers against the operators' formulas, summed directly in double.
#include "import/import.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "expect_input_error.hpp"
#include "golden/golden.hpp"
#include "import/npy.hpp"
#include "scratch.hpp"
#include "seed.hpp"

namespace flexor::foreign {
namespace {

constexpr int kSide = 6, kDepth = 2, kChannels = 5, kClasses = 4;

std::vector<double> draw(std::mt19937& random, std::size_t number, double spread) {
  std::normal_distribution<double> normal(0, spread);
  std::vector<double> values(number);
  for (double& value : values) value = normal(random);
  return values;
}

// Conv 3x3 with padding 1 over images 6x6x2, Relu, Flatten, MatMul.
struct Small {
  std::vector<double> kernels, bias, dense;
  Graph graph;

  explicit Small(std::mt19937& random)
      : kernels(draw(random, kChannels * kDepth * 9, 0.3)),
        bias(draw(random, kChannels, 0.5)),
        dense(draw(random, kChannels * kSide * kSide * kClasses, 0.1)) {
    graph.name = "small";
    graph.names = {"input", "kernels", "bias", "sums", "rectified", "flat", "weights", "logits"};
    graph.input = 0;
    graph.input_sizes = {1, kDepth, kSide, kSide};
    graph.constants[1] = {{kChannels, kDepth, 3, 3}, kernels};
    graph.constants[2] = {{kChannels}, bias};
    graph.constants[6] = {{kChannels * kSide * kSide, kClasses}, dense};
    add("Conv", {0, 1, 2}, 3);
    graph.nodes.back().attributes.integers["pads"] = {1, 1, 1, 1};
    add("Relu", {3}, 4);
    add("Flatten", {4}, 5);
    add("MatMul", {5, 6}, 7);
    graph.output = 7;
  }
  void add(const std::string& op, std::vector<int> inputs, int output) {
    graph.nodes.push_back({op, graph.names[static_cast<std::size_t>(output)], std::move(inputs), {output}, {}});
  }

  // Output of the convolution at (y, x), channel m, for real inputs x(c, y, x).
  template <typename Input>
  [[nodiscard]] double sum(const Input& input, int m, int y, int x) const {
    double total = bias[static_cast<std::size_t>(m)];
    for (int c = 0; c < kDepth; ++c) {
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (y + dy < 0 || y + dy >= kSide || x + dx < 0 || x + dx >= kSide) continue;
          total += kernels[static_cast<std::size_t>(((m * kDepth + c) * 3 + dy + 1) * 3 + dx + 1)] * input(c, y + dy, x + dx);
        }
      }
    }
    return std::max(total, 0.0);
  }
};

// Largest difference, in LSBs of the first layer's output, between the golden model and the convolution, over all pixels.
double worst_difference(const Small& small, bool borders) {
  Source source = match_source(small.graph);
  const Levels pixels = pixel_levels(source, {{}, {0.5, 0.25}, {0.25, 0.5}});
  const Images images = random_images(source.plan.input, 8, 3);
  const std::vector<Range> ranges = calibrate(source, pixels, images);
  const Emitted emitted = emit(source.plan, pixels, ranges, {.borders = borders});
  const Golden golden(emitted.network);
  const std::size_t layer = emitted.layers.size() - 2;
  double worst = 0;
  for (const auto& image : images) {
    const auto input = [&](int c, int y, int x) {
      const double pixel = image[static_cast<std::size_t>((y * kSide + x) * kDepth + c)] / 255.0;
      return c == 0 ? (pixel - 0.5) / 0.25 : (pixel - 0.25) / 0.5;
    };
    const double lsb = ranges[4].high / 255;
    const auto words = golden.run(image.data())[layer];
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        for (int m = 0; m < kChannels; ++m) {
          const double wanted = small.sum(input, m, y, x) / lsb;
          worst = std::max(worst, std::abs(wanted - words[static_cast<std::size_t>((y * kSide + x) * kChannels + m)]));
        }
      }
    }
  }
  return worst;
}

// Weights are 1/255 of the largest apart, at most one step wrong: 18 of them times 255 levels stay within a few LSBs.
TEST(Import, PaddingOfNormalisedPixelsIsExact) {
  std::mt19937 random(test::random_seed());
  const Small small(random);
  EXPECT_LT(worst_difference(small, true), 4);
  EXPECT_GT(worst_difference(small, false), 8);
}

TEST(Import, LogitsAreThoseOfTheFile) {
  std::mt19937 random(test::random_seed());
  Small small(random);
  Source source = match_source(small.graph);
  const Levels pixels = pixel_levels(source, {});
  const Images images = random_images(source.plan.input, 20, 5);
  const std::vector<Range> ranges = calibrate(source, pixels, images);
  const Emitted emitted = emit(source.plan, pixels, ranges, {});
  std::vector<std::vector<double>> wanted;
  for (const auto& image : images) {
    const auto input = [&](int c, int y, int x) { return image[static_cast<std::size_t>((y * kSide + x) * kDepth + c)] / 255.0; };
    std::vector<double> logits(kClasses, 0);
    for (int m = 0; m < kChannels; ++m) {
      for (int place = 0; place < kSide * kSide; ++place) {
        for (int n = 0; n < kClasses; ++n) {
          logits[static_cast<std::size_t>(n)] += small.sum(input, m, place / kSide, place % kSide) *
                                                 small.dense[static_cast<std::size_t>((m * kSide * kSide + place) * kClasses + n)];
        }
      }
    }
    wanted.push_back(logits);
  }
  EXPECT_LT(compare_outputs(emitted, images, wanted, 1).mean_share, 0.01);
  for (auto& logits : wanted) std::swap(logits[0], logits[1]);
  EXPECT_GT(compare_outputs(emitted, images, wanted, 1).mean_share, 0.02);
}

// sign(W sign(2 x - 1) + b) twice, integers all the way: every word is equal.
TEST(Import, OneBitNetworksAreExact) {
  std::mt19937 random(test::random_seed());
  constexpr int kInputs = 24, kHidden = 12;
  Graph graph;
  graph.name = "signs";
  graph.names = {"input", "two",  "one",   "doubled", "centred", "unit", "signs",
                 "first", "sums", "shift", "shifted", "hidden",  "last", "logits"};
  graph.input = 0;
  graph.input_sizes = {1, kInputs};
  std::bernoulli_distribution coin;
  const auto signs = [&](std::size_t number) {
    std::vector<double> values(number);
    for (double& value : values) value = coin(random) ? 1 : -1;
    return values;
  };
  const std::vector<double> first = signs(kInputs * kHidden), last = signs(kHidden * kClasses), shift = draw(random, kHidden, 3);
  graph.constants = {{1, {{}, {2}}},          {2, {{}, {1}}},
                     {5, {{}, {1}}},          {7, {{kInputs, kHidden}, first}},
                     {9, {{kHidden}, shift}}, {12, {{kHidden, kClasses}, last}}};
  const auto add = [&](const std::string& op, std::vector<int> inputs, int output) {
    graph.nodes.push_back({op, graph.names[static_cast<std::size_t>(output)], std::move(inputs), {output}, {}});
  };
  add("Mul", {0, 1}, 3), add("Sub", {3, 2}, 4), add("BipolarQuant", {4, 5}, 6), add("MatMul", {6, 7}, 8), add("Add", {8, 9}, 10);
  add("BipolarQuant", {10, 5}, 11), add("MatMul", {11, 12}, 13);
  graph.output = 13;
  Source source = match_source(graph);
  const Levels pixels = pixel_levels(source, {});
  const Images images = random_images(source.plan.input, 200, 9);
  const Emitted emitted = emit(source.plan, pixels, calibrate(source, pixels, images), {});
  std::vector<std::vector<double>> wanted;
  for (const auto& image : images) {
    std::vector<double> logits(kClasses, 0);
    for (int h = 0; h < kHidden; ++h) {
      double sum = shift[static_cast<std::size_t>(h)];
      for (int i = 0; i < kInputs; ++i)
        sum += (image[static_cast<std::size_t>(i)] >= 128 ? 1 : -1) * first[static_cast<std::size_t>(i * kHidden + h)];
      for (int n = 0; n < kClasses; ++n)
        logits[static_cast<std::size_t>(n)] += (sum >= 0 ? 1 : -1) * last[static_cast<std::size_t>(h * kClasses + n)];
    }
    wanted.push_back(logits);
  }
  const CheckResult result = compare_outputs(emitted, images, wanted, 1);
  EXPECT_EQ(result.equal, result.words);
  wanted.front().front() += 2;  // one weight more or less
  EXPECT_LT(compare_outputs(emitted, images, wanted, 1).equal, result.words);
}

TEST(Import, WeightsBecomeTheNearestOddIntegersOfTheirSum) {
  std::mt19937 random(test::random_seed());
  constexpr std::size_t kRow = 50;
  const std::vector<double> weights = draw(random, 3 * kRow, 0.01);
  const IntegerWeights made = integer_weights(weights, kRow, 8);
  ASSERT_EQ(made.digits, 8);
  for (std::size_t m = 0; m < 3; ++m) {
    double error = 0;
    EXPECT_EQ(made.unit[m], made.multiplier[m] / 65536.0);
    for (std::size_t i = m * kRow; i < (m + 1) * kRow; ++i) {
      EXPECT_EQ(std::abs(made.values[i]) % 2, 1);
      EXPECT_LE(std::abs(made.values[i]), 255);
      EXPECT_LE(std::abs(weights[i] / made.unit[m] - made.values[i]), 2);
      error += weights[i] / made.unit[m] - made.values[i];
    }
    EXPECT_LE(std::abs(error), 1.001);
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    int sum = 0;
    for (int p = 0; p < made.digits; ++p) sum += (1 << p) * digit_plane(made, p)[i];
    EXPECT_EQ(sum, made.values[i]);
  }
}

TEST(Import, OddMultiplesStayWhatTheyAre) {
  const IntegerWeights signs = integer_weights({0.1, -0.1, 0.1, 0.2, -0.2, -0.2}, 3, 8);
  EXPECT_EQ(signs.digits, 1);
  EXPECT_EQ(signs.values, (std::vector<int>{1, -1, 1, 1, -1, -1}));
  EXPECT_EQ(signs.rounded, 0);
  const IntegerWeights odd = integer_weights({0.03, -0.05, 0.01, 0.07}, 4, 8);
  EXPECT_EQ(odd.digits, 3);
  EXPECT_EQ(odd.values, (std::vector<int>{3, -5, 1, 7}));
  EXPECT_GT(integer_weights({0.03, -0.04, 0.01, 0.07}, 4, 8).rounded, 0);
}

TEST(Import, WhatNoLayerDoesIsRefusedByName) {
  std::mt19937 random(1);
  Small small(random);
  small.graph.nodes[1].op = "Concat";
  small.graph.nodes[1].attributes.integers["axis"] = {1};
  test::expect_input_error([&] { match_source(small.graph); }, "node 'rectified' (Concat)");
  small = Small(random);
  small.graph.nodes[0].attributes.integers["dilations"] = {2, 2};
  small.graph.nodes[0].attributes.integers["pads"] = {2, 2, 2, 2};
  test::expect_input_error([&] { match_source(small.graph); }, "dilation");
  small = Small(random);
  small.graph.nodes[0].attributes.integers["group"] = {2};
  test::expect_input_error([&] { match_source(small.graph); }, "groups");
}

TEST(Import, NumPyFilesAreRead) {
  const test::Scratch scratch;
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  header.resize(118, ' ');
  std::string bytes = std::string("\x93NUMPY\x01\x00", 8) + std::string("\x76\x00", 2) + header;
  const float values[] = {1.5F, -2.0F, 0.25F, 3.0F};
  bytes.append(reinterpret_cast<const char*>(values), sizeof(values));
  test::write_bytes(scratch / "a.npy", {bytes.begin(), bytes.end()});
  const Tensor tensor = read_npy(scratch / "a.npy");
  EXPECT_EQ(tensor.sizes, (Sizes{2, 2}));
  EXPECT_EQ(tensor.values, (std::vector<double>{1.5, -2, 0.25, 3}));
  bytes.pop_back();
  test::write_bytes(scratch / "b.npy", {bytes.begin(), bytes.end()});
  test::expect_input_error([&] { read_npy(scratch / "b.npy"); }, "another size");
}

}  // namespace
}  // namespace flexor::foreign
