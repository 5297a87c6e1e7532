// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// For every layer of `to` the channels of `from` that its output channels do the work of, in their order. `from` has the same layers, but
/// its shortcuts may begin at other channels: the tensors that they are added to are then the same with their channels in another order.
std::vector<std::vector<int>> channel_orders(const Network& from, const std::vector<Layer>& to);

/// Weights [M, C, kh, kw] of layer l of `from` in those orders. A dense layer's C are the pixels of what it flattens, times its channels.
torch::Tensor reorder_weights(const Network& from, std::size_t l, const std::vector<std::vector<int>>& orders, const torch::Tensor& weight);

/// The numbers of layer l's channels in its order; its planes are dropped.
Layer reorder_channels(const Network& from, std::size_t l, const std::vector<std::vector<int>>& orders);

}  // namespace flexor
