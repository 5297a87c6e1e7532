// SPDX-License-Identifier: Apache-2.0
#include "import/border.hpp"

#include <algorithm>
#include <cmath>

#include "import/canonical.hpp"

namespace flexor::foreign {
namespace {

constexpr double kFull = 255;
constexpr double kMostSigned = 127;
constexpr double kShortcutOne = 256;

// Every weight is +1, so the sum is at least 0, and a bias of 520 with a slope of almost 1/2 clamps at 255 whatever the input is.
Layer constant_layer(const Layer& layer, int source) {
  constexpr int kBias = 520;
  Layer made;
  made.name = layer.name + "_one";
  made.input = layer.input;
  made.output = {layer.input.height, layer.input.width, 1};
  made.source = source;
  made.bias = {kBias};
  made.multiplier = {kLargestMultiplier};
  made.real_scale = {kLargestMultiplier / kOne};
  made.real_bias = {kBias};
  made.planes = {plain_plane(made, std::vector<std::int8_t>(static_cast<std::size_t>(made.weights()), 1))};
  return made;
}

// The largest magnitude that the places outside take off one output, over all outputs.
double largest_border(const Layer& layer, const Tensor& taken) {
  const Shape out = layer.unpooled();
  const auto kernel = static_cast<std::size_t>(layer.kernel_height * layer.kernel_width);
  double largest = 0;
  const auto outside = [&](int oy, int ox, int ky, int kx) {
    const int y = oy * layer.stride + ky - layer.padding;
    const int x = ox * layer.stride + kx - layer.padding;
    return y < 0 || y >= layer.input.height || x < 0 || x >= layer.input.width;
  };
  for (std::size_t m = 0; m < static_cast<std::size_t>(out.channels); ++m) {
    for (int oy = 0; oy < out.height; ++oy) {
      for (int ox = 0; ox < out.width; ++ox) {
        double sum = 0;
        for (int ky = 0; ky < layer.kernel_height; ++ky) {
          for (int kx = 0; kx < layer.kernel_width; ++kx) {
            const auto place = static_cast<std::size_t>(ky * layer.kernel_width + kx);
            if (outside(oy, ox, ky, kx)) sum += taken.values[m * kernel + place];
          }
        }
        largest = std::max(largest, std::abs(sum));
      }
    }
  }
  return largest;
}

}  // namespace

Border make_border(const Layer& layer, const Tensor& taken, int source) {
  Border made{constant_layer(layer, source), layer, {}};
  const double steps = std::max(1.0, std::ceil(kShortcutOne * largest_border(layer, taken) / kMostSigned));
  made.shortcut.multiplier = static_cast<int>(std::min(steps, 65535.0));
  made.shortcut.real_multiplier = made.shortcut.multiplier / kShortcutOne;
  // border = 255 sum_inside w - 255 sum_all w = -255 sum_outside w, in LSBs of the shortcut.
  Tensor weights{{taken.sizes[0], 1, taken.sizes[1], taken.sizes[2]}, taken.values};
  for (double& weight : weights.values) weight /= kFull * made.shortcut.real_multiplier;
  Layer& border = made.border;
  border.name = layer.name + "_border";
  border.input = made.constant.output;
  border.max_pool = border.logits = border.stack_rows = border.global_average = false;
  border.shortcut.reset();
  border.projection = true;
  border.activation_max = static_cast<int>(kMostSigned);
  const auto inputs = weights.values.size() / static_cast<std::size_t>(border.output.channels);
  const IntegerWeights integers = integer_weights(canonical_weights(border, weights), inputs, kMostDigits);
  border.digits = integers.digits > 1;
  border.planes.clear();
  for (int p = 0; p < integers.digits; ++p) border.planes.push_back(plain_plane(border, digit_plane(integers, p)));
  border.bias.clear(), border.multiplier.clear(), border.real_scale.clear(), border.real_bias.clear();
  for (std::size_t m = 0; m < integers.unit.size(); ++m) {
    int sum = 0;
    for (std::size_t i = 0; i < inputs; ++i) sum += integers.values[m * inputs + i];
    border.bias.push_back(-static_cast<int>(kFull) * sum);
    border.multiplier.push_back(static_cast<std::int16_t>(integers.multiplier[m]));
    border.real_scale.push_back(integers.unit[m]);
    border.real_bias.push_back(border.bias.back());
  }
  return made;
}

}  // namespace flexor::foreign
