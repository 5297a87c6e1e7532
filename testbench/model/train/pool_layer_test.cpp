// SPDX-License-Identifier: Apache-2.0
// Pooling of the trainer against the golden model, and its gradient against its definition.
#include "train/pool_layer.hpp"

#include <gtest/gtest.h>

#include "code/random.hpp"
#include "golden/window_pool.hpp"
#include "networks.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

// The layer as the model file would hold it.
Layer draw_pool(Random& random) {
  Layer layer;
  layer.kind = LayerKind::Pool;
  layer.average = random.below(2) == 0;
  layer.kernel_height = layer.kernel_width = 1 + static_cast<int>(random.below(layer.average ? 15 : 5));
  layer.padding = static_cast<int>(random.below(static_cast<std::uint64_t>(layer.kernel_height)));
  layer.stride = 1 + static_cast<int>(random.below(3));
  const int side = layer.kernel_height + static_cast<int>(random.below(6));
  layer.input = {side, side + 1, 1 + static_cast<int>(random.below(5))};
  layer.output.channels = layer.input.channels;
  layer.output = layer.unpooled();
  layer.bias.assign(static_cast<std::size_t>(layer.output.channels), 0);
  layer.multiplier.assign(static_cast<std::size_t>(layer.output.channels), pool_multiplier(layer));
  return layer;
}

// The trainer's layer on an image, outputs in the order of the golden model.
std::vector<float> pooled(const Layer& layer, const std::vector<std::uint8_t>& image) {
  const Shape& in = layer.input;
  const torch::Tensor bytes = torch::tensor(std::vector<float>(image.begin(), image.end()));
  const torch::Tensor x = bytes.view({1, in.height, in.width, in.channels}).permute({0, 3, 1, 2});
  const torch::Tensor q = pool_layer(x, layer).permute({0, 2, 3, 1}).contiguous();
  return {q.data_ptr<float>(), q.data_ptr<float>() + q.numel()};
}

TEST(PoolLayer, IsTheGoldenModels) {
  Random random(test::random_seed());
  int changed = 0;
  for (int trial = 0; trial < 200; ++trial) {
    const Layer layer = draw_pool(random);
    auto image = test::random_image(random, layer.input);
    const std::vector<std::uint8_t> wanted = golden::pool_windows(layer, image.data());
    ASSERT_EQ(pooled(layer, image), std::vector<float>(wanted.begin(), wanted.end())) << "trial " << trial;
    // The layer alone gets another pixel; where the golden model says that it shows, it is seen.
    auto& pixel = image[random.below(image.size())];
    pixel = static_cast<std::uint8_t>(pixel < 128 ? 255 : 0);
    if (golden::pool_windows(layer, image.data()) == wanted) continue;
    EXPECT_NE(pooled(layer, image), std::vector<float>(wanted.begin(), wanted.end())) << "trial " << trial;
    ++changed;
  }
  EXPECT_GT(changed, 20);
}

TEST(PoolLayer, GradientOfAnAverageIsSharedByItsWindow) {
  Layer layer;
  layer.kind = LayerKind::Pool;
  layer.average = true;
  layer.kernel_height = layer.kernel_width = layer.stride = 2;
  const torch::Tensor x = torch::tensor({10.0F, 20.0F, 30.0F, 41.0F, 0.0F, 0.0F, 0.0F, 0.0F}).view({1, 2, 2, 2}).requires_grad_(true);
  const torch::Tensor q = pool_layer(x, layer);
  EXPECT_EQ(q.flatten()[0].item<float>(), 25);  // 25.25
  q.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad().flatten(), torch::tensor({0.25F, 0.25F, 0.25F, 0.25F, 0.0F, 0.0F, 0.0F, 0.0F})));
}

}  // namespace
}  // namespace flexor
