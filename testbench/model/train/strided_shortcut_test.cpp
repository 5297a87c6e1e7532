// SPDX-License-Identifier: Apache-2.0
#include "train/strided_shortcut.hpp"

#include <gtest/gtest.h>

#include "seed.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

// The same in libtorch's operations.
torch::Tensor reference(const torch::Tensor& source, const ShortcutShape& s) {
  const torch::Tensor r = source.slice(2, 0, source.size(2), s.stride).slice(3, 0, source.size(3), s.stride);
  return torch::constant_pad_nd(r, {0, 0, 0, 0, s.offset, s.channels - r.size(1) - s.offset});
}

TEST(StridedShortcut, ValuesAndGradientsAreLibtorchs) {
  torch::manual_seed(test::random_seed());
  for (const ShortcutShape& shape : {ShortcutShape{2, 8, 32}, {2, 0, 16}, {1, 3, 20}, {3, 4, 20}}) {
    for (const auto type : {torch::kFloat, torch::kBFloat16}) {
      const torch::Tensor given = torch::randn({3, 16, 9, 8}).to(type).contiguous(kLast);
      torch::Tensor ours = given.clone().requires_grad_(true), theirs = given.clone().requires_grad_(true);
      const torch::Tensor y = strided_shortcut(ours, shape), wanted = reference(theirs, shape);
      ASSERT_TRUE(torch::equal(y, wanted));
      EXPECT_TRUE(y.is_contiguous(kLast));
      const torch::Tensor flow = torch::randn(y.sizes()).to(type);
      y.backward(flow);
      wanted.backward(flow);
      EXPECT_TRUE(torch::equal(ours.grad(), theirs.grad()));
      torch::Tensor corrupt = given.clone();
      corrupt[2][5][0][0] += 1;
      EXPECT_FALSE(torch::equal(strided_shortcut(corrupt, shape), wanted));
    }
  }
}

}  // namespace
}  // namespace flexor
