// SPDX-License-Identifier: Apache-2.0
// Layers whose sums spread over few values, statistics of batches of any size, and what becomes of a model that lost accuracy in integers.
#include "train/fit_range.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "expect_input_error.hpp"
#include "golden/golden.hpp"
#include "tiny.hpp"
#include "train/export.hpp"
#include "train/loop.hpp"

namespace flexor {
namespace {

// The second convolution reads single bits: its sums spread over some 70 values, which one of 255 steps cannot tell apart.
NetworkSpec low_spec(int bits) {
  return {.name = "low",
          .input = {8, 8, 1},
          .layers = {{.name = "a", .channels = 16, .kernel = 3, .activation_bits = bits, .clip = bits == 1 ? 1.0 : 4.0},
                     {.name = "b", .channels = 16, .kernel = 3},
                     {.name = "out", .kind = LayerKind::Dense, .channels = 2, .logits = true}}};
}

// Trains; returns the trainer's accuracy on what follows.
double train(Trainable& model, bool fits, std::vector<std::string>& notes) {
  const Dataset data = test::stripes(320, 1);
  if (fits) notes = fit_ranges(model, image_batch(data, 0, 256));
  return test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy;
}

class FitRange : public testing::TestWithParam<int> {};

TEST_P(FitRange, WhatIsTrainedCanBeFolded) {
  Trainable model(low_spec(GetParam()), nested_code(8), Method::Nearest, 1);
  std::vector<std::string> fitted, folded;
  const double trainer = train(model, true, fitted);
  ASSERT_FALSE(fitted.empty());
  EXPECT_NE(fitted[0].find("layer b: its sums deviate by"), std::string::npos) << fitted[0];
  const Network network = to_network(model, "low", &folded);
  EXPECT_TRUE(folded.empty()) << folded[0];
  for (const Layer& layer : network.layers) {
    for (std::size_t m = 0; m < layer.multiplier.size(); ++m) EXPECT_LE(layer.real_scale[m] * 65536, 32767.5) << layer.name;
  }
  const Dataset unseen = test::stripes(200, 2);
  const double integer = golden_accuracy(network, unseen);
  EXPECT_GT(trainer, 80);
  EXPECT_NEAR(integer, trainer, 2);
  EXPECT_NO_THROW(check_loss(trainer, integer, unseen.count, 2, folded));
}

// Without it the multipliers are cut: the network of the file is another one than was trained, and it says so.
TEST_P(FitRange, WithoutItMultipliersAreCutAndNamed) {
  Trainable model(low_spec(GetParam()), nested_code(8), Method::Nearest, 1);
  std::vector<std::string> fitted, folded;
  train(model, false, fitted);
  const Network network = to_network(model, "low", &folded);
  ASSERT_FALSE(folded.empty());
  EXPECT_NE(folded[0].find("layer b: channels 0, 1, 2"), std::string::npos) << folded[0];
  EXPECT_NE(folded[0].find("multipliers end at 0.5"), std::string::npos) << folded[0];
  EXPECT_GT(network.layers[1].real_scale[0], 0.5) << "the real scale is the one that was trained";
  EXPECT_EQ(network.layers[1].multiplier[0], 32767);
}

INSTANTIATE_TEST_SUITE_P(Bits, FitRange, testing::Values(1, 2));

TEST(FitRangeOfOthers, LeavesLayersAloneThatFit) {
  Trainable model(network_spec("lenet5-small"), nested_code(8), Method::Nearest, 1);
  const double before = model->layers()[1]->step();
  const torch::Tensor pixels = torch::randint(0, 256, {32, 1, 28, 28}).to(torch::kFloat);
  for (const std::string& note : fit_ranges(model, pixels)) EXPECT_EQ(note, "");
  EXPECT_EQ(model->layers()[1]->step(), before);
}

TEST(CheckLoss, RefusesAModelThatLostMoreThanItMay) {
  EXPECT_NO_THROW(check_loss(90, 89.5, 10000, 1, {}));
  EXPECT_NO_THROW(check_loss(90, 95, 10000, 1, {})) << "a gain is no loss";
  EXPECT_NO_THROW(check_loss(90, 86, 100, 1, {})) << "four images of a hundred say nothing";
  test::expect_input_error(
      [] { check_loss(82.7, 11.4, 10000, 1, {"layer b: channel 3 is cut"}); },
      "the integer model gives 11.40 % where the trainer gave 82.70 %, a loss beyond the 1 points of --most-loss; layer b: "
      "channel 3 is cut; no model file was written");
}

// Mean and variance of the first layer's sums over all images at once, in double.
TEST(Statistics, AreThoseOfAllImagesWhateverTheLastBatch) {
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  for (const int images : {257, 300, 512, 258}) {  // batches of 256: the last one has 1, 44, 256 and 2 images
    Dataset data = test::stripes(images, 3);
    for (int i = 256; i < images; ++i) {  // images unlike the others, so that their weight shows
      std::fill_n(data.pixels.begin() + i * 64, 64, static_cast<std::uint8_t>(255));
    }
    recalibrate(model, data, images);
    const torch::Tensor pixels = image_batch(data, 0, images).to(torch::kDouble);
    const torch::Tensor weight = model->layers()[0].ptr()->weight().detach().to(torch::kDouble);
    const torch::Tensor sums = torch::max_pool2d(torch::conv2d(pixels, weight), 2);
    const torch::Tensor mean = model->named_buffers()["conv.mean"].to(torch::kDouble);
    const torch::Tensor variance = model->named_buffers()["conv.variance"].to(torch::kDouble);
    EXPECT_TRUE(torch::allclose(mean, sums.mean({0, 2, 3}), 1e-4, 1e-2)) << images << mean << sums.mean({0, 2, 3});
    EXPECT_TRUE(torch::allclose(variance, sums.var({0, 2, 3}, false), 1e-3)) << images << variance << sums.var({0, 2, 3}, false);
    for (const Layer& layer : to_network(model, "tiny").layers) {
      for (const double bias : layer.real_bias) EXPECT_TRUE(std::isfinite(bias)) << images;
    }
  }
}

}  // namespace
}  // namespace flexor
