// SPDX-License-Identifier: Apache-2.0
#include "data/cifar10.hpp"

#include <gtest/gtest.h>
#include <lzma.h>

#include <array>
#include <cstdlib>

#include "expect_input_error.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

// Two records: label 3 with pixel byte i % 251, label 9 with byte i % 7.
std::vector<std::uint8_t> two_records() {
  std::vector<std::uint8_t> bytes{3};
  for (int i = 0; i < 3072; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 251));
  bytes.push_back(9);
  for (int i = 0; i < 3072; ++i) bytes.push_back(static_cast<std::uint8_t>(i % 7));
  return bytes;
}

std::vector<std::uint8_t> xz(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint8_t> packed(lzma_stream_buffer_bound(bytes.size()));
  std::size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, nullptr, bytes.data(), bytes.size(), packed.data(), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

TEST(Cifar10, PlanesBecomePixels) {
  Dataset data;
  append_cifar10_batch(two_records(), "batch", data);
  append_cifar10_batch(two_records(), "batch", data);
  ASSERT_EQ(data.count, 4);
  EXPECT_EQ(data.shape, (Shape{32, 32, 3}));
  EXPECT_EQ(data.labels, (std::vector<std::uint16_t>{3, 9, 3, 9}));
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 32; ++x) {
      for (int c = 0; c < 3; ++c) {
        const int place = c * 1024 + y * 32 + x;
        ASSERT_EQ(data.image(2)[(y * 32 + x) * 3 + c], place % 251);
        ASSERT_EQ(data.image(3)[(y * 32 + x) * 3 + c], place % 7);
      }
    }
  }
}

TEST(Cifar10, RefusesWhatIsNoBatch) {
  Dataset data;
  auto bytes = two_records();
  bytes.pop_back();
  expect_input_error([&] { append_cifar10_batch(bytes, "batch", data); }, "'batch' has 6145 bytes, which is not a number of 3073-byte");
  expect_input_error([&] { append_cifar10_batch({}, "batch", data); }, "'batch' has 0 bytes");
  bytes = two_records();
  bytes[3073] = 10;
  expect_input_error([&] { append_cifar10_batch(bytes, "batch", data); }, "'batch' holds the label 10");
}

TEST(Cifar10, ReadsXzAndRefusesDamage) {
  const test::Scratch scratch;
  auto packed = xz(two_records());
  test::write_bytes(scratch / "a.bin.xz", packed);
  EXPECT_EQ(read_maybe_xz(scratch / "a.bin.xz"), two_records());
  test::write_bytes(scratch / "a.bin", two_records());
  EXPECT_EQ(read_maybe_xz(scratch / "a.bin"), two_records());
  auto damaged = packed;
  damaged[damaged.size() / 2] ^= 16;
  test::write_bytes(scratch / "b.bin.xz", damaged);
  expect_input_error([&] { read_maybe_xz(scratch / "b.bin.xz"); }, "b.bin.xz' is a damaged xz file");
  packed.resize(packed.size() - 9);
  test::write_bytes(scratch / "c.bin.xz", packed);
  expect_input_error([&] { read_maybe_xz(scratch / "c.bin.xz"); }, "c.bin.xz' is a damaged xz file");
  expect_input_error([&] { read_maybe_xz(scratch / "none.bin"); }, "none.bin' cannot be read");
}

TEST(Cifar10, RefusesMissingAndForeignFiles) {
  const test::Scratch scratch;
  expect_input_error([&] { load_cifar10(scratch.folder(), false); },
                     "CIFAR-10 file 'test_batch.bin' (or 'test_batch.bin.xz') is neither in");
  std::filesystem::create_directory(scratch / "cifar10");
  test::write_bytes(scratch / "cifar10/test_batch.bin", two_records());
  expect_input_error([&] { load_cifar10(scratch.folder(), false); }, "is not the CIFAR-10 file of that name: its SHA-256 differs");
  expect_input_error(
      [&] {
        load_dataset("svhn", scratch.folder(), false, {32, 32, 3});
      },
      "there is no data set 'svhn': it is neither mnist nor cifar10");
}

TEST(Cifar10, TestSetIsTheKnownOne) {
  const char* folder = std::getenv("FLEXOR_DATA");
  if (folder == nullptr) GTEST_SKIP() << "FLEXOR_DATA names no folder";
  const Dataset data = load_dataset("cifar10", folder, false, {});
  ASSERT_EQ(data.count, 10000);
  std::array<int, 10> count{};
  for (const std::uint16_t label : data.labels) ++count[label];
  for (const int images : count) EXPECT_EQ(images, 1000);
}

}  // namespace
}  // namespace flexor
