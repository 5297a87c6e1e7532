// SPDX-License-Identifier: Apache-2.0
#include "golden/pooled_head.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "code/error.hpp"

namespace flexor {

namespace {

constexpr double kPoolOne = 16384;  // multiplier that keeps a sum of 4 a of one pixel

Layer average_layer(const Layer& head, int source, double scale) {
  Layer pool;
  pool.name = "average";
  pool.kind = LayerKind::Pool;
  pool.average = true;
  pool.input = head.input;
  pool.output = {1, 1, head.input.channels};
  pool.kernel_height = head.input.height;
  pool.kernel_width = head.input.width;
  pool.stride = std::max(head.input.height, head.input.width);
  pool.shift = head.shift;
  pool.source = source;
  const double multiplier = std::floor(kPoolOne * scale / (head.input.height * head.input.width));
  const auto channels = static_cast<std::size_t>(head.input.channels);
  pool.bias.assign(channels, 0);
  pool.multiplier.assign(channels, static_cast<std::int16_t>(std::clamp(multiplier, 1.0, 32767.0)));
  pool.real_scale.assign(channels, pool.multiplier[0] / std::ldexp(1.0, pool.shift));
  pool.real_bias.assign(channels, 0);
  return pool;
}

}  // namespace

Network pooled_head(const Network& network, double largest_average) {
  const Layer& head = network.layers.back();
  const int pixels = head.input.height * head.input.width;
  if (!head.global_average || pixels < 2) {
    throw InputError(
        fmt::format("the last layer '{}' of network '{}' is no global average; nothing is to be converted", head.name, network.name));
  }
  Network result = network;
  const auto last = network.layers.size() - 1;
  const Layer pool = average_layer(head, network.source(last), 255 / largest_average);
  // What an average of 1 becomes, with the multiplier as it was rounded.
  const double scale = pool.multiplier[0] * pixels / kPoolOne;
  Layer dense = head;
  dense.global_average = false;
  dense.input = {1, 1, head.input.channels};
  dense.source = kPreviousLayer;
  for (std::size_t m = 0; m < dense.bias.size(); ++m) {
    dense.real_bias[m] *= scale / pixels;
    dense.bias[m] = static_cast<std::int32_t>(std::lround(head.bias[m] * scale / pixels));
    dense.real_scale[m] *= pixels / scale;
    const double multiplier = head.multiplier[m] * pixels / scale;
    if (std::abs(multiplier) > 32767) {
      throw InputError(
          fmt::format("channel {} of layer '{}' would need a multiplier of {:.0f}, beyond 32767; train the network with an average "
                      "pooling layer in front of its dense layer",
                      m, head.name, multiplier));
    }
    dense.multiplier[m] = static_cast<std::int16_t>(std::lround(multiplier));
  }
  result.layers.back() = pool;
  result.layers.push_back(dense);
  validate(result);
  return result;
}

double largest_average(const Network& network, const std::vector<std::vector<std::int16_t>>& boundaries) {
  const auto last = network.layers.size() - 1;
  const auto& tensor = boundaries[static_cast<std::size_t>(network.source(last))];
  const auto channels = static_cast<std::size_t>(network.layers.back().input.channels);
  std::vector<double> sums(channels);
  for (std::size_t i = 0; i < tensor.size(); ++i) sums[i % channels] += tensor[i];
  const double pixels = static_cast<double>(tensor.size()) / static_cast<double>(channels);
  return *std::max_element(sums.begin(), sums.end()) / pixels;
}

}  // namespace flexor
