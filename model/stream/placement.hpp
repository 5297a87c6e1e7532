// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "network/network.hpp"
#include "stream/parameters.hpp"
#include "stream/program.hpp"

namespace flexor::stream {

/// Where every tensor stands.
struct Placement {
  InputLayout input;
  std::vector<TensorPlace> outputs;  ///< of every layer

  /// The tensor of a layer, or of kNetworkInput.
  [[nodiscard]] TensorPlace tensor(int source) const;
};

/// Gives every tensor a place in bank 0 or 1 for as long as a layer reads or adds it, the logits in bank 0. A layer's output comes into the
/// other bank than its input where that is possible, and into the place of its shortcut where that one is not needed any more. Throws
/// InputError naming the layer whose tensors do not fit.
[[nodiscard]] Placement place(const Network& network, const Parameters& parameters);

}  // namespace flexor::stream
