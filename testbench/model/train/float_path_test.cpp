// SPDX-License-Identifier: Apache-2.0
#include "train/float_path.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "data/dataset.hpp"
#include "networks.hpp"

namespace flexor {
namespace {

/// The first 1,000 MNIST test images where FLEXOR_DATA names them, else the 100 that ship.
Dataset images() {
  if (const char* folder = std::getenv("FLEXOR_DATA")) {
    Dataset data = load_mnist(folder, false);
    data.count = 1000;
    return data;
  }
  return load_sample(FLEXOR_SAMPLE);
}

TEST(FloatPath, GoldenModelAgreesOnTheShippedNetwork) {
  const Network network = load_network(std::string(FLEXOR_ZOO) + "/lenet5-small-0.4/model.flexor");
  const Dataset data = images();
  const FloatComparison result = compare_float(network, data.pixels.data(), data.count);
  EXPECT_TRUE(result.within_bounds());
  EXPECT_GE(result.same_class, data.count - std::max(1, data.count / 1000));
  for (std::size_t l = 0; l < result.layer_error.size(); ++l) {
    EXPECT_LE(result.layer_error[l], result.layer_bound[l]) << network.layers[l].name;
    EXPECT_GT(result.layer_error[l], 0.25) << "rounding must show in " << network.layers[l].name;
  }
}

TEST(FloatPath, EveryDrawnNetworkStaysWithinItsLayerBounds) {
  constexpr std::uint64_t kSeed = 44;
  Random random(kSeed);
  for (int trial = 0; trial < 40; ++trial) {
    Network network = test::draw_network(random);
    for (Layer& layer : network.layers) {
      layer.real_scale.clear();
      layer.real_bias.clear();
      for (std::size_t m = 0; m < layer.bias.size(); ++m) {
        if (layer.multiplier[m] == 0) layer.multiplier[m] = 1;
        const double noise = static_cast<double>(random.below(1000)) / 1000 - 0.5;
        layer.real_scale.push_back(std::ldexp(layer.multiplier[m] + 0.9 * noise, -layer.shift));
        layer.real_bias.push_back(layer.bias[m] + noise);
      }
    }
    const auto image = test::random_image(random, network.input);
    const FloatComparison result = compare_float(network, image.data(), 1);
    for (std::size_t l = 0; l + 1 < result.layer_error.size(); ++l) {
      ASSERT_LE(result.layer_error[l], result.layer_bound[l]) << "seed " << kSeed << ", trial " << trial << ": " << test::describe(network);
    }
  }
}

TEST(FloatPath, EveryDrawnGraphStaysWithinItsLayerBounds) {
  constexpr std::uint64_t kSeed = 45;
  Random random(kSeed);
  test::GraphParts parts;
  for (int trial = 0; trial < 60; ++trial) {
    Network network = test::draw_graph(random, parts);
    for (Layer& layer : network.layers) {
      const auto noise = [&random] { return static_cast<double>(random.below(1000)) / 1000 - 0.5; };
      for (std::int16_t& multiplier : layer.multiplier) {
        if (multiplier == 0) multiplier = 1;
        layer.real_scale.push_back(std::ldexp(multiplier + 0.9 * noise(), -layer.shift));
      }
      for (const std::int32_t bias : layer.bias) layer.real_bias.push_back(bias + noise());
      if (layer.shortcut) layer.shortcut->real_multiplier = (layer.shortcut->multiplier + 0.9 * noise()) / 256;
    }
    const auto image = test::random_image(random, network.input);
    const FloatComparison result = compare_float(network, image.data(), 1);
    for (std::size_t l = 0; l + 1 < result.layer_error.size(); ++l) {
      ASSERT_LE(result.layer_error[l], result.layer_bound[l] + 1e-6)
          << "seed " << kSeed << ", trial " << trial << ", layer " << l << ": " << test::describe(network);
    }
  }
  EXPECT_TRUE(parts.shortcut && parts.digits && parts.planes && parts.global_average && parts.source && parts.projection && parts.pool &&
              parts.average);
}

TEST(FloatPath, OneFlippedStoredBitOrBiasIsSeen) {
  Network network = load_network(std::string(FLEXOR_ZOO) + "/lenet5-small-0.4/model.flexor");
  const Dataset data = load_sample(FLEXOR_SAMPLE);
  ASSERT_TRUE(compare_float(network, data.pixels.data(), 5).within_bounds());
  network.layers[2].bias[7] += 1000;  // the float path takes real_bias
  EXPECT_FALSE(compare_float(network, data.pixels.data(), 5).within_bounds());
  network.layers[2].bias[7] -= 1000;
  Network flipped = network;
  flipped.layers[0].planes[0].stored[3] ^= 4;
  const FloatPath path(network);
  const FloatPath other(flipped);
  const torch::Tensor image = as_tensor(data.image(0), network.input);
  EXPECT_GT((path.layer(0, image) - other.layer(0, image)).abs().max().item<double>(), path.bound(0, 0, 0, 0));
}

}  // namespace
}  // namespace flexor
