// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "code/random.hpp"
#include "data/dataset.hpp"
#include "network/network.hpp"

namespace flexor::test {

/// ResNet-18 with random weights, another rate in every stage and 8-bit first and last layers: 7x7 convolution with stride 2 (row-stacked),
/// 3x3 maximum with stride 2, four stages of two blocks, three projection shortcuts, global average. Multipliers keep the activations
/// spread. `side` of the image (224) and `width` of the first stage (64) may be smaller for tests.
Network make_resnet18(Random& random, int side = 224, int width = 64);

/// Random images of coarse patches with noise on them.
Dataset make_images(Random& random, const Shape& shape, int count);

}  // namespace flexor::test
