// SPDX-License-Identifier: Apache-2.0
#include "train/model_weights.hpp"

#include <cmath>

namespace flexor {
namespace {

/// Canonical weights [m][string][k] of one plane as a libtorch tensor [M, C, kh, kw].
torch::Tensor plane_tensor(const Network& network, const Layer& layer, int plane) {
  const std::vector<std::int8_t> canonical = decrypt_weights(network, layer, plane);
  const std::int64_t m = layer.output.channels;
  const std::int64_t c = layer.input.channels;
  const torch::Tensor flat = torch::tensor(std::vector<double>(canonical.begin(), canonical.end()), torch::kDouble);
  if (layer.stack_rows) return flat.view({m, layer.kernel_width, layer.kernel_height, c}).permute({0, 3, 2, 1}).contiguous();
  return flat.view({m, layer.kernel_height, layer.kernel_width, c}).permute({0, 3, 1, 2}).contiguous();
}

}  // namespace

torch::Tensor weight_tensor(const Network& network, const Layer& layer) {
  torch::Tensor sum = plane_tensor(network, layer, 0);
  for (int p = 1; p < static_cast<int>(layer.planes.size()); ++p) sum += std::ldexp(1.0, p) * plane_tensor(network, layer, p);
  return sum;
}

}  // namespace flexor
