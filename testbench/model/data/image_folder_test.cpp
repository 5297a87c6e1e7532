// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "data/resample.hpp"
#include "expect_input_error.hpp"
#include "pictures.hpp"
#include "scratch.hpp"
#include "seed.hpp"

namespace flexor::test {
namespace {

Picture random_picture(std::mt19937& random, int height, int width) {
  Picture picture{height, width, {}};
  for (int i = 0; i < height * width * 3; ++i) picture.rgb.push_back(static_cast<std::uint8_t>(random() & 255));
  return picture;
}

// One output value by the definition, over all pixels of the picture at once.
double by_definition(const Picture& from, const Box& box, int height, int width, int y, int x, int c) {
  const double step_y = box.height / height, step_x = box.width / width;
  const double centre_y = box.top + (y + 0.5) * step_y, centre_x = box.left + (x + 0.5) * step_x;
  double sum = 0, weights = 0;
  for (int v = 0; v < from.height; ++v) {
    for (int u = 0; u < from.width; ++u) {
      const double down = 1 - std::abs(v + 0.5 - centre_y) / std::max(step_y, 1.0);
      const double across = 1 - std::abs(u + 0.5 - centre_x) / std::max(step_x, 1.0);
      if (down <= 0 || across <= 0) continue;
      weights += down * across;
      sum += down * across * from.rgb[static_cast<std::size_t>((v * from.width + u) * 3 + c)];
    }
  }
  return sum / weights;
}

TEST(Resample, IsItsDefinition) {
  std::mt19937 random(test::random_seed());
  const auto draw = [&random](int low, int high) { return low + static_cast<int>(random() % static_cast<unsigned>(high - low + 1)); };
  for (int trial = 0; trial < 60; ++trial) {
    const Picture from = random_picture(random, draw(2, 30), draw(2, 30));
    Box box{draw(0, from.height - 2) + 0.25, draw(0, from.width - 2) + 0.5, 0, 0};
    box.height = (from.height - box.top) * draw(1, 4) / 4, box.width = (from.width - box.left) * draw(1, 4) / 4;
    if (box.height < 1 || box.width < 1) continue;
    const int height = draw(1, 20), width = draw(1, 20);
    std::vector<std::uint8_t> to(static_cast<std::size_t>(height * width * 3));
    resample(from, box, height, width, to.data());
    for (int i = 0; i < height * width * 3; ++i) {
      const double wanted = by_definition(from, box, height, width, i / 3 / width, i / 3 % width, i % 3);
      ASSERT_NEAR(to[static_cast<std::size_t>(i)], wanted, 0.501) << "trial " << trial << ", value " << i;
    }
  }
}

TEST(Resample, OfTheSameSizeIsThePicture) {
  std::mt19937 random(3);
  const Picture from = random_picture(random, 9, 7);
  std::vector<std::uint8_t> to(from.rgb.size());
  resample(from, {0, 0, 9, 7}, 9, 7, to.data());
  EXPECT_EQ(to, from.rgb);
  resample(from, {1, 0, 8, 7}, 9, 7, to.data());
  EXPECT_NE(to, from.rgb);
}

TEST(Resample, EvaluationSeesTheCentre) {
  const auto expect = [](const Box& box, double top, double left, double height, double width) {
    EXPECT_NEAR(box.top, top, 1e-9);
    EXPECT_NEAR(box.left, left, 1e-9);
    EXPECT_NEAR(box.height, height, 1e-9);
    EXPECT_NEAR(box.width, width, 1e-9);
  };
  expect(centre_box(64, 64, 64, 64), 0, 0, 64, 64);
  expect(centre_box(256, 256, 224, 224), 16, 16, 224, 224);
  expect(centre_box(512, 1024, 224, 224), 32, 288, 448, 448);
  expect(centre_box(20, 30, 40, 40), 0, 5, 20, 20);
}

class Jpeg : public testing::Test {
 protected:
  Scratch scratch_;
};

TEST_F(Jpeg, ColoursOfEveryKindOfFile) {
  const auto expect = [this](const char* name, int red, int green, int blue) {
    const Picture picture = JpegFile(scratch_ / name).decode();
    ASSERT_EQ(picture.height, 16);
    ASSERT_EQ(picture.width, 24);
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3) {
      ASSERT_NEAR(picture.rgb[i], red, 3);
      ASSERT_NEAR(picture.rgb[i + 1], green, 3);
      ASSERT_NEAR(picture.rgb[i + 2], blue, 3);
    }
  };
  write_jpeg(scratch_ / "rgb.jpeg", plain_picture(16, 24, 200, 100, 40), 16, 24);
  write_jpeg(scratch_ / "grey.jpeg", std::vector<std::uint8_t>(16 * 24, 77), 16, 24, TJPF_GRAY);
  std::vector<std::uint8_t> cmyk;
  for (int i = 0; i < 16 * 24; ++i) cmyk.insert(cmyk.end(), {255, 128, 0, 128});
  write_jpeg(scratch_ / "cmyk.jpeg", cmyk, 16, 24, TJPF_CMYK);
  expect("rgb.jpeg", 200, 100, 40);
  expect("grey.jpeg", 77, 77, 77);
  expect("cmyk.jpeg", 128, 64, 0);
  const Picture half = JpegFile(scratch_ / "rgb.jpeg").decode(0.4);
  EXPECT_EQ(half.height, 8);
  EXPECT_EQ(half.width, 12);
  EXPECT_NEAR(half.rgb[0], 200, 3);
}

TEST_F(Jpeg, DamagedFilesAreRefusedWithOneSentence) {
  std::mt19937 random(1);
  write_jpeg(scratch_ / "good.jpeg", random_picture(random, 64, 64).rgb, 64, 64);
  auto bytes = read_bytes(scratch_ / "good.jpeg");
  bytes.resize(bytes.size() / 2);
  write_bytes(scratch_ / "cut.jpeg", bytes);
  write_bytes(scratch_ / "text.jpeg", {'h', 'e', 'l', 'l', 'o'});
  write_bytes(scratch_ / "empty.jpeg", {});
  EXPECT_NO_THROW(static_cast<void>(JpegFile(scratch_ / "good.jpeg").decode()));
  expect_input_error([&] { static_cast<void>(JpegFile(scratch_ / "cut.jpeg").decode()); }, "cut.jpeg' is a damaged JPEG file");
  expect_input_error([&] { JpegFile(scratch_ / "text.jpeg"); }, "text.jpeg' is no JPEG file");
  expect_input_error([&] { JpegFile(scratch_ / "empty.jpeg"); }, "empty.jpeg' is no JPEG file");
  expect_input_error([&] { JpegFile(scratch_ / "none.jpeg"); }, "none.jpeg' cannot be read");
}

// Two classes in the layout of ImageNet: red and blue pictures of several sizes.
class ImageFolder : public testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 3; ++i) {
      write(fmt("train/red/%d.JPEG", i), 30 + i, 200);
      write(fmt("train/blue/images/%d.jpg", i), 20, 10);
    }
    write("val/blue/a.jpeg", 40, 10);
    write("val/red/b.jpeg", 8, 200);
    std::ofstream(scratch_ / "set/train/red/readme.txt") << "no picture";
  }
  static std::string fmt(const char* format, int number) {
    char text[64];
    std::snprintf(text, sizeof text, format, number);
    return text;
  }
  void write(const std::string& name, int width, int red) {
    write_jpeg(scratch_ / ("set/" + name), plain_picture(16, width, static_cast<std::uint8_t>(red), 10, 90), 16, width);
  }
  Dataset load(bool train) const { return load_dataset("set", scratch_.folder(), train, {8, 8, 3}); }
  Scratch scratch_;
};

TEST_F(ImageFolder, ClassesAreTheSortedFoldersOfTrain) {
  const Dataset train = load(true);
  EXPECT_EQ(train.name, "set");
  EXPECT_EQ(train.count, 6);
  EXPECT_EQ(std::count(train.labels.begin(), train.labels.end(), 0), 3);  // blue
  EXPECT_EQ(std::count(train.labels.begin(), train.labels.end(), 1), 3);  // red
  EXPECT_EQ(load(true).labels, train.labels);
  EXPECT_FALSE(std::is_sorted(train.labels.begin(), train.labels.end())) << "they are shuffled";
  const Dataset val = load(false);
  EXPECT_EQ(val.count, 2);
  for (const Dataset& data : {train, val}) {
    for (int i = 0; i < data.count; ++i) {
      const std::vector<std::uint8_t> image = data.read(i);
      ASSERT_EQ(image.size(), 8U * 8 * 3);
      for (std::size_t p = 0; p < image.size(); p += 3) ASSERT_NEAR(image[p], data.labels[static_cast<std::size_t>(i)] == 0 ? 10 : 200, 3);
    }
  }
  EXPECT_EQ(load_dataset("other", scratch_ / "set", true, {8, 8, 3}).checksum, train.checksum) << "the folder itself may be named";
}

TEST_F(ImageFolder, ATableMayNameTheClassesOfVal) {
  write("val/images/v.JPEG", 12, 200);
  std::filesystem::remove_all(scratch_ / "set/val/red");
  std::filesystem::remove_all(scratch_ / "set/val/blue");
  const auto table = [this](const char* text) { std::ofstream(scratch_ / "set/val_labels.tsv") << text; };
  table("val/images/v.JPEG\t1\n");
  EXPECT_EQ(load(false).labels, std::vector<std::uint16_t>{1});
  for (const char* wrong : {"val/images/v.JPEG\t2\n", "val/images/v.JPEG 1\n", "val/images/v.JPEG\t\n", "\n"}) {
    table(wrong);
    expect_input_error([&] { load(false); }, "val_labels.tsv' must be a path, a tab and a class below 2");
  }
  table("val/images/w.JPEG\t0\n");
  expect_input_error([&] { load(false); }, "w.JPEG' cannot be read");
}

TEST_F(ImageFolder, ChecksumIsOfTheList) {
  const std::string before = load(true).checksum;
  EXPECT_EQ(load(true).checksum, before);
  std::filesystem::rename(scratch_ / "set/train/red/0.JPEG", scratch_ / "set/train/red/9.JPEG");
  EXPECT_NE(load(true).checksum, before);
}

TEST_F(ImageFolder, WhatIsHiddenIsLeftOutAndCounted) {
  const Dataset before = load(true);
  EXPECT_EQ(before.classes, (std::vector<std::string>{"blue", "red"}));
  EXPECT_TRUE(before.notes.empty());
  write("train/.ipynb_checkpoints/x.jpeg", 20, 10);
  write("train/red/._0.JPEG", 20, 10);
  write("train/red/.cache/y.jpeg", 20, 10);
  const Dataset after = load(true);
  EXPECT_EQ(after.classes, before.classes);
  EXPECT_EQ(after.labels, before.labels);
  EXPECT_EQ(after.checksum, before.checksum);
  ASSERT_EQ(after.notes.size(), 1U);
  EXPECT_NE(after.notes[0].find("3 hidden files and folders"), std::string::npos) << after.notes[0];
}

TEST_F(ImageFolder, LinksAreFollowed) {
  namespace fs = std::filesystem;
  const Dataset before = load(true);
  fs::rename(scratch_ / "set/train/red", scratch_ / "elsewhere");
  fs::create_directory_symlink(scratch_ / "elsewhere", scratch_ / "set/train/red");
  fs::rename(scratch_ / "set/train/blue/images", scratch_ / "images");
  fs::create_directory_symlink(scratch_ / "images", scratch_ / "set/train/blue/images");
  fs::rename(scratch_ / "elsewhere/0.JPEG", scratch_ / "zero");
  fs::create_symlink(scratch_ / "zero", scratch_ / "elsewhere/0.JPEG");
  const Dataset after = load(true);
  EXPECT_EQ(after.labels, before.labels);
  EXPECT_EQ(after.count, before.count);
  for (int i = 0; i < after.count; ++i) EXPECT_NO_THROW(static_cast<void>(after.read(i)));
  fs::remove(scratch_ / "zero");
  expect_input_error([&] { load(true); }, "0.JPEG' is a link to nothing; mend or remove it");
}

TEST_F(ImageFolder, AnEmptyClassIsRefused) {
  std::filesystem::create_directory(scratch_ / "set/train/green");
  expect_input_error([&] { load(true); }, "green' holds no pictures; fill or remove it");
}

TEST_F(ImageFolder, BecomesGreyForOneChannel) {
  const Dataset grey = load_dataset("set", scratch_.folder(), true, {8, 8, 1});
  for (int i = 0; i < grey.count; ++i) {
    const double red = grey.labels[static_cast<std::size_t>(i)] == 0 ? 10 : 200;
    const std::vector<std::uint8_t> image = grey.read(i);
    ASSERT_EQ(image.size(), 64U);
    for (const std::uint8_t value : image) ASSERT_NEAR(value, 0.299 * red + 0.587 * 10 + 0.114 * 90, 3);  // BT.601
  }
}

TEST_F(ImageFolder, AWrongFolderSaysWhatItHolds) {
  expect_input_error([&] { load_dataset("mnist", scratch_ / "set", true, {28, 28, 1}); }, "data set mnist was meant, but");
  expect_input_error([&] { load_dataset("mnist", scratch_ / "set", true, {28, 28, 1}); }, "holds folders of pictures");
}

TEST_F(ImageFolder, RefusesWithOneSentence) {
  expect_input_error(
      [&] {
        load_dataset("none", scratch_ / "none", true, {8, 8, 3});
      },
      "there is no data set 'none': it is neither mnist nor");
  expect_input_error([&] { load_dataset("set", scratch_.folder(), true, {8, 8, 2}); }, "but the network takes 2");
  std::filesystem::create_directory(scratch_ / "set/val/green");
  expect_input_error([&] { load(false); }, "green' is the folder of a class that train does not have");
  std::filesystem::remove_all(scratch_ / "set/val");
  std::filesystem::create_directory(scratch_ / "set/val");
  expect_input_error([&] { load(false); }, "val' holds no pictures");
  std::filesystem::remove_all(scratch_ / "set/train");
  std::filesystem::create_directory(scratch_ / "set/train");
  expect_input_error([&] { load(true); }, "train' holds 0 folders");
}

}  // namespace
}  // namespace flexor::test
