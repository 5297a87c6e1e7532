// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "network/network.hpp"

namespace flexor {

/// The same network whose last layer, a global average (dense, exact sum over all pixels), is an average pooling layer over the whole image
/// and a dense layer of its channels: for engines whose accumulators do not hold the exact sum.
///
///   p_c = min(floor((4 sum_yx a_yxc * multiplier + 2^15) / 2^16), 255),  multiplier = floor(2^14 scale / pixels)
///   the dense layer's bias times scale / pixels, its multipliers and real scales times pixels / scale
///
/// Averages are rounded to `scale` steps a unit, so words differ from the exact network's; scale = 255 / largest_average uses the whole
/// byte. `largest_average`: the largest average of a channel that is to be kept, > 0 (larger ones are clamped). Throws InputError when the
/// last layer is no global average of several pixels, or when a multiplier leaves int16.
Network pooled_head(const Network& network, double largest_average);

/// The largest average over all pixels of any channel of what the last layer reads, for one image through the golden model.
double largest_average(const Network& network, const std::vector<std::vector<std::int16_t>>& boundaries);

}  // namespace flexor
