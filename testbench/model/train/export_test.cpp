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
#include "tiny_files.hpp"
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

TEST(TrainedUneven, GoldenModelClassifiesLikeTheTrainerAndTheFloatPath) {
  Trainable model(parse_network(test::kUnevenNetwork, "file"), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy, 90);
  const Dataset data = test::stripes(300, 2);
  expect_like_the_trainer(model, data);
  Network network = to_network(model, "tiny");
  expect_same_weights(model, network);
  const FloatComparison good = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(good.within_bounds());
  EXPECT_GE(good.same_class * 1000, data.count * 999);
  std::swap(network.layers[1].padding.left, network.layers[1].padding.right);
  EXPECT_NE(Golden(network).run(data.image(0)), Golden(to_network(model, "tiny")).run(data.image(0)));
}

TEST(TrainedPlanes, GoldenModelClassifiesLikeTheTrainerAndTheFloatPath) {
  Trainable model(parse_network(test::kPlanesNetwork, "file"), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(test::train_stripes(model, {.epochs = 3, .batch = 16}).test_accuracy, 90);
  const Dataset data = test::stripes(300, 2);
  expect_like_the_trainer(model, data);
  Network network = to_network(model, "tiny");
  const FloatComparison good = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(good.within_bounds());
  EXPECT_GE(good.same_class * 1000, data.count * 999);
  std::swap(network.layers[2].planes[0], network.layers[3].planes[0]);
  EXPECT_NE(Golden(network).run(data.image(0)), Golden(to_network(model, "tiny")).run(data.image(0)));
}

// What the golden model gives for layer a1, the layers 1 to 3 of the network, is a convolution with w = sum_p alpha_p b_p: up to the
// rounding of every plane, 2 (1/2 + 1/2) + 1/2, and of its bias.
TEST(TrainedPlanes, AreOneLayerWithASumOfPlanesAsItsWeights) {
  Trainable model(parse_network(test::kPlanesNetwork, "file"), nested_code(8), Method::Nearest, 1);
  test::train_stripes(model, {.epochs = 3, .batch = 16});
  const Network network = to_network(model, "tiny");
  ASSERT_EQ(network.layers[3].name, "a1");
  const Shape& shape = network.layers[3].output;
  torch::Tensor weight = torch::zeros({4, 4, 3, 3}, torch::kDouble), rest = torch::zeros({4, 1, 1}, torch::kDouble);
  std::set<double> scales;
  for (std::size_t l = 1; l <= 3; ++l) {
    const Layer& layer = network.layers[l];
    const double unit = l == 3 ? 1 : 2;  // LSBs of a1
    const auto canonical = decrypt_weights(network, layer);
    const torch::Tensor b = torch::tensor(std::vector<double>(canonical.begin(), canonical.end()), torch::kDouble).view({4, 3, 3, 4});
    const torch::Tensor alpha = unit * torch::tensor(layer.real_scale, torch::kDouble).view({4, 1, 1, 1});
    weight += alpha * b.permute({0, 3, 1, 2});
    rest += alpha.view({4, 1, 1}) * torch::tensor(layer.real_bias, torch::kDouble).view({4, 1, 1});
    scales.insert(layer.real_scale.begin(), layer.real_scale.end());
  }
  EXPECT_EQ(scales.size(), 12U) << "every plane and channel has a scale of its own";
  const Dataset data = test::stripes(20, 2);
  int compared = 0;
  for (int i = 0; i < data.count; ++i) {
    const auto boundaries = Golden(network).run(data.image(i));
    const torch::Tensor input = as_tensor(boundaries[0], network.layers[0].output);
    const torch::Tensor sum = (torch::conv2d(input, weight, {}, 1, 1)[0] + rest).clamp(0, 255).permute({1, 2, 0}).contiguous();
    for (std::size_t at = 0; at < static_cast<std::size_t>(shape.size()); ++at) {
      const auto inside = [&](std::size_t l) { return boundaries[l][at] > -128 && boundaries[l][at] < 127; };
      if (!inside(1) || !inside(2)) continue;
      ++compared;
      ASSERT_NEAR(boundaries[3][at], sum.data_ptr<double>()[at], 3) << "image " << i << " place " << at;
    }
  }
  EXPECT_GT(compared, data.count * shape.size() / 2);
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

TEST(Export, RefusesRealWeights) {
  const Trainable model(test::tiny_spec(), identity_code(20), Method::Real, 1);
  test::expect_input_error([&] { to_network(model, "tiny"); }, "tiny was trained with real weights");
}

}  // namespace
}  // namespace flexor
