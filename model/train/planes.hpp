// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "train/spec.hpp"

namespace flexor {

inline constexpr int kMostPlanes = 4;  ///< of a layer's weights

/// Appends a layer whose weights are a sum of encrypted planes, each with a scale per output channel, as so many layers of one plane
/// (decision 0215). The projections NAME_plane<planes - 1> .. NAME_plane1 read what the layer reads, and each adds the one before; the
/// first adds the layer's shortcut. The layer itself adds the last. 2x2 pooling becomes a layer NAME_pool behind it.
/// planes: 1..kMostPlanes. Throws InputError naming the layer when several planes cannot be: logits, global averages, a shortcut of more
/// than 255 LSBs per LSB.
void append_planes(NetworkSpec& network, LayerSpec layer, int planes);

}  // namespace flexor
