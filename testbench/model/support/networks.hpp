// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "code/random.hpp"
#include "network/network.hpp"

namespace flexor::test {

/// What a random layer is to be; the rest (stored bits, bias, multiplier) is drawn.
struct LayerSpec {
  LayerKind kind = LayerKind::Convolution;
  int channels = 4;
  int kernel = 3;
  int stride = 1;
  int padding = 0;
  bool stack_rows = false;
  bool max_pool = false;
  int code = 0;
  int activation_bits = 8;
};

/// A network with random stored bits whose last layer gives logits; biases and multipliers keep the activations spread.
Network random_network(Random& random, const Shape& input, const std::vector<Code>& codes, const std::vector<LayerSpec>& specs);

/// A convolutional or dense network drawn whole: 1 to 4 layers, kernels 1 to 5, padding, stride, pooling, stacking, codes of every family.
Network draw_network(Random& random);

/// What draw_graph() was told to draw at least once in the network.
struct GraphParts {
  bool shortcut = false, digits = false, planes = false, global_average = false, source = false, projection = false, pool = false,
       average = false, uneven = false, dilation = false;
};

/// What draw_graph() keeps to.
struct GraphLimits {
  int planes = 4;               ///< most planes of a layer, 1..4
  bool pixel_shortcuts = true;  ///< shortcuts from the pixels
  bool mixed_digits = true;     ///< digits of different codes
  bool sources = true;          ///< layers that read another than the one before
  bool stacked_pixels = true;   ///< other layers may read the pixels that the first layer stacks
  int digits = 8;               ///< most binary digits
  int dense_inputs = 1 << 16;   ///< most inputs of the dense layer at the end; a larger tensor is averaged
  bool projections = true;      ///< 1x1 shortcuts
  bool windows = true;          ///< pooling layers
  bool dilation = true;         ///< of convolutions, which no engine runs
  int channel_step = 1;         ///< shortcuts begin at multiples of this
  int side = 9;                 ///< longest side of the input
  int channels = 40;            ///< most channels of a convolution
  SliceShape slice = {};        ///< of the weights
};

/// A residual network drawn whole: strides, kernels 1 to 7, square or not, even or uneven padding, dilation, shortcuts with stride and
/// channel offset, digits, up to 4 planes, layers that read another than the one before, a global average or a plain dense layer at the
/// end. `parts` says what it holds.
Network draw_graph(Random& random, GraphParts& parts, const GraphLimits& limits = {});

/// The 20-50-500-10 LeNet-5 with random stored bits of the nested code.
Network random_lenet(Random& random, int n_in, bool stack_rows = true);

/// Puts the wired code and new random stored bits in place of every code and plane.
void wire(Network& network, Random& random);

/// Random pixels.
std::vector<std::uint8_t> random_image(Random& random, const Shape& shape);

/// One line for failure messages.
std::string describe(const Network& network);

}  // namespace flexor::test
