// SPDX-License-Identifier: Apache-2.0
#include "golden/blocks.hpp"

namespace flexor::golden {

void pe_array(const std::int8_t* weight, const std::uint8_t* activation, int lanes, std::int16_t* dot) {
  std::int16_t sum[kArrayChannels] = {};
  for (int k = 0; k < lanes; ++k) {
    const std::int16_t a = activation[k];
    const std::int8_t* row = weight + k * kArrayChannels;
    for (int m = 0; m < kArrayChannels; ++m) sum[m] = static_cast<std::int16_t>(sum[m] + row[m] * a);
  }
  std::copy(sum, sum + kArrayChannels, dot);
}

}  // namespace flexor::golden
