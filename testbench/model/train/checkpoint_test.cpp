// SPDX-License-Identifier: Apache-2.0
#include "train/checkpoint.hpp"

#include <gtest/gtest.h>

#include "expect_input_error.hpp"
#include "scratch.hpp"
#include "tiny.hpp"

namespace flexor {
namespace {

TEST(Checkpoint, GivesTheParametersBack) {
  const test::Scratch scratch;
  const Trainable saved(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  save_checkpoint(saved, Adam(), 7, scratch / "run.pt");
  EXPECT_EQ(scratch.files(), 1U);
  Trainable loaded(test::tiny_spec(), nested_code(8), Method::Nearest, 2);
  EXPECT_EQ(load_checkpoint(loaded, scratch / "run.pt"), 7);
  for (const auto& item : saved->named_parameters())
    EXPECT_TRUE(torch::equal(item.value(), loaded->named_parameters()[item.key()])) << item.key();
}

TEST(Checkpoint, MissingBrokenOrForeignIsRefused) {
  const test::Scratch scratch;
  Trainable model(test::tiny_spec(), nested_code(8), Method::Nearest, 1);
  test::expect_input_error([&] { load_checkpoint(model, scratch / "none.pt"); }, "cannot be read");
  save_checkpoint(model, Adam(), 1, scratch / "run.pt");
  auto bytes = test::read_bytes(scratch / "run.pt");
  bytes.resize(bytes.size() / 2);
  test::write_bytes(scratch / "short.pt", bytes);
  test::expect_input_error([&] { load_checkpoint(model, scratch / "short.pt"); }, "cannot be read");
  NetworkSpec other = test::tiny_spec();
  other.name = "other";
  Trainable foreign(other, nested_code(8), Method::Nearest, 1);
  test::expect_input_error([&] { load_checkpoint(foreign, scratch / "run.pt"); }, "is of network tiny, not other");
  test::expect_input_error([&] { save_checkpoint(model, Adam(), 1, scratch / "no/such/folder/run.pt"); }, "run.pt");
}

}  // namespace
}  // namespace flexor
