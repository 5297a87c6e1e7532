// SPDX-License-Identifier: Apache-2.0
#include "network/atomic_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include "expect_input_error.hpp"
#include "scratch.hpp"

namespace flexor {
namespace {

using test::expect_input_error;

std::string text_of(const std::filesystem::path& file) {
  const auto bytes = test::read_bytes(file);
  return {bytes.begin(), bytes.end()};
}

TEST(WriteFile, WritesAndReplacesWithoutLeftovers) {
  const test::Scratch scratch;
  write_file(scratch / "a", "first");
  write_file(scratch / "a", "second");
  EXPECT_EQ(text_of(scratch / "a"), "second");
  EXPECT_EQ(scratch.files(), 1U);
}

TEST(WriteFile, ReportsAFullDisk) {
  expect_input_error([] { write_file("/dev/full", "x"); }, "No space left on device; free some space");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST(WriteFile, ReportsAMissingFolder) {
  const test::Scratch scratch;
  expect_input_error([&] { write_file(scratch / "none/a", "x"); }, "No such file or directory");
  EXPECT_EQ(scratch.files(), 0U);
}

TEST(WriteFile, ReportsAFolderInTheWay) {
  const test::Scratch scratch;
  std::filesystem::create_directory(scratch / "a");
  expect_input_error([&] { write_file(scratch / "a", "x"); }, "Is a directory");
}

TEST(WriteFile, KeepsALinkAndReplacesItsTarget) {
  const test::Scratch scratch;
  write_file(scratch / "real", "old");
  std::filesystem::create_symlink("real", scratch / "link");
  write_file(scratch / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(scratch / "link"));
  EXPECT_EQ(text_of(scratch / "real"), "new");
}

TEST(WriteFile, KeepsThePermissionsOfTheOldFile) {
  const test::Scratch scratch;
  write_file(scratch / "a", "x");
  std::filesystem::permissions(scratch / "a", std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  write_file(scratch / "a", "y");
  EXPECT_EQ(std::filesystem::status(scratch / "a").permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace flexor
