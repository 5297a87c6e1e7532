// SPDX-License-Identifier: Apache-2.0
#include "train/export.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <set>
#include <utility>

#include "expect_input_error.hpp"
#include "golden/golden.hpp"
#include "tiny.hpp"
#include "train/float_path.hpp"
#include "train/loop.hpp"

namespace flexor {
namespace {

/// The decrypted weights of the exported network are the weights that the trainer multiplied with.
void expect_same_weights(const Trainable& model, const Network& network) {
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    ASSERT_EQ(model->layers()[l].is_empty(), layer.kind == LayerKind::Pool);
    if (layer.kind == LayerKind::Pool) continue;
    std::vector<int> canonical(static_cast<std::size_t>(layer.weights()), 0);
    for (int p = 0; p < static_cast<int>(layer.planes.size()); ++p) {
      const std::vector<std::int8_t> plane = decrypt_weights(network, layer, p);
      for (std::size_t i = 0; i < plane.size(); ++i) canonical[i] += plane[i] << p;
    }
    const torch::Tensor weight = model->layers()[l].ptr()->weight().detach();
    const auto w = weight.accessor<float, 4>();
    for (int m = 0; m < layer.output.channels; ++m) {
      for (int r = 0; r < layer.strings(); ++r) {
        for (int k = 0; k < layer.string_length(); ++k) {
          const int c = k % layer.input.channels;
          const int spot = k / layer.input.channels;
          const int ky = layer.stack_rows ? spot % layer.kernel_height : r;
          const int kx = layer.stack_rows ? spot / layer.kernel_height : spot;
          const auto at = static_cast<std::size_t>((m * layer.strings() + r) * layer.string_length() + k);
          ASSERT_EQ(static_cast<float>(canonical[at]), w[m][c][ky][kx])
              << layer.name << ", channel " << m << ", string " << r << ", input " << k;
        }
      }
    }
  }
}

TEST(Export, StoredBitsDecryptToTheTrainedWeights) {
  expect_same_weights(Trainable(network_spec("lenet5-small"), nested_code(8), Method::Nearest, 1),
                      to_network(Trainable(network_spec("lenet5-small"), nested_code(8), Method::Nearest, 1), "small"));
  const Trainable eq6(network_spec("lenet5-small"), random_tap_code(20, 12, 2, 3), Method::Eq6, 2);
  expect_same_weights(eq6, to_network(eq6, "small"));
  const Trainable residual(test::tiny_residual_spec(), nested_code(8), Method::Nearest, 3);
  expect_same_weights(residual, to_network(residual, "residual"));
  const Trainable projection(test::tiny_projection_spec(), nested_code(8), Method::Nearest, 4);
  expect_same_weights(projection, to_network(projection, "projection"));
}

class TrainedTiny : public testing::Test {
 protected:
  TrainedTiny() : model_(test::tiny_spec(), nested_code(8), Method::Nearest, 1) { test::train_stripes(model_, {.epochs = 2, .batch = 16}); }
  Dataset test_ = test::stripes(300, 2);
  Trainable model_;
};

/// At least 299 of 300 classes are those of the trainer.
void expect_like_the_trainer(Trainable& model, const Dataset& data) {
  const Network network = to_network(model, "tiny");
  const Golden golden(network);
  torch::Tensor pixels = torch::empty({1, 1, 8, 8});
  const torch::NoGradGuard guard;
  int same = 0;
  for (int i = 0; i < data.count; ++i) {
    std::copy_n(data.image(i), 64, pixels.data_ptr<float>());
    same += model->forward(pixels).argmax(1).item<std::int64_t>() == golden.classify(data.image(i)) ? 1 : 0;
  }
  EXPECT_GE(same, 299);
  EXPECT_NEAR(golden_accuracy(network, data), evaluate(model, data), 0.5);
}

TEST_F(TrainedTiny, GoldenModelClassifiesLikeTheTrainer) { expect_like_the_trainer(model_, test_); }

TEST(TrainedResidual, GoldenModelClassifiesLikeTheTrainerAndTheFloatPath) {
  Trainable model(test::tiny_residual_spec(), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy, 90);
  const Dataset data = test::stripes(300, 2);
  expect_like_the_trainer(model, data);
  Network network = to_network(model, "tiny");
  EXPECT_EQ(network.layers[2].shortcut->multiplier, 192);
  EXPECT_EQ(network.layers[4].shortcut->source, 2);
  EXPECT_EQ(network.layers[4].shortcut->stride, 2);
  EXPECT_EQ(network.layers[4].shortcut->channel_offset, 2);
  EXPECT_EQ(network.layers[0].planes.size(), 8U);
  const FloatComparison good = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(good.within_bounds());
  EXPECT_GE(good.same_class * 1000, data.count * 999);
  network.layers[4].shortcut->multiplier += 64;  // the float path takes the real multiplier
  network.layers[4].shortcut->real_multiplier -= 0.25;
  EXPECT_GT(compare_float(network, data.pixels.data(), 20).largest_error, good.largest_error);
  network.layers[4].shortcut.reset();
  EXPECT_NE(Golden(network).run(data.image(0)), Golden(to_network(model, "tiny")).run(data.image(0)));
}

TEST(TrainedProjection, GoldenModelClassifiesLikeTheTrainerAndTheFloatPath) {
  Trainable model(test::tiny_projection_spec(), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy, 90);
  const Dataset data = test::stripes(300, 2);
  expect_like_the_trainer(model, data);
  Network network = to_network(model, "tiny");
  EXPECT_EQ(network.layers[1].multiplier, std::vector<std::int16_t>(8, 1820));  // 2^14 / 9
  EXPECT_EQ(network.layers[5].multiplier, std::vector<std::int16_t>(16, 16384));
  EXPECT_TRUE(network.layers[2].projection);
  EXPECT_EQ(network.layers[2].activation_max, 127);
  EXPECT_EQ(network.layers[4].shortcut->source, 2);
  std::set<int> signs;  // of the projection: it is used on both sides of 0
  for (int i = 0; i < 20; ++i) {
    for (const std::int16_t value : Golden(network).run(data.image(i))[2]) signs.insert(value < 0 ? -1 : 1);
  }
  EXPECT_EQ(signs.size(), 2U);
  const FloatComparison good = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(good.within_bounds());
  EXPECT_GE(good.same_class * 1000, data.count * 999);
  network.layers[2].planes[0].stored[0] ^= 1;
  EXPECT_NE(Golden(network).run(data.image(0)), Golden(to_network(model, "tiny")).run(data.image(0)));
}

TEST(TrainedPlanes, GoldenModelClassifiesLikeTheTrainerAndTheFloatPath) {
  Trainable model(test::tiny_planes_spec(), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy, 90);
  const Dataset data = test::stripes(300, 2);
  expect_like_the_trainer(model, data);
  Network network = to_network(model, "tiny");
  ASSERT_EQ(network.layers[1].planes.size(), 2U);
  ASSERT_EQ(network.layers[1].multiplier.size(), 8U);
  EXPECT_NE(network.layers[1].planes[0].stored, network.layers[1].planes[1].stored);
  const torch::Tensor ratio = model->named_parameters()["a1.ratio"];
  EXPECT_GT((ratio - 0.5).abs().max().item<float>(), 1e-3);  // it was trained
  // Every weight is +-1 +- ratio, as the stored bits of both planes say.
  const Layer& layer = network.layers[1];
  const auto first = decrypt_weights(network, layer, 0);
  const auto second = decrypt_weights(network, layer, 1);
  const torch::Tensor weight = model->layers()[1].ptr()->weight().detach().permute({0, 2, 3, 1}).contiguous();
  for (std::int64_t i = 0; i < weight.numel(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const float wanted = static_cast<float>(first[at]) + static_cast<float>(second[at]) * ratio[0][i / 36].item<float>();
    ASSERT_FLOAT_EQ(weight.data_ptr<float>()[i], wanted) << i;
  }
  const FloatComparison good = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(good.within_bounds());
  std::swap(network.layers[1].planes[0], network.layers[1].planes[1]);
  EXPECT_NE(Golden(network).run(data.image(0)), Golden(to_network(model, "tiny")).run(data.image(0)));
}

TEST_F(TrainedTiny, IntegersAreTheRoundedReals) {
  const Network network = to_network(model_, "tiny");
  for (const Layer& layer : network.layers) {
    for (std::size_t m = 0; m < layer.bias.size(); ++m) {
      EXPECT_GT(layer.multiplier[m], 0);
      EXPECT_LE(std::abs(layer.multiplier[m] - layer.real_scale[m] * 65536), 0.5);
      EXPECT_LE(std::abs(layer.bias[m] - layer.real_bias[m]), 0.5);
    }
  }
}

TEST_F(TrainedTiny, BiasBeyondTheAccumulatorIsRefused) {
  const torch::NoGradGuard guard;
  model_->named_parameters()["conv.offset"][2] = 1e5;
  test::expect_input_error([&] { to_network(model_, "tiny"); }, "layer conv: channel 2 needs bias");
}

}  // namespace
}  // namespace flexor
