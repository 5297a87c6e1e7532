// SPDX-License-Identifier: Apache-2.0
// The ResNet-18 of the benches: its shapes, and a narrow one through both golden models and the compiler.
#include "resnet18.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "compiler/compiler.hpp"
#include "configuration.hpp"
#include "golden/golden.hpp"

namespace flexor::test {
namespace {

double ideal_cycles(const MemoryImage& image) {
  double cycles = 0;
  for (const MemoryImage::LayerPlan& layer : image.layers) cycles += layer.ideal_cycles;
  return cycles;
}

TEST(ResNet18, HasTheShapesOfThePaper) {
  Random random(1);
  const Network network = make_resnet18(random);
  ASSERT_NO_THROW(validate(network));
  std::int64_t weights = 0, macs = 0;
  for (const Layer& l : network.layers) weights += l.weights(), macs += l.macs();
  EXPECT_EQ(network.layers.size(), 22U) << "20 convolutions, a maximum, a dense layer";
  EXPECT_EQ(network.layers[1].output, (Shape{56, 56, 64}));
  EXPECT_EQ(network.layers[20].output, (Shape{7, 7, 512}));
  EXPECT_EQ(weights, 11166912 + 512 * 1000) << "the 20 convolutions and the dense layer, without biases";
  EXPECT_EQ(macs, 1814073344 - 512 * 1000 + 512 * 1000 * 49) << "the dense layer sees every pixel before it averages";
}

TEST(ResNet18, FastAndPlainModelAgreeAndTheOutputsAreSpread) {
  Random random(2);
  const Network network = make_resnet18(random, 64, 8);
  const Dataset images = make_images(random, network.input, 1);
  const auto fast = Golden(network).run(images.image(0));
  EXPECT_EQ(fast, Golden(network, kGoldenPlain).run(images.image(0)));
  for (std::size_t l = 0; l < fast.size(); ++l) {
    const auto zeros = std::count(fast[l].begin(), fast[l].end(), 0);
    EXPECT_LT(static_cast<double>(zeros), 0.9 * static_cast<double>(fast[l].size())) << network.layers[l].name;
  }
}

TEST(ResNet18, FitsTheLargeEngine) {
  Random random(3);
  const Network network = make_resnet18(random);
  const MemoryImage image = compile(network, configuration("large"), 1);
  EXPECT_EQ(image.batch, 1);
  EXPECT_EQ(image.layers[1].macs, 0);
  EXPECT_EQ(image.layers[1].predicted.compute, 9 * 56 * 56) << "nine places of a window, 64 channels at a time";
}

TEST(ResNet18, KeepsTenLanesBusy) {
  Random random(4);
  const MemoryImage image = compile(make_resnet18(random), configuration("medium"), 1);
  EXPECT_EQ(image.layers[1].predicted.compute, 9 * 56 * 56) << "64 channels of a word of 96 bytes at a time";
  EXPECT_EQ(image.layers[0].predicted.compute, 8 * 15 * 112 * 112) << "147 inputs are 15 chunks";
  EXPECT_GE(ideal_cycles(image) / static_cast<double>(image.predicted_cycles()), 0.95);
}

}  // namespace
}  // namespace flexor::test
