// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "stream/geometry.hpp"
#include "stream/plan.hpp"

namespace flexor::stream {

/// How a layer's input rows follow one another in the line buffer. A slot is a row of the tensor or, above and below it, a row of zeros.
struct Lines {
  int words = 1;           ///< of a row
  int pad = 0;             ///< zeros behind it
  int front = 0;           ///< zeros before the first one
  int advance = 1;         ///< slots from the window of one row of results to that of the next
  int span = 1;            ///< slots of a window
  std::vector<int> slots;  ///< input row of each; outside 0 .. rows - 1: zeros

  [[nodiscard]] int pitch() const { return words + pad; }
  /// Words of all slots.
  [[nodiscard]] int length() const { return front + static_cast<int>(slots.size()) * pitch(); }
  /// First word of slot `slot`, from the beginning of the front on.
  [[nodiscard]] int word(int slot) const { return front + slot * pitch(); }
};

/// `least_pad`: words of zeros behind each row at least.
[[nodiscard]] Lines lines(const Geometry& g, int least_pad);

}  // namespace flexor::stream
