// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "network/network.hpp"

namespace flexor {

/// A layer as the engine walks it. A row-stacked layer is a layer with one kernel row whose input has out_height rows
/// of kernel_height * C_in channels; a dense layer is a 1x1 convolution of a 1x1 image; a global average is a 1x1 convolution whose
/// pixels are summed.
struct Geometry {
  explicit Geometry(const Layer& layer);

  Shape input;  ///< as laid out in the activation memory
  int strings;  ///< kernel rows
  int length;   ///< L, inputs of a string
  int stride_y, stride_x;
  int padding_y, padding_x;  ///< above and to the left; below and to the right they follow from rows and columns
  bool pool;                 ///< 2x2 behind the layer
  bool windows;              ///< a pooling layer: strings x kernel columns places, one tile each
  bool maximum;              ///< of a pooling layer: else the sum
  int sum_pixels;            ///< pixels that make one output: 1 but for a global average
  int rows, columns;         ///< of pixels, or of windows when pooling
  int channels;              ///< C_out
  int channel_bytes;         ///< of one channel of an output pixel: 2 of logits, else 1
  int output_bytes;          ///< of one output pixel

  /// Pixels of one image that the engine computes (rows and columns that pooling drops are not computed).
  [[nodiscard]] int pixels() const { return rows * columns * (pool ? 4 : 1); }
  /// Pixels that stay in one block: a pooling window, the pixels of a sum, or one.
  [[nodiscard]] int whole_pixels() const { return pool ? 4 : sum_pixels; }
  /// Bytes of a row of the input as laid out, and of the output.
  [[nodiscard]] std::int64_t input_row_bytes() const { return std::int64_t{input.width} * input.channels; }
  [[nodiscard]] std::int64_t output_row_bytes() const { return std::int64_t{columns} * output_bytes; }
  /// Bytes of the output tensor of one image.
  [[nodiscard]] int output_size() const { return rows * columns / sum_pixels * output_bytes; }
};

}  // namespace flexor
