// SPDX-License-Identifier: Apache-2.0
// Training through the path of ImageNet: JPEG files of any size, decoded and cut in worker threads.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "data/image_folder.hpp"
#include "expect_input_error.hpp"
#include "pictures.hpp"
#include "scratch.hpp"
#include "train/loader.hpp"
#include "train/train.hpp"

namespace flexor {
namespace {

constexpr const char* kNetwork =
    R"({"name": "colours", "input": [16, 16, 3], "defaults": {"kernel": 3, "padding": 1, "clip": 6}, "layers": [
  {"name": "conv", "channels": 8, "stride": 2, "digits": 8}, {"name": "pool", "kind": "pool", "kernel": 3, "stride": 2, "padding": 1},
  {"name": "dense", "kind": "dense", "channels": 2, "global_average": true, "digits": 8, "logits": true}]})";

constexpr const char* kRecipe = R"({"name": "colours", "network": "to be named", "data": "colours", "epochs": 6, "minibatch": 8,
  "warm_up_steps": 5, "digit": {"optimiser": "adam", "rate": 0.01}, "norm": {"optimiser": "adam", "rate": 0.02},
  "augmentation": {"resized_crop": 0.3, "flip": true}})";

// Reddish and bluish pictures with noise, of many sizes.
class ImageTraining : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937 random(5);
    const auto draw = [&random](int low, int high) { return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)); };
    for (int i = 0; i < 60; ++i) {
      const bool red = i % 2 == 0;
      const int height = draw(12, 70), width = draw(12, 70);
      std::vector<std::uint8_t> pixels;
      for (int p = 0; p < height * width * 3; ++p)
        pixels.push_back(static_cast<std::uint8_t>(draw(0, 120) + ((p % 3 == 0) == red ? 90 : 0)));
      const std::string name =
          "colours/" + std::string(i < 48 ? "train/" : "val/") + (red ? "red/" : "blue/") + std::to_string(i) + ".JPEG";
      test::write_jpeg(scratch_ / name, pixels, height, width);
    }
    std::ofstream(scratch_ / "network.json") << kNetwork;
    std::ofstream(scratch_ / "recipe.json") << kRecipe;
    options_.recipe = (scratch_ / "recipe.json").string();
    options_.network = (scratch_ / "network.json").string();
    options_.data = scratch_.folder();
    options_.out = scratch_ / "run";
    options_.threads = 1;
    options_.workers = 2;
    options_.quiet = true;
  }
  test::Scratch scratch_;
  TrainOptions options_;
};

TEST_F(ImageTraining, LearnsAndWritesWhereItsImagesAreFrom) {
  train_main(options_);
  const Network network = load_network(options_.out / "model.flexor");
  EXPECT_GE(network.provenance.accuracy, 90);
  EXPECT_EQ(network.provenance.data_name, "colours");
  EXPECT_EQ(network.provenance.data_checksum, load_image_folder("colours", scratch_.folder(), true, {16, 16, 3}).checksum);
}

TEST_F(ImageTraining, WorkersDoNotChangeTheResult) {
  train_main(options_);
  const auto model = test::read_bytes(options_.out / "model.flexor");
  options_.workers = 5;
  std::filesystem::remove_all(options_.out);
  train_main(options_);
  EXPECT_EQ(test::read_bytes(options_.out / "model.flexor"), model);
}

TEST_F(ImageTraining, BadFilesAreRefusedWithOneSentence) {
  const auto expect = [this](const std::string& part) { test::expect_input_error([this] { train_main(options_); }, part); };
  const auto good = test::read_bytes(scratch_ / "colours/train/red/10.JPEG");
  test::write_bytes(scratch_ / "colours/train/red/10.JPEG", {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(good.size() / 2)});
  expect("10.JPEG' is a damaged JPEG file");
  test::write_bytes(scratch_ / "colours/train/red/10.JPEG", {1, 2, 3});
  expect("10.JPEG' is no JPEG file");
  test::write_bytes(scratch_ / "colours/train/red/10.JPEG", good);
  test::write_jpeg(scratch_ / "colours/train/green/0.JPEG", test::plain_picture(20, 20, 0, 200, 0), 20, 20);
  expect("network colours tells 2 classes apart, colours has 3");
}

TEST_F(ImageTraining, TheRecipeOfResNet18TrainsWhole) {
  for (const char* part : {"train", "val"}) {
    for (int i = 0; i < 4; ++i) {
      const auto level = static_cast<std::uint8_t>(i % 2 == 0 ? 220 : 40);
      const std::string name = std::string("tinyimagenet/") + part + (i % 2 == 0 ? "/n01/" : "/n02/") + std::to_string(i) + ".JPEG";
      test::write_jpeg(scratch_ / name, test::plain_picture(64, 64, level, 90, 60), 64, 64);
    }
  }
  TrainOptions options = options_;
  options.recipe = "resnet18-tinyimagenet";
  options.network.clear();
  options.batch = 2;
  options.epochs = 1;
  train_main(options);
  const Network network = load_network(options.out / "model.flexor");
  EXPECT_EQ(network.layers.size(), 22U);
  EXPECT_EQ(network.provenance.data_name, "tinyimagenet");
  EXPECT_TRUE(std::filesystem::exists(options.out / "model.onnx"));
}

// FLEXOR_DATA where it has the folder tinyimagenet, else the archive of 50 classes unpacked into `scratch`; nothing without either.
std::optional<std::filesystem::path> tiny_image_net(const test::Scratch& scratch) {
  const char* given = std::getenv("FLEXOR_DATA");
  if (given == nullptr) return std::nullopt;
  const std::filesystem::path data = given;
  if (std::filesystem::exists(data / "tinyimagenet")) return data;
  const std::filesystem::path archive = data / "imagenet-subset" / "tiny-imagenet-50.tar.xz";
  if (!std::filesystem::exists(archive)) return std::nullopt;
  const std::filesystem::path folder = scratch / "tinyimagenet";
  std::filesystem::create_directories(folder);
  const std::string command = "tar -xJf '" + archive.string() + "' -C '" + folder.string() + "'";
  if (std::system(command.c_str()) != 0) throw std::runtime_error("it could not be unpacked: " + command);
  std::filesystem::copy_file(archive.parent_path() / "val_labels.tsv", folder / "val_labels.tsv");
  return scratch.folder();
}

TEST(TinyImageNet, SubsetHasItsClassesAndSizes) {
  const test::Scratch scratch;
  const auto folder = tiny_image_net(scratch);
  if (!folder) GTEST_SKIP() << "FLEXOR_DATA names no folder with tinyimagenet or imagenet-subset (docs/training.md, \"Image folders\")";
  const Dataset train = load_image_folder("tinyimagenet", *folder, true, {64, 64, 3});
  EXPECT_EQ(train.count % 500, 0) << "500 images a class";
  const Dataset val = load_image_folder("tinyimagenet", *folder, false, {64, 64, 3});
  EXPECT_EQ(val.count * 10, train.count);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(train.read(i).size(), 64U * 64 * 3);
}

}  // namespace
}  // namespace flexor
