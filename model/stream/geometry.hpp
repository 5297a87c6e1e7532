// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

#include "network/network.hpp"
#include "stream/instruction.hpp"
#include "stream/parameters.hpp"
#include "stream/program.hpp"

namespace flexor::stream {

/// Padding of an input on its four sides, pixels.
struct Margins {
  int top = 0, left = 0, bottom = 0, right = 0;
};

/// A layer as the line buffer sees it: a window of pixels, each of some words, that moves over rows. A dense layer is a window as large as
/// its input; a row-stacked one has gathered words in place of pixels and a window of one.
struct Geometry {
  int rows = 1;          ///< of the input
  int columns = 1;       ///< pixels of a row
  int groups = 1;        ///< words of a pixel
  SetFill fill;          ///< how a row is read; the bank is the tensor's
  int source_words = 0;  ///< of a row in its bank
  int kernel_height = 1, kernel_width = 1;
  int stride_y = 1, stride_x = 1;
  int dilation_y = 1, dilation_x = 1;
  Margins padding;
  int out_height = 1, out_width = 1;  ///< before pooling
  bool pooled = false;                ///< 2x2 maxima of neighbouring outputs
  bool summed = false;                ///< one output, summed pixel after pixel: kernel and strides do not count

  /// Words that one weight plane has for one m-tile.
  [[nodiscard]] int words() const { return summed ? groups : kernel_height * kernel_width * groups; }
  /// Rows of results.
  [[nodiscard]] int result_rows() const { return pooled ? out_height / 2 : out_height; }
  /// Pixels of a row of results.
  [[nodiscard]] int result_columns() const { return pooled ? out_width / 2 : out_width; }
};

/// Words of a tensor's pixel.
[[nodiscard]] int pixel_words(int channels, const Parameters& parameters);

/// Of layer `l`, which reads a tensor of this network. Throws InputError where no stream engine runs the layer's shape.
[[nodiscard]] Geometry geometry(const Network& network, std::size_t l, const Parameters& parameters);

/// How the host lays out the network's input. Throws InputError when it does not fit its bank.
[[nodiscard]] InputLayout input_layout(const Network& network, const Parameters& parameters);

}  // namespace flexor::stream
