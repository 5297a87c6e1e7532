// SPDX-License-Identifier: Apache-2.0
#include "train/loop.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "expect_input_error.hpp"
#include "tiny.hpp"
#include "train/augment.hpp"

namespace flexor {
namespace {

Schedule short_schedule() { return {.epochs = 3, .batch = 16, .latent_rate = kNearestRate, .augment = false}; }

EpochResult train_tiny(Trainable& model, const Schedule& schedule) {
  EpochResult last;
  train_loop(model, test::stripes(320, 1), test::stripes(200, 2), schedule, [&](const EpochResult& r, const Adam&) { last = r; });
  return last;
}

TEST(TrainLoop, LearnsWithEveryMethodAndRate) {
  for (const int n : {8, 12, 20}) {
    Trainable model(test::tiny_spec(), nested_code(n), Method::Nearest, 1);
    const EpochResult last = train_tiny(model, short_schedule());
    EXPECT_EQ(last.epoch, 3);
    EXPECT_GT(last.test_accuracy, 90) << "nearest, n = " << n;
  }
  Trainable model(test::tiny_spec(), random_tap_code(20, 8, 2, 1), Method::Eq6, 1);
  Schedule schedule = short_schedule();
  schedule.latent_rate = 1e-3;
  EXPECT_GT(train_tiny(model, schedule).test_accuracy, 90) << "eq6";
}

TEST(TrainLoop, LearnsWithRoundedConvolutions) {
  Schedule schedule = short_schedule();
  schedule.bfloat16 = true;
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  EXPECT_GT(train_tiny(model, schedule).test_accuracy, 90);
}

TEST(TrainLoop, SameSeedGivesTheSameNetwork) {
  torch::set_num_threads(1);
  std::vector<torch::Tensor> first;
  for (int run = 0; run < 2; ++run) {
    Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 9);
    Schedule schedule = short_schedule();
    schedule.epochs = 1;
    schedule.augment = true;
    train_tiny(model, schedule);
    if (run == 0) {
      first = model->parameters();
      continue;
    }
    for (std::size_t i = 0; i < first.size(); ++i) EXPECT_TRUE(torch::equal(first[i], model->parameters()[i]));
  }
}

TEST(TrainLoop, LossThatIsNoNumberStopsWithOneSentence) {
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  {
    const torch::NoGradGuard guard;
    model->named_parameters()["dense.gain"].fill_(std::nan(""));
  }
  test::expect_input_error([&] { train_tiny(model, short_schedule()); }, "the loss is not a number in epoch 1, step 1");
}

TEST(Augment, WithoutLimitsIsTheImage) {
  const Dataset data = test::stripes(1, 3);
  std::mt19937_64 random(1);
  std::vector<float> changed(64);
  std::vector<float> same(64);
  augment(data.image(0), data.shape, {.shift = 0, .rotation = 0, .scale = 0, .shear = 0}, random, changed.data());
  plain(data.image(0), data.shape, same.data());
  EXPECT_EQ(changed, same);
}

TEST(Augment, KeepsPixelsWholeAndInRange) {
  const Dataset data = test::stripes(20, 4);
  std::mt19937_64 random(2);
  std::vector<float> to(64);
  for (int i = 0; i < data.count; ++i) {
    augment(data.image(i), data.shape, {}, random, to.data());
    for (const float value : to) ASSERT_TRUE(value >= 0 && value <= 255 && value == std::floor(value)) << value;
  }
}

}  // namespace
}  // namespace flexor
