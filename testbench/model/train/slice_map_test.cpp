// SPDX-License-Identifier: Apache-2.0
#include "train/slice_map.hpp"

#include <gtest/gtest.h>

#include "network/slice_layout.hpp"
#include "train/spec.hpp"

namespace flexor {
namespace {

/// The weight at (m, c, ky, kx) is the bit of the slice of SliceLayout, which has a test of its own (slice_layout_test.cpp).
void expect_layout(const SliceShape& slice, const Layer& layer, const Shape& flattened) {
  SCOPED_TRACE(layer.name);
  const auto map = slice_map(slice, layer, flattened);
  const SliceLayout layout(slice, layer, flattened);
  const int n_out = slice.weights();
  ASSERT_EQ(map->slices, layout.slices());
  torch::Tensor slices =
      torch::arange(static_cast<std::int64_t>(map->slices) * n_out, torch::kDouble).view({-1, n_out}).requires_grad_(true);
  const torch::Tensor weight = place_slices(slices, map);
  const auto w = weight.accessor<double, 4>();
  torch::Tensor used = torch::zeros({map->slices, n_out}, torch::kDouble);
  for (int s = 0; s < map->slices; ++s) {
    for (int bit = 0; bit < n_out; ++bit) {
      const auto [m, input] = layout.weight(s, bit);
      if (m < 0) continue;
      const int c = input % layer.input.channels, place = input / layer.input.channels;
      const int ky = layer.stack_rows ? place % layer.kernel_height : place / layer.kernel_width;
      const int kx = layer.stack_rows ? place / layer.kernel_height : place % layer.kernel_width;
      ASSERT_EQ(w[m][c][ky][kx], s * n_out + bit) << "channel " << m << ", input " << c << ", row " << ky << ", column " << kx;
      used[s][bit] = 1;
    }
  }
  EXPECT_EQ(used.sum().item<double>(), static_cast<double>(layer.weights()));
  weight.sum().backward();
  EXPECT_TRUE(torch::equal(slices.grad(), used));
  torch::Tensor again = slices.detach().clone().requires_grad_(true);
  const torch::Tensor indexed = place_slices_by_index(again, *map);
  EXPECT_TRUE(torch::equal(indexed, weight));
  indexed.sum().backward();
  EXPECT_TRUE(torch::equal(again.grad(), used));
}

TEST(SliceMap, FollowsTheCanonicalLayout) {
  for (const SliceShape& slice : {SliceShape{10, 2}, SliceShape{16, 2}}) {
    for (const std::string& name : network_names()) {
      Shape before;
      for (const Layer& layer : layer_shapes(network_spec(name))) {
        const bool dense = layer.kind == LayerKind::Dense && !layer.global_average;
        if (layer.kind != LayerKind::Pool && layer.weights() < 100000) expect_layout(slice, layer, dense ? before : Shape{});
        before = layer.output;
      }
    }
    Layer odd;
    odd.name = "odd";
    odd.input = {9, 9, 7};
    odd.kernel_height = 2;
    odd.kernel_width = 3;
    odd.output = {8, 7, 5};
    expect_layout(slice, odd, {});
    odd.stack_rows = true;
    expect_layout(slice, odd, {});
  }
}

}  // namespace
}  // namespace flexor
