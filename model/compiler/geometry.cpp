// SPDX-License-Identifier: Apache-2.0
#include "compiler/geometry.hpp"

namespace flexor {

Geometry::Geometry(const Layer& layer)
    : input(layer.input),
      strings(layer.strings()),
      length(layer.string_length()),
      stride_y(layer.stride),
      stride_x(layer.stride),
      padding_y(layer.padding.top),
      padding_x(layer.padding.left),
      pool(layer.max_pool),
      windows(layer.kind == LayerKind::Pool),
      maximum(windows && !layer.average),
      sum_pixels(layer.averaged_pixels()),
      rows(layer.global_average ? layer.input.height : layer.output.height),
      columns(layer.global_average ? layer.input.width : layer.output.width),
      channels(layer.output.channels),
      channel_bytes(layer.logits ? 2 : 1),
      output_bytes(layer.output.channels * channel_bytes) {
  if (!layer.stack_rows) return;
  input = {layer.unpooled().height, layer.input.width, layer.kernel_height * layer.input.channels};
  stride_y = 1;
  padding_y = 0;
}

}  // namespace flexor
