// SPDX-License-Identifier: Apache-2.0
#include "train/slice_map.hpp"

#include <gtest/gtest.h>

#include "train/nearest_codeword.hpp"
#include "train/spec.hpp"

namespace flexor {
namespace {

/// docs/architecture.md, "Layout of weights", spelt out for one weight.
void expect_layout(const Layer& layer) {
  SCOPED_TRACE(layer.name);
  const auto map = slice_map(layer);
  ASSERT_EQ(map->slices, layer.slices());
  torch::Tensor slices = torch::arange(static_cast<std::int64_t>(map->slices) * 20, torch::kDouble).view({-1, 20}).requires_grad_(true);
  const torch::Tensor weight = place_slices(slices, map);
  const auto w = weight.accessor<double, 4>();
  const int groups = (layer.string_length() + 9) / 10;
  torch::Tensor used = torch::zeros({map->slices, 20}, torch::kDouble);
  for (int m = 0; m < layer.output.channels; ++m) {
    for (int c = 0; c < layer.input.channels; ++c) {
      for (int ky = 0; ky < layer.kernel_height; ++ky) {
        for (int kx = 0; kx < layer.kernel_width; ++kx) {
          const int string = layer.stack_rows ? 0 : ky;
          const int k = layer.stack_rows ? (kx * layer.kernel_height + ky) * layer.input.channels + c : kx * layer.input.channels + c;
          const int slice = (m / 2 * layer.strings() + string) * groups + k / 10;
          const int bit = m % 2 * 10 + k % 10;
          ASSERT_EQ(w[m][c][ky][kx], slice * 20 + bit) << "channel " << m << ", input " << c << ", row " << ky << ", column " << kx;
          used[slice][bit] = 1;
        }
      }
    }
  }
  weight.sum().backward();
  EXPECT_TRUE(torch::equal(slices.grad(), used));
  torch::Tensor again = slices.detach().clone().requires_grad_(true);
  const torch::Tensor indexed = place_slices_by_index(again, *map);
  EXPECT_TRUE(torch::equal(indexed, weight));
  indexed.sum().backward();
  EXPECT_TRUE(torch::equal(again.grad(), used));
}

TEST(SliceMap, FollowsTheCanonicalLayout) {
  for (const std::string& name : network_names()) {
    for (const Layer& layer : layer_shapes(network_spec(name))) {
      if (layer.kind != LayerKind::Pool && layer.weights() < 100000) expect_layout(layer);
    }
  }
  Layer odd;
  odd.name = "odd";
  odd.input = {9, 9, 7};
  odd.kernel_height = 2;
  odd.kernel_width = 3;
  odd.output = {8, 7, 5};
  expect_layout(odd);
  odd.stack_rows = true;
  expect_layout(odd);
}

}  // namespace
}  // namespace flexor
