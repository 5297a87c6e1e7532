// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "network/network.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Where every decrypted bit of a layer stands in libtorch's weight tensor (docs/architecture.md, "Layout of weights").
/// The tensor is [M, C, kh, kw] in channels-last order, so that a string is contiguous; a dense layer's is [M, L, 1, 1].
struct SliceMap {
  int slices = 0;
  int n_out = 20;                      ///< weights of a slice, dropped ones included
  std::vector<std::int64_t> sizes;     ///< of the weight tensor, [M, C, kh, kw]
  std::vector<std::int32_t> position;  ///< slices * n_out places in memory; -1 where the bit is dropped
  mutable torch::Tensor bit;           ///< the other way: the bit that stands at each place (int64), for place_slices_by_index()
};

/// `flattened`: the tensor that a dense layer flattens (SliceLayout).
std::shared_ptr<const SliceMap> slice_map(const SliceShape& slice, const Layer& layer, const Shape& flattened);

/// Slices [S, n_out] -> weight tensor; the gradient goes back to the slices, zero where the bit is dropped.
/// Plain loops on the CPU, place_slices_by_index() on other devices.
torch::Tensor place_slices(const torch::Tensor& slices, const std::shared_ptr<const SliceMap>& map);
/// The same in tensor operations, on any device.
torch::Tensor place_slices_by_index(const torch::Tensor& slices, const SliceMap& map);

}  // namespace flexor
