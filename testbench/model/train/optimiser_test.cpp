// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.hpp"

#include <gtest/gtest.h>

namespace flexor {
namespace {

TEST(Adam, FollowsLibtorchsAdam) {
  torch::manual_seed(5);
  torch::Tensor ours = torch::randn({50, 7}).requires_grad_(true);
  torch::Tensor theirs = ours.detach().clone().requires_grad_(true);
  Adam optimiser;
  optimiser.add(ours, 0.02, -1e30, 1e30);
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(0.01).eps(1e-12));
  for (int step = 0; step < 30; ++step) {
    const torch::Tensor gradient = torch::randn({50, 7}) * 0.003;
    ours.mutable_grad() = gradient.clone();
    theirs.mutable_grad() = gradient.clone();
    optimiser.step(0.5);
    reference.step();
  }
  EXPECT_EQ(optimiser.steps(), 30);
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-4, 1e-6));
}

TEST(Adam, KeepsValuesInTheirBoxAndForgetsGradients) {
  torch::Tensor value = torch::zeros({40}).requires_grad_(true);
  Adam optimiser;
  optimiser.add(value, 0.5, -1.0, 0.25);
  for (int step = 0; step < 9; ++step) {
    value.mutable_grad() = torch::cat({torch::ones({20}), -torch::ones({20})});
    optimiser.step(1.0);
  }
  EXPECT_FALSE(value.grad().defined());
  EXPECT_EQ(value.min().item<float>(), -1.0F);
  EXPECT_EQ(value.max().item<float>(), 0.25F);
}

}  // namespace
}  // namespace flexor
