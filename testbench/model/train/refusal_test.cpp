// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "expect_input_error.hpp"
#include "scratch.hpp"
#include "train/train.hpp"

namespace flexor {
namespace {

TrainOptions usual(const test::Scratch& scratch) {
  TrainOptions options;
  options.data = scratch.folder();
  options.out = scratch / "model.flexor";
  return options;
}

TEST(TrainRefuses, WhatCannotBeTrained) {
  const test::Scratch scratch;
  const auto expect = [&](auto change, const std::string& part) {
    TrainOptions options = usual(scratch);
    change(options);
    test::expect_input_error([&] { train_main(options); }, part);
  };
  expect([](TrainOptions& o) { o.network = "lenet6"; }, "choose one of: lenet5-small, lenet5-paper");
  expect([](TrainOptions& o) { o.rate = 0.42; }, "rate 0.42 is not possible");
  expect([](TrainOptions& o) { o.rate = 0; }, "multiple of 1/20");
  expect([](TrainOptions& o) { o.rate = 1.05; }, "rate 1.05 is not possible");
  expect([](TrainOptions& o) { o.rate = std::nan(""); }, "rate nan is not possible");
  expect([](TrainOptions& o) { o.method = "magic"; }, "no training method \"magic\"");
  expect([](TrainOptions& o) { o.code = "rot13"; }, "no code \"rot13\"");
  expect([](TrainOptions& o) { o.code = "tap2", o.rate = 0.05; }, "at least two stored bits");
  expect([](TrainOptions& o) { o.epochs = 0; }, "epochs");
  expect([](TrainOptions& o) { o.batch = 1; }, "minibatch");
  expect([](TrainOptions& o) { o.threads = 0; }, "threads");
  expect([](TrainOptions& o) { o.learning_rate = -1; }, "negative");
  expect([](TrainOptions& o) { o.out.clear(); }, "--out");
  expect([](TrainOptions&) {}, "train-images-idx3-ubyte");
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(TrainCommand, IsWhatAUserTypes) {
  TrainOptions options;
  options.epochs = 8;
  options.out = "run/model.flexor";
  EXPECT_EQ(train_command(options),
            "flexor train --network lenet5-small --rate 0.4 --method nearest --epochs 8 --seed 1 --data DIR --out model.flexor");
  options.method = "eq6";
  options.code = "tap2";
  options.bfloat16 = true;
  EXPECT_EQ(
      train_command(options),
      "flexor train --network lenet5-small --rate 0.4 --method eq6 --epochs 8 --seed 1 --code tap2 --code-seed 1 --bfloat16 --data DIR "
      "--out model.flexor");
}

}  // namespace
}  // namespace flexor
