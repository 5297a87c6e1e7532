// SPDX-License-Identifier: Apache-2.0
#include "train/channel_order.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace flexor {
namespace {

std::vector<int> in_order(int channels) {
  std::vector<int> order(static_cast<std::size_t>(channels));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

// The source's channels keep their order; the channels that it does not reach fill the rest.
std::vector<int> shortcut_order(const std::vector<int>& source, int from_offset, int to_offset, int channels) {
  const auto count = static_cast<int>(source.size());
  std::vector<int> order(static_cast<std::size_t>(channels), -1);
  for (int c = 0; c < count; ++c) order[static_cast<std::size_t>(to_offset + c)] = from_offset + source[static_cast<std::size_t>(c)];
  int other = 0;
  for (int& place : order) {
    if (place >= 0) continue;
    if (other == from_offset) other += count;
    place = other++;
  }
  return order;
}

// Channels of a tensor as the inputs of a layer: a dense layer has them once for every pixel.
std::vector<std::int64_t> inputs_of(const std::vector<int>& order, const Shape& tensor, int inputs) {
  std::vector<std::int64_t> all;
  for (int pixel = 0; pixel * tensor.channels < inputs; ++pixel) {
    for (const int c : order) all.push_back(std::int64_t{pixel} * tensor.channels + c);
  }
  return all;
}

template <typename T>
void reorder(std::vector<T>& values, const std::vector<int>& order) {
  if (values.empty()) return;
  std::vector<T> result;
  for (const int c : order) result.push_back(values[static_cast<std::size_t>(c)]);
  values = result;
}

}  // namespace

std::vector<std::vector<int>> channel_orders(const Network& from, const std::vector<Layer>& to) {
  std::vector<std::vector<int>> orders;
  const auto tensor_order = [&](int source) {
    return source < 0 ? in_order(from.input.channels) : orders[static_cast<std::size_t>(source)];
  };
  for (std::size_t l = 0; l < to.size(); ++l) {
    const Layer& theirs = from.layers[l];
    const Layer& ours = to[l];
    if (ours.kind == LayerKind::Pool) {
      orders.push_back(tensor_order(from.source(l)));
    } else if (theirs.shortcut && ours.shortcut) {
      orders.push_back(shortcut_order(tensor_order(theirs.shortcut->source), theirs.shortcut->channel_offset, ours.shortcut->channel_offset,
                                      ours.output.channels));
    } else {
      orders.push_back(in_order(ours.output.channels));
    }
  }
  return orders;
}

torch::Tensor reorder_weights(const Network& from, std::size_t l, const std::vector<std::vector<int>>& orders,
                              const torch::Tensor& weight) {
  const int source = from.source(l);
  const Shape& tensor = from.tensor(source);
  const std::vector<int> before = source < 0 ? in_order(tensor.channels) : orders[static_cast<std::size_t>(source)];
  const std::vector<std::int64_t> outputs(orders[l].begin(), orders[l].end());
  const std::vector<std::int64_t> inputs = inputs_of(before, tensor, static_cast<int>(weight.size(1)));
  return weight.index_select(0, torch::tensor(outputs)).index_select(1, torch::tensor(inputs)).contiguous();
}

Layer reorder_channels(const Network& from, std::size_t l, const std::vector<std::vector<int>>& orders) {
  Layer layer = from.layers[l];
  layer.planes.clear();
  reorder(layer.bias, orders[l]);
  reorder(layer.multiplier, orders[l]);
  reorder(layer.real_scale, orders[l]);
  reorder(layer.real_bias, orders[l]);
  return layer;
}

}  // namespace flexor
