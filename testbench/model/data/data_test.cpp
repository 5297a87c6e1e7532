// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/dataset.hpp"
#include "data/idx.hpp"
#include "data/sha256.hpp"
#include "expect_input_error.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

std::vector<std::uint8_t> big_endian(std::initializer_list<std::uint32_t> words) {
  std::vector<std::uint8_t> bytes;
  for (const std::uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  return bytes;
}

// Two images of 2x3 with pixels 0..11, labels 7 and 4.
std::vector<std::uint8_t> image_file() {
  auto bytes = big_endian({2051, 2, 2, 3});
  for (std::uint8_t i = 0; i < 12; ++i) bytes.push_back(i);
  return bytes;
}

std::vector<std::uint8_t> label_file() {
  auto bytes = big_endian({2049, 2});
  bytes.insert(bytes.end(), {7, 4});
  return bytes;
}

void gzip(const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes) {
  const gzFile stream = gzopen(file.c_str(), "wb");
  gzwrite(stream, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(stream);
}

TEST(Sha256, OfTheStandardsExamples) {
  const std::string abc = "abc";
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(std::span(reinterpret_cast<const std::uint8_t*>(abc.data()), 3)),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const test::Scratch scratch;
  test::write_bytes(scratch / "abc", {'a', 'b', 'c'});
  EXPECT_EQ(sha256_file(scratch / "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect_input_error([&] { sha256_file(scratch / "none"); }, "cannot be read");
}

TEST(ParseIdx, ReadsImagesAndLabels) {
  const Dataset data = parse_idx(image_file(), "images", label_file(), "labels");
  EXPECT_EQ(data.count, 2);
  EXPECT_EQ(data.shape, (Shape{2, 3, 1}));
  EXPECT_EQ(data.labels, (std::vector<std::uint16_t>{7, 4}));
  EXPECT_EQ(data.image(1)[0], 6);
}

TEST(ParseIdx, RefusesWhatDoesNotAgree) {
  const auto parse = [](const std::vector<std::uint8_t>& images, const std::vector<std::uint8_t>& labels) {
    return [images, labels] { parse_idx(images, "images", labels, "labels"); };
  };
  auto images = image_file();
  auto labels = label_file();
  expect_input_error(parse({images.begin(), images.begin() + 10}, labels), "image file 'images' is cut short (10 bytes)");
  expect_input_error(parse({images.begin(), images.end() - 1}, labels), "has 27 bytes where its head says 28");
  images.push_back(0);
  expect_input_error(parse(images, labels), "has 29 bytes where its head says 28");
  images = image_file();
  images[3] = 1;
  expect_input_error(parse(images, labels), "is not an idx image file (its first word is 2049, not 2051)");
  images = image_file();
  images[11] = 0;
  expect_input_error(parse(images, labels), "says its images are 0x3");
  images = image_file();
  expect_input_error(parse(images, {labels.begin(), labels.end() - 1}), "label file 'labels' has 9 bytes");
  expect_input_error(parse(images, {}), "label file 'labels' is cut short (0 bytes)");
  labels[7] = 1;
  labels.pop_back();
  expect_input_error(parse(images, labels), "has 2 images but 'labels' has 1 labels");
  labels = label_file();
  labels[9] = 10;
  expect_input_error(parse(images, labels), "holds the label 10");
}

TEST(ReadMaybeGzip, ReadsBothKinds) {
  const test::Scratch scratch;
  test::write_bytes(scratch / "raw", image_file());
  gzip(scratch / "packed.gz", image_file());
  EXPECT_EQ(read_maybe_gzip(scratch / "raw"), image_file());
  EXPECT_EQ(read_maybe_gzip(scratch / "packed.gz"), image_file());
}

TEST(ReadMaybeGzip, RefusesDamage) {
  const test::Scratch scratch;
  gzip(scratch / "a.gz", std::vector<std::uint8_t>(10000, 3));
  const auto good = test::read_bytes(scratch / "a.gz");
  test::write_bytes(scratch / "a.gz", {good.begin(), good.end() - 12});
  expect_input_error([&] { read_maybe_gzip(scratch / "a.gz"); }, "is a damaged gzip file");
  auto bad = good;
  bad[good.size() - 6] ^= 1;
  test::write_bytes(scratch / "a.gz", bad);
  expect_input_error([&] { read_maybe_gzip(scratch / "a.gz"); }, "is a damaged gzip file");
  expect_input_error([&] { read_maybe_gzip(scratch / "none"); }, "does not exist");
}

TEST(LoadMnist, SaysWhichFileIsMissing) {
  const test::Scratch scratch;
  expect_input_error([&] { load_mnist(scratch.folder(), false); },
                     "'t10k-images-idx3-ubyte' (or 't10k-images-idx3-ubyte.gz') is neither in");
  std::filesystem::create_directory(scratch / "mnist");
  test::write_bytes(scratch / "mnist/train-images-idx3-ubyte", image_file());
  expect_input_error([&] { load_mnist(scratch.folder(), true); }, "'train-labels-idx1-ubyte'");
}

TEST(LoadIdx, TakesFilesOfAnyContents) {
  const test::Scratch scratch;
  std::filesystem::create_directory(scratch / "letters");
  auto labels = label_file();
  labels.back() = 25;
  for (const char* part : {"train", "t10k"}) {
    test::write_bytes(scratch / ("letters/" + std::string(part) + "-images-idx3-ubyte"), image_file());
    gzip(scratch / ("letters/" + std::string(part) + "-labels-idx1-ubyte.gz"), labels);
  }
  for (const auto& folder : {scratch.folder(), scratch / "letters"}) {
    const Dataset data = load_dataset("letters", folder, false, {2, 3, 1});
    EXPECT_EQ(data.name, "letters");
    EXPECT_EQ(data.count, 2);
    EXPECT_EQ(data.shape, (Shape{2, 3, 1}));
    EXPECT_EQ(data.labels, (std::vector<std::uint16_t>{7, 25}));
    EXPECT_EQ(data.classes.size(), 26U);
    EXPECT_EQ(data.classes.back(), "25");
  }
  expect_input_error([&] { load_dataset("cifar10", scratch / "letters", false, {32, 32, 3}); }, "data set cifar10 was meant, but");
}

TEST(LoadMnist, RefusesOtherContents) {
  const test::Scratch scratch;
  test::write_bytes(scratch / "t10k-images-idx3-ubyte", image_file());
  gzip(scratch / "t10k-labels-idx1-ubyte.gz", label_file());
  expect_input_error([&] { load_mnist(scratch.folder(), false); }, "its SHA-256 differs");
}

// The files themselves, where the machine has them: sizes and label histogram as published.
TEST(LoadMnist, ReadsTheRealTestSet) {
  const char* folder = std::getenv("FLEXOR_DATA");
  if (folder == nullptr) {
    // Without the data the shipped sample stands for it: the same first labels.
    const Dataset sample = load_sample(FLEXOR_SAMPLE);
    EXPECT_EQ(sample.labels[0], 7);
    return;
  }
  const Dataset data = load_mnist(folder, false);
  EXPECT_EQ(data.count, 10000);
  EXPECT_EQ(data.shape, (Shape{28, 28, 1}));
  std::vector<int> histogram(10, 0);
  for (const std::uint16_t label : data.labels) ++histogram[label];
  EXPECT_EQ(histogram, (std::vector<int>{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}));
  const Dataset sample = load_sample(FLEXOR_SAMPLE);
  EXPECT_TRUE(std::equal(sample.pixels.begin(), sample.pixels.end(), data.pixels.begin()));
  EXPECT_TRUE(std::equal(sample.labels.begin(), sample.labels.end(), data.labels.begin()));
}

TEST(Sample, HoldsTheFirstHundredTestImages) {
  const Dataset data = load_sample(FLEXOR_SAMPLE);
  EXPECT_EQ(data.name, "mnist-test-100");
  EXPECT_EQ(data.count, 100);
  EXPECT_EQ(data.shape, (Shape{28, 28, 1}));
  EXPECT_EQ(data.pixels.size(), 78400U);
  // The first ten labels of the MNIST test set.
  const std::vector<std::uint16_t> first(data.labels.begin(), data.labels.begin() + 10);
  EXPECT_EQ(first, (std::vector<std::uint16_t>{7, 2, 1, 0, 4, 1, 4, 9, 5, 9}));
  EXPECT_EQ(data.checksum, sha256_file(FLEXOR_SAMPLE));
}

TEST(Sample, RoundTripsAndRefusesDamage) {
  const test::Scratch scratch;
  Dataset data = parse_idx(image_file(), "images", label_file(), "labels");
  data.name = "two";
  save_sample(data, scratch / "s");
  const Dataset back = load_sample(scratch / "s");
  EXPECT_EQ(back.name, "two");
  EXPECT_EQ(back.pixels, data.pixels);
  EXPECT_EQ(back.labels, data.labels);
  EXPECT_EQ(back.shape, data.shape);
  const auto good = test::read_bytes(scratch / "s");
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= 0x10;
    test::write_bytes(scratch / "s", bad);
    EXPECT_THROW(load_sample(scratch / "s"), InputError) << "byte " << i;
  }
  expect_input_error([&] { load_sample(scratch / "none"); }, "sample file");
  data.labels.pop_back();
  expect_input_error([&] { save_sample(data, scratch / "t"); }, "does not hold as many");
  EXPECT_FALSE(std::filesystem::exists(scratch / "t"));
}

}  // namespace
}  // namespace flexor
