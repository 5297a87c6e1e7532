// SPDX-License-Identifier: Apache-2.0
#include "stream/lines.hpp"

#include <algorithm>

namespace flexor::stream {

Lines lines(const Geometry& g, int least_pad) {
  Lines l;
  l.words = g.columns * g.groups;
  if (g.summed) {
    l.pad = least_pad;
    l.span = l.advance = g.rows;
    for (int row = 0; row < g.rows; ++row) l.slots.push_back(row);
    return l;
  }
  const int window = g.pooled ? 2 : 1;
  const int rows = g.stride_y * window;
  l.span = (g.kernel_height - 1) * g.dilation_y + 1 + (window - 1) * g.stride_y;
  l.advance = std::min(rows, l.span);
  const int last_column = (g.result_columns() * window - 1) * g.stride_x + (g.kernel_width - 1) * g.dilation_x - g.padding.left;
  l.front = g.padding.left * g.groups;
  l.pad = std::max({l.front, (last_column - g.columns + 1) * g.groups, least_pad});
  for (int y = 0; y < g.result_rows(); ++y) {
    // Rows that no window reads are not filled.
    const int first = y == 0 ? 0 : l.span - l.advance;
    for (int i = first; i < l.span; ++i) l.slots.push_back(y * rows - g.padding.top + i);
  }
  return l;
}

}  // namespace flexor::stream
