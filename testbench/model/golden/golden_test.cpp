// SPDX-License-Identifier: Apache-2.0
// The golden model against a naive reference in double: sums over explicit kernel positions, no slices, no blocks, no layouts.
#include "golden/golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "expect_input_error.hpp"
#include "networks.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

// Weight of channel m at (ky, kx, c), from the decrypted canonical order.
double weight_at(const Layer& l, const std::vector<std::int8_t>& weights, int m, int ky, int kx, int c) {
  const int r = l.stack_rows ? 0 : ky;
  const int k = l.stack_rows ? (kx * l.kernel_height + ky) * l.input.channels + c : kx * l.input.channels + c;
  return weights[static_cast<std::size_t>((m * l.strings() + r) * l.string_length() + k)];
}

std::vector<double> reference_layer(const Network& network, const Layer& l, const std::vector<double>& input) {
  const std::vector<std::int8_t> weights = decrypt_weights(network, l);
  const Shape shape = l.unpooled();
  std::vector<double> out(static_cast<std::size_t>(shape.size()));
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      for (int m = 0; m < shape.channels; ++m) {
        double sum = l.bias[static_cast<std::size_t>(m)];
        for (int ky = 0; ky < l.kernel_height; ++ky) {
          for (int kx = 0; kx < l.kernel_width; ++kx) {
            const int iy = y * l.stride + ky * l.dilation - l.padding.top;
            const int ix = x * l.stride + kx * l.dilation - l.padding.left;
            if (iy < 0 || ix < 0 || iy >= l.input.height || ix >= l.input.width) continue;
            for (int c = 0; c < l.input.channels; ++c) {
              sum +=
                  weight_at(l, weights, m, ky, kx, c) * input[static_cast<std::size_t>((iy * l.input.width + ix) * l.input.channels + c)];
            }
          }
        }
        const double v = std::floor(sum * l.multiplier[static_cast<std::size_t>(m)] / std::pow(2.0, l.shift) + 0.5);
        const double low = l.logits ? -32768 : 0;
        const double high = l.logits ? 32767 : l.activation_max;
        out[static_cast<std::size_t>((y * shape.width + x) * shape.channels + m)] = std::min(std::max(v, low), high);
      }
    }
  }
  if (!l.max_pool) return out;
  std::vector<double> pooled(static_cast<std::size_t>(l.output.size()), -1);
  for (int y = 0; y < l.output.height * 2; ++y) {
    for (int x = 0; x < l.output.width * 2; ++x) {
      for (int m = 0; m < shape.channels; ++m) {
        double& best = pooled[static_cast<std::size_t>((y / 2 * l.output.width + x / 2) * shape.channels + m)];
        best = std::max(best, out[static_cast<std::size_t>((y * shape.width + x) * shape.channels + m)]);
      }
    }
  }
  return pooled;
}

TEST(Golden, EqualsTheNaiveReference) {
  const std::uint64_t seed = test::random_seed();
  for (std::uint64_t n = 0; n < 200; ++n) {
    Random random(n == 0 ? 0 : seed + n);
    const Network network = test::draw_network(random);
    const auto pixels = test::random_image(random, network.input);
    const auto boundaries = Golden(network).run(pixels.data());
    ASSERT_EQ(boundaries.size(), network.layers.size());
    std::vector<double> tensor(pixels.begin(), pixels.end());
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      tensor = reference_layer(network, network.layers[l], tensor);
      const std::vector<double> found(boundaries[l].begin(), boundaries[l].end());
      ASSERT_EQ(found, tensor) << "FLEXOR_SEED=" << seed << " network " << n << " layer " << l << ": " << test::describe(network);
    }
  }
}

TEST(Golden, EqualsTheNaiveReferenceOnLeNet) {
  Random random(5);
  for (const bool stacked : {false, true}) {
    const Network network = test::random_lenet(random, 8, stacked);
    const auto pixels = test::random_image(random, network.input);
    std::vector<double> tensor(pixels.begin(), pixels.end());
    for (const Layer& layer : network.layers) tensor = reference_layer(network, layer, tensor);
    const auto logits = Golden(network).logits(pixels.data());
    EXPECT_EQ(std::vector<double>(logits.begin(), logits.end()), tensor);
    EXPECT_GT(*std::max_element(tensor.begin(), tensor.end()), *std::min_element(tensor.begin(), tensor.end()));
  }
}

TEST(Golden, SeesEveryKindOfOneFlippedBit) {
  Random random(6);
  const Network network = test::random_lenet(random, 8);
  const auto pixels = test::random_image(random, network.input);
  const auto good = Golden(network).run(pixels.data());
  Network bad = network;
  bad.layers[0].planes[0].stored[0] ^= 1;
  EXPECT_NE(Golden(bad).run(pixels.data()), good) << "stored bit";
  bad = network;
  bad.codes[0].rows[5] ^= 2;
  EXPECT_NE(Golden(bad).run(pixels.data()), good) << "entry of M";
  bad = network;
  bad.layers[3].bias[0] ^= 1 << 10;
  EXPECT_NE(Golden(bad).run(pixels.data()), good) << "bias";
  bad = network;
  bad.layers[2].multiplier[0] = static_cast<std::int16_t>(-bad.layers[2].multiplier[0]);
  EXPECT_NE(Golden(bad).run(pixels.data()), good) << "multiplier";
  bad = network;
  bad.layers[3].shift = 15;
  EXPECT_NE(Golden(bad).run(pixels.data()), good) << "shift";
}

TEST(Golden, ClassifiesByTheFirstLargestLogit) {
  Random random(7);
  const test::LayerSpec dense{LayerKind::Dense, 4, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {1, 1, 1}, {identity_code(20)}, {dense});
  network.layers[0].multiplier = {0, 0, 0, 0};
  const std::uint8_t pixel = 0;
  EXPECT_EQ(Golden(network).classify(&pixel), 0);
  network.layers[0].multiplier = {16384, 16384, 16384, 16384};
  network.layers[0].bias = {-4, 8, 12, 12};
  EXPECT_EQ(Golden(network).logits(&pixel), (std::vector<std::int16_t>{-1, 2, 3, 3}));
  EXPECT_EQ(Golden(network).classify(&pixel), 2);
}

TEST(Golden, RunsFromManyThreads) {
  Random random(8);
  const Network network = test::random_lenet(random, 8);
  const Golden golden(network);
  const auto pixels = test::random_image(random, network.input);
  const auto expected = golden.run(pixels.data());
  std::vector<std::vector<std::vector<std::int16_t>>> found(4);
  std::vector<std::thread> threads;
  for (auto& result : found) threads.emplace_back([&] { result = golden.run(pixels.data()); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : found) EXPECT_EQ(result, expected);
}

TEST(Golden, RefusesWhatItCannotRun) {
  Random random(9);
  Network network = test::random_lenet(random, 8);
  network.layers[1].planes.clear();
  test::expect_input_error([&] { Golden golden(network); }, "layer 'conv2': it has 0 bit planes");
}

}  // namespace
}  // namespace flexor
