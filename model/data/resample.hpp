// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "data/picture_file.hpp"

namespace flexor {

/// A part of a picture in its pixels; pixel i covers i..i+1.
struct Box {
  double top = 0, left = 0, height = 0, width = 0;
};

/// Brings a part of a picture to height x width RGB bytes: triangles as wide as an output pixel, but at least two input pixels wide
/// (bilinear with antialiasing), along one axis after the other, rounded once. The part must have at least one pixel.
void resample(const Picture& from, const Box& box, int height, int width, std::uint8_t* to);

/// A part of a file's picture in the pixels of the picture as decoded.
Box scaled(const Box& box, const PictureFile& file, const Picture& picture);

/// The largest centred part with the proportions of height x width, shrunk to 7/8 of its sides where the picture is larger than that:
/// what evaluation sees. A picture of just that size is taken whole.
Box centre_box(int from_height, int from_width, int height, int width);

}  // namespace flexor
