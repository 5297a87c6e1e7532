// SPDX-License-Identifier: Apache-2.0
#include "train/quantise.hpp"

#include <gtest/gtest.h>

namespace flexor {
namespace {

TEST(QuantiseActivation, RoundsHalfUpAndClamps) {
  const torch::Tensor v = torch::tensor({-1.0, -0.25, -0.24, 0.0, 0.24, 0.25, 0.74, 0.75, 3.6, 7.4, 7.6, 90.0}, torch::kDouble);
  const torch::Tensor expected = torch::tensor({0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 7.0, 15.0, 15.0, 15.0}, torch::kDouble);
  EXPECT_TRUE(torch::equal(quantise_activation(v, 0.5, 15), expected));
}

TEST(QuantiseActivation, GradientIsStraightInsideTheRange) {
  torch::Tensor v = torch::tensor({-0.3, 0.1, 2.0, 7.4, 7.6, 90.0}, torch::kDouble).requires_grad_(true);
  quantise_activation(v, 0.5, 15).sum().backward();
  EXPECT_TRUE(torch::equal(v.grad(), torch::tensor({0.0, 2.0, 2.0, 2.0, 0.0, 0.0}, torch::kDouble)));
}

}  // namespace
}  // namespace flexor
