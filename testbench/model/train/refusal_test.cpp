// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "expect_input_error.hpp"
#include "network/network.hpp"
#include "scratch.hpp"
#include "tiny.hpp"
#include "tiny_files.hpp"
#include "train/convolution.hpp"
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
  expect([](TrainOptions& o) { o.recipe = "vgg"; }, "there is no recipe \"vgg\"; give a .json file or choose one of: lenet5-mnist");
  expect([](TrainOptions& o) { o.recipe = "none.json"; }, "recipe file 'none.json' cannot be read");
  expect([](TrainOptions& o) { o.network = "lenet6"; }, "choose one of: lenet5-paper, lenet5-small, resnet18");
  expect([](TrainOptions& o) { o.rate = 0.42; }, "rate 0.42 is not possible");
  expect([](TrainOptions& o) { o.rate = 0; }, "multiple of 1/20");
  expect([](TrainOptions& o) { o.rate = 1.05; }, "rate 1.05 is not possible");
  expect([](TrainOptions& o) { o.rate = std::nan(""); }, "rate nan is not possible");
  expect([](TrainOptions& o) { o.layer_rates["conv1"] = 0.33; }, "rate 0.33 is not possible");
  expect([](TrainOptions& o) { o.layer_rates["stage"] = 0.4; }, "no layer of lenet5-small has a name that begins with \"stage\"");
  expect([](TrainOptions& o) { o.slice = "8x4"; }, "slices of \"8x4\" are not possible; choose 10x2 or 16x2");
  expect([](TrainOptions& o) { o.slice = "16x2", o.rate = 0.01; }, "rate 0.01 is not possible; give one from 1/32");
  expect([](TrainOptions& o) { o.slice = "16x2", o.code = "nested@4"; }, "no nested code of N_out = 4; choose 8, 16, 20 or 32");
  expect([](TrainOptions& o) { o.slice = "16x2", o.code = "wired", o.rate = 0.6; }, "no code \"wired\"");
  expect([](TrainOptions& o) { o.slice = "16x2", o.recipe = "resnet20-cifar10"; },
         "its shortcut begins at channel 8, but with slices of 16x2 it must begin at a multiple of 16");
  expect([](TrainOptions& o) { o.method = "magic"; }, "no training method \"magic\"");
  expect([](TrainOptions& o) { o.code = "rot13"; }, "no code \"rot13\"");
  expect([](TrainOptions& o) { o.code = "wired", o.rate = 0.4; }, "code wired has a rate of 0.6 only, not 0.4; give --rate 0.6");
  expect([](TrainOptions& o) { o.code = "dense@7"; }, "code \"dense@7\" names no N_out that divides 20; give one like dense@10");
  expect([](TrainOptions& o) { o.code = "nested@10"; }, "no code \"nested@10\"");
  expect([](TrainOptions& o) { o.code = "dense@10", o.rate = 0.45; },
         "no whole number of stored bits for every 10 weights of code dense@10");
  expect([](TrainOptions& o) { o.code = "tap3@5", o.rate = 0.4; }, "code tap3@5 needs at least three stored bits; give a rate of 0.6");
  expect([](TrainOptions& o) { o.code = "tap2", o.rate = 0.05; }, "at least two stored bits");
  expect([](TrainOptions& o) { o.epochs = 0; }, "epochs");
  expect([](TrainOptions& o) { o.batch = 1; }, "minibatch");
  expect([](TrainOptions& o) { o.threads = 0; }, "threads");
  expect([](TrainOptions& o) { o.learning_rate = -1; }, "learning rate -1 is not possible");
  expect([](TrainOptions& o) { o.method = "eq6", o.s_tanh = 0; }, "S_tanh 0 is not possible");
  expect([](TrainOptions& o) { o.s_tanh = 10; }, "S_tanh belongs to equation 6");
  expect([](TrainOptions& o) { o.bfloat16 = o.integer_gradients = true; }, "bfloat16 and integer gradients exclude each other");
  expect([](TrainOptions& o) { o.train_images = -1; }, "-1 training images");
  expect([](TrainOptions& o) { o.device = "tpu"; }, "there is no device \"tpu\"; choose cpu or cuda");
  if (!torch::cuda::is_available()) {
    expect([](TrainOptions& o) { o.device = "cuda"; }, "this libtorch finds no CUDA device");
  }
  expect([](TrainOptions& o) { o.out.clear(); }, "--out");
  expect([](TrainOptions&) {}, "train-images-idx3-ubyte");
  expect([](TrainOptions& o) { o.recipe = "resnet20-cifar10"; }, "CIFAR-10 file 'data_batch_1.bin'");
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(Train, RealWeightsEndWithAResultAndWithoutAModelFile) {
  const test::Scratch scratch;
  test::write_tiny_files(scratch.folder());
  TrainOptions options = test::tiny_options(scratch.folder(), scratch / "run");
  options.method = "real";
  const TrainResult result = train_on(options, test::stripes(320, 1), test::stripes(50, 2));
  EXPECT_EQ(result.provenance.epochs, 12);
  EXPECT_GT(result.provenance.accuracy, 90);
  EXPECT_FALSE(std::filesystem::exists(model_file(options)));
  EXPECT_TRUE(std::filesystem::exists(options.out / "metrics.csv"));
}

// Stored bits of all layers of a run's model that have a code.
std::vector<std::vector<std::uint8_t>> codewords(const TrainOptions& options) {
  std::vector<std::vector<std::uint8_t>> all;
  for (const Layer& layer : load_network(model_file(options)).layers) {
    for (const Plane& plane : layer.planes) {
      if (!layer.digits) all.push_back(plane.stored);
    }
  }
  return all;
}

// With steps too small to change a codeword, a run ends with those that it began with, whatever the scale of the latents.
TEST(Train, BeginsWithTheWeightsOfAnotherRun) {
  const test::Scratch scratch;
  test::write_tiny_files(scratch.folder());
  const Dataset train = test::stripes(320, 1);
  const Dataset unseen = test::stripes(200, 2);
  TrainOptions options = test::tiny_options(scratch.folder(), scratch / "real");
  options.method = "real";
  train_on(options, train, unseen);

  options = test::tiny_options(scratch.folder(), scratch / "fresh");
  options.epochs = 1;
  options.learning_rate = 1e-12;
  train_on(options, train, unseen);
  const auto fresh = codewords(options);
  options.out = scratch / "begun";
  options.start = scratch / "real/checkpoint.pt";
  const Provenance begun = train_on(options, train, unseen).provenance;
  EXPECT_NE(begun.command.find(" --start checkpoint.pt "), std::string::npos) << begun.command;
  EXPECT_NE(codewords(options), fresh);
  const auto wanted = codewords(options);

  options.start = scratch / "begun/checkpoint.pt";  // of latents
  test::expect_input_error([&] { train_on(options, train, unseen); }, "is of another run");
  options.out = scratch / "again";
  options.seed = 2;  // other latents, were it not for the start
  train_on(options, train, unseen);
  EXPECT_EQ(codewords(options), wanted);

  options.out = scratch / "refused";
  options.start = scratch / "none.pt";
  test::expect_input_error([&] { train_on(options, train, unseen); }, "none.pt' cannot be read or has other layers than network tiny");
  options.method = "eq6";
  test::expect_input_error([&] { train_on(options, train, unseen); }, "--start gives the latents of the nearest codeword their values");
  EXPECT_FALSE(std::filesystem::exists(options.out));
}

// With steps too small to change a codeword, a run ends with those of the file.
TEST(Train, BeginsWithAModelFile) {
  const test::Scratch scratch;
  test::write_tiny_files(scratch.folder());
  const Dataset train = test::stripes(320, 1);
  const Dataset unseen = test::stripes(200, 2);
  TrainOptions options = test::tiny_options(scratch.folder(), scratch / "first");
  options.epochs = 4;
  train_on(options, train, unseen);
  const auto weights = [&options] {  // not the stored bits: those of places that are dropped may be others
    const Network network = load_network(model_file(options));
    std::vector<std::vector<std::int8_t>> all;
    for (const Layer& layer : network.layers) {
      if (!layer.digits) all.push_back(decrypt_weights(network, layer));
    }
    return all;
  };
  const auto wanted = weights();
  options = test::tiny_options(scratch.folder(), scratch / "begun");
  options.start = scratch / "first/model.flexor";
  options.epochs = 1;
  options.seed = 2;
  options.learning_rate = 1e-12;
  options.integer_gradients = true;
  const Provenance begun = train_on(options, train, unseen).provenance;
  EXPECT_NE(begun.command.find(" --start model.flexor --epochs 1 --learning-rate 1e-12 --integer-gradients "), std::string::npos)
      << begun.command;
  EXPECT_EQ(weights(), wanted);
  options.start = scratch / "none.flexor";
  options.out = scratch / "refused";
  test::expect_input_error([&] { train_on(options, train, unseen); }, "none.flexor");
  EXPECT_FALSE(std::filesystem::exists(options.out));
}

// No refusal: a run that began on another processor goes on with the same numbers.
TEST(Train, SaysThatBfloat16CostsTimeWithoutItsInstructions) {
  for (const bool bfloat16 : {false, true}) {
    const test::Scratch scratch;
    test::write_tiny_files(scratch.folder());
    TrainOptions options = test::tiny_options(scratch.folder(), scratch / "run");
    options.bfloat16 = bfloat16;
    options.epochs = 1;
    testing::internal::CaptureStderr();
    train_on(options, test::stripes(320, 1), test::stripes(50, 2));
    const std::string said = testing::internal::GetCapturedStderr();
    const bool slower = bfloat16 && !Convolution::available(true);
    EXPECT_EQ(said.find("bfloat16 trains slower than float32 here; leave it out") != std::string::npos, slower) << said;
  }
}

// On images that fit, what stands in the run's folder decides.
TEST(TrainRefuses, WhatDoesNotFitTheImagesOrTheFolder) {
  const test::Scratch scratch;
  test::write_tiny_files(scratch.folder());
  TrainOptions options = test::tiny_options(scratch.folder(), scratch / "run");
  options.resume = true;
  const Dataset train = test::stripes(320, 1);
  const Dataset unseen = test::stripes(50, 2);
  test::expect_input_error([&] { train_on(options, train, unseen); }, "to resume from; leave out --resume to begin anew");
  options.resume = false;
  test::expect_input_error([&] { train_on(options, test::stripes(7, 1), unseen); }, "7 training images do not fill a minibatch of 16");
  const auto with_window = [&](const std::string& network, int window) {
    std::string recipe = test::kTinyRecipe;
    recipe.replace(recipe.find("\"crop\""), 0, "\"window\": " + std::to_string(window) + ", ");
    std::ofstream(scratch / "window.json") << recipe;
    TrainOptions changed = options;
    changed.recipe = (scratch / "window.json").string();
    if (!network.empty()) changed.network = network;
    return changed;
  };
  test::expect_input_error([&] { train_on(with_window("", 9), train, unseen); }, "a window of 9 pixels is larger than the 8x8 images");
  std::string fixed = test::kTinyNetwork;
  fixed.erase(fixed.find("\"global_average\": true, "), std::string("\"global_average\": true, ").size());
  std::ofstream(scratch / "fixed.json") << fixed;
  test::expect_input_error([&] { train_on(with_window((scratch / "fixed.json").string(), 6), train, unseen); },
                           "layer dense of tiny takes images of one size only; leave out the window");
  Dataset wide = train;
  wide.shape = {4, 16, 1};
  test::expect_input_error([&] { train_on(options, wide, unseen); }, "network tiny takes 8x8x1 images, stripes has 4x16x1");
  train_on(options, train, unseen);
  for (const char* name : {"model.flexor", "model.onnx", "metrics.csv", "metrics.svg", "checkpoint.pt"})
    EXPECT_TRUE(std::filesystem::exists(options.out / name)) << name;
  const auto lines = [&] {
    const auto bytes = test::read_bytes(options.out / "metrics.csv");
    return std::count(bytes.begin(), bytes.end(), '\n');
  };
  EXPECT_EQ(lines(), 1 + 12);
  options.epochs = 14;  // a run may be made longer
  train_on(options, train, unseen);
  EXPECT_EQ(lines(), 1 + 14);
  const auto model = test::read_bytes(options.out / "model.flexor");
  options.seed = 2;
  test::expect_input_error([&] { train_on(options, train, unseen); }, "is of another run (flexor train --recipe");
  EXPECT_EQ(test::read_bytes(options.out / "model.flexor"), model);
  options.seed = 1;
  options.out = scratch / "tiny.json/run";
  test::expect_input_error([&] { train_on(options, train, unseen); }, "cannot make the folder");
}

TEST(TrainCommand, IsWhatAUserTypes) {
  TrainOptions options;
  options.recipe = "resnet20-cifar10";
  options.out = "place/run/";
  EXPECT_EQ(train_command(options), "flexor train --recipe resnet20-cifar10 --rate 0.4 --seed 1 --data DIR --out run");
  options.recipe = "lenet5-mnist";
  options.out = "run/model.flexor";
  options.epochs = 8;
  options.method = "eq6";
  options.code = "tap2";
  options.layer_rates["conv1"] = 0.8;
  options.bfloat16 = true;
  EXPECT_EQ(train_command(options),
            "flexor train --recipe lenet5-mnist --rate 0.4 --seed 1 --method eq6 --code tap2 --layer-rate conv1=0.8 --epochs 8 --bfloat16 "
            "--data DIR --out model.flexor");
}

}  // namespace
}  // namespace flexor
