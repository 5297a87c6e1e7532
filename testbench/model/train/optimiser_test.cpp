// SPDX-License-Identifier: Apache-2.0
#include "train/optimiser.hpp"

#include <gtest/gtest.h>
#include <torch/optim.h>

namespace flexor {
namespace {

TEST(Optimiser, AdamFollowsLibtorch) {
  torch::manual_seed(5);
  torch::Tensor ours = torch::randn({50, 7}).requires_grad_(true);
  torch::Tensor theirs = ours.detach().clone().requires_grad_(true);
  Optimiser optimiser;
  optimiser.add(ours, {.rate = 0.02}, -1e30, 1e30);
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

TEST(Optimiser, KeepsValuesInTheirBoxAndForgetsGradients) {
  torch::Tensor value = torch::zeros({40}).requires_grad_(true);
  Optimiser optimiser;
  optimiser.add(value, {.rate = 0.5}, -1.0, 0.25);
  for (int step = 0; step < 9; ++step) {
    value.mutable_grad() = torch::cat({torch::ones({20}), -torch::ones({20})});
    optimiser.step(1.0);
  }
  EXPECT_FALSE(value.grad().defined());
  EXPECT_EQ(value.min().item<float>(), -1.0F);
  EXPECT_EQ(value.max().item<float>(), 0.25F);
}

TEST(Optimiser, MomentumFollowsLibtorch) {
  torch::manual_seed(6);
  torch::Tensor ours = torch::randn({50, 7}).requires_grad_(true);
  torch::Tensor theirs = ours.detach().clone().requires_grad_(true);
  Optimiser optimiser;
  optimiser.add(ours, {.kind = Group::Kind::Momentum, .rate = 0.1, .momentum = 0.8, .weight_decay = 0.01}, -1e30, 1e30);
  torch::optim::SGD reference({theirs}, torch::optim::SGDOptions(0.05).momentum(0.8).weight_decay(0.01));
  for (int step = 0; step < 30; ++step) {
    const torch::Tensor gradient = torch::randn({50, 7});
    ours.mutable_grad() = gradient.clone();
    theirs.mutable_grad() = gradient.clone();
    optimiser.step(0.5);
    reference.step();
  }
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-4, 1e-5));
}

TEST(Optimiser, DecoupledDecayFollowsLibtorchsAdamW) {
  torch::manual_seed(7);
  torch::Tensor ours = torch::randn({50, 7}).requires_grad_(true);
  torch::Tensor theirs = ours.detach().clone().requires_grad_(true);
  Optimiser optimiser;
  optimiser.add(ours, {.rate = 0.02, .weight_decay = 0.1}, -1e30, 1e30);
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(0.02).eps(1e-12).weight_decay(0.1));
  for (int step = 0; step < 30; ++step) {
    const torch::Tensor gradient = torch::randn({50, 7});
    ours.mutable_grad() = gradient.clone();
    theirs.mutable_grad() = gradient.clone();
    optimiser.step(1);
    reference.step();
  }
  EXPECT_TRUE(torch::allclose(ours, theirs, 1e-4, 1e-5));
}

// Other devices take tensor operations: the same numbers as the loops, to float rounding.
TEST(Optimiser, TensorOperationsFollowTheLoops) {
  for (const auto kind : {Group::Kind::Adam, Group::Kind::Momentum}) {
    torch::manual_seed(8);
    torch::Tensor loops = torch::randn({40, 5}).requires_grad_(true);
    torch::Tensor tensors = loops.detach().clone().requires_grad_(true);
    Optimiser a;
    Optimiser b;
    const Group group{.kind = kind, .rate = 0.05, .weight_decay = 0.02};
    a.add(loops, group, -1, 0.5);
    b.add(tensors, group, -1, 0.5);
    for (int step = 0; step < 20; ++step) {
      const torch::Tensor gradient = torch::randn({40, 5});
      loops.mutable_grad() = gradient.clone();
      tensors.mutable_grad() = gradient.clone();
      a.step(0.7);
      b.step_by_tensors(0.7);
    }
    EXPECT_TRUE(torch::allclose(loops, tensors, 1e-4, 1e-5));
    EXPECT_EQ(loops.max().item<float>(), 0.5F);
  }
}

}  // namespace
}  // namespace flexor
