// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "compiler/compiler.hpp"
#include "expect_input_error.hpp"
#include "network/checked_file.hpp"
#include "networks.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

class ImageFile : public testing::Test {
 protected:
  ImageFile() {
    Random random(21);
    const test::LayerSpec dense{LayerKind::Dense, 5, 1, 1, 0, false, false, 0, 8};
    image_ = compile(test::random_network(random, {3, 3, 2}, {nested_code(9)}, {dense}), kConfigurations[0], 2);
    save_image(image_, file_);
  }
  test::Scratch scratch_;
  std::filesystem::path file_ = scratch_ / "image";
  MemoryImage image_;
};

TEST_F(ImageFile, RoundTrips) {
  const MemoryImage back = load_image(file_);
  EXPECT_EQ(back.configuration, image_.configuration);
  EXPECT_EQ(back.batch, 2);
  EXPECT_EQ(back.control, image_.control);
  EXPECT_EQ(back.code, image_.code);
  EXPECT_EQ(back.weight, image_.weight);
  EXPECT_EQ(back.descriptor, image_.descriptor);
  EXPECT_EQ(back.input, image_.input);
  EXPECT_EQ(back.input_address, image_.input_address);
  EXPECT_EQ(back.output_address, image_.output_address);
  EXPECT_EQ(back.classes, 5);
  ASSERT_EQ(back.layers.size(), 1U);
  EXPECT_EQ(back.layers[0].name, image_.layers[0].name);
  EXPECT_EQ(back.layers[0].macs, 18 * 5 * 2);
  EXPECT_EQ(back.layers[0].layer, 0);
}

TEST_F(ImageFile, RefusesEveryFlippedBit) {
  const auto good = test::read_bytes(file_);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<std::uint8_t>(bad[i] ^ 1U << i % 8);
    test::write_bytes(file_, bad);
    EXPECT_THROW(load_image(file_), InputError) << "byte " << i;
  }
}

TEST_F(ImageFile, RefusesAModelFileInItsPlace) {
  Random random(1);
  const test::LayerSpec dense{LayerKind::Dense, 5, 1, 1, 0, false, false, 0, 8};
  save_network(test::random_network(random, {3, 3, 2}, {nested_code(9)}, {dense}), scratch_ / "model");
  expect_input_error([&] { load_image(scratch_ / "model"); }, "is not a memory image");
}

TEST_F(ImageFile, RefusesAnUnknownEngine) {
  image_.configuration = "giant";
  save_image(image_, file_);
  expect_input_error([&] { load_image(file_); }, "'giant'");
}

// Descriptors of schema 2 had other fields.
TEST_F(ImageFile, RefusesAnOlderSchema) {
  write_checked_file({"memory image", "FLXI", 2}, file_, {});
  expect_input_error([&] { load_image(file_); }, "was written by an older version (schema 2, this program reads from 3 on); make it again");
}

TEST_F(ImageFile, RefusesPartsOutOfTheirOrder) {
  image_.layers[0].layer = 1;
  save_image(image_, file_);
  expect_input_error([&] { load_image(file_); }, "do not fit engine 'tiny'");
}

TEST_F(ImageFile, RefusesMoreWordsThanTheEngineHas) {
  image_.control.resize(static_cast<std::size_t>(kConfigurations[0].ControlWords) + 1);
  save_image(image_, file_);
  expect_input_error([&] { load_image(file_); }, "larger than the memories");
}

TEST_F(ImageFile, RefusesAnInputOutsideTheMemory) {
  image_.input_address = static_cast<std::uint32_t>(kConfigurations[0].activation_bytes());
  save_image(image_, file_);
  expect_input_error([&] { load_image(file_); }, "do not fit engine 'tiny'");
}

}  // namespace
}  // namespace flexor
