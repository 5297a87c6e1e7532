// SPDX-License-Identifier: Apache-2.0
#include "train/digit_weight.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace flexor {
namespace {

TEST(DigitWeight, IsTheNearestOddInteger) {
  for (const int digits : {1, 4, 8}) {
    torch::Tensor latent = torch::linspace(-1.1, 1.1, 4001).requires_grad_(true);
    const torch::Tensor w = digit_weight(latent, digits);
    const double largest = std::pow(2, digits) - 1;
    for (int i = 0; i < 4001; i += 7) {
      const double u = latent[i].item<double>() * std::pow(2, digits);
      const double value = w[i].item<double>();
      ASSERT_EQ(std::fmod(std::abs(value), 2), 1);
      ASSERT_LE(std::abs(value), largest);
      ASSERT_TRUE(std::abs(u) >= largest || std::abs(value - u) <= 1.0 + 1e-3) << u;
    }
    const torch::Tensor up = torch::randn({4001});
    w.backward(up);
    EXPECT_TRUE(torch::allclose(latent.grad(), up * std::pow(2, digits)));
  }
}

TEST(DigitWeight, SlicesHoldItsBinaryDigits) {
  Layer layer;
  layer.input = {5, 5, 3};
  layer.output.channels = 5;
  layer.kernel_height = layer.kernel_width = 3;
  layer.output = layer.unpooled();
  const auto map = slice_map({}, layer, {});
  torch::manual_seed(4);
  const torch::Tensor weight = digit_weight(torch::rand(map->sizes) * 2 - 1, 8);
  torch::Tensor sum = torch::zeros_like(weight);
  for (int p = 0; p < 8; ++p) {
    const std::vector<std::uint32_t> slices = digit_slices(weight, *map, 8, p);
    torch::Tensor bits = torch::empty({map->slices, 20});
    for (int s = 0; s < map->slices; ++s) {
      for (int i = 0; i < 20; ++i) bits[s][i] = (slices[static_cast<std::size_t>(s)] >> i & 1U) != 0 ? 1.0 : -1.0;
    }
    sum += std::pow(2, p) * place_slices(bits, map);
  }
  EXPECT_TRUE(torch::equal(sum, weight));
}

}  // namespace
}  // namespace flexor
