// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "code/random.hpp"
#include "network/network.hpp"

namespace flexor::test {

/// ResNet-20 for CIFAR-10 with random weights in slices of 16 x 2: option A shortcuts, a row-stacked first layer and a dense layer of 8
/// binary digits, an average pooling layer between the last block and the dense layer.
Network random_resnet20(Random& random, int n_in = 13);

}  // namespace flexor::test
