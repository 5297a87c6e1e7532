// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <random>

#include "data/resample.hpp"
#include "network/network.hpp"

namespace flexor {

/// Largest random change of a training image; every image draws its own, uniformly. With crop > 0 or flip it is cropped and flipped,
/// else resampled, or cut out of its picture with resized_crop > 0.
struct Augmentation {
  int crop = 0;             ///< pixels of zero padding on every side, from which the image is cut at random
  bool flip = false;        ///< mirror left and right with probability 1/2
  int window = 0;           ///< side of a smaller square that is cut out at random; 0: as large as the image
  double window_share = 0;  ///< share of the epochs, from the first, in which it is; then whole images follow
  double resized_crop = 0;  ///< image folders: a random part with at least this share of the picture's area fills the image; 0: its centre
  double shift = 2.0;       ///< pixels, each axis
  double rotation = 0.2;    ///< radians
  double scale = 0.12;      ///< relative, each axis
  double shear = 0.15;      ///< columns per row
};

/// Bilinear affine resampling about the centre, zero outside; writes integers 0..255 as floats, planar (CHW). `from` is NHWC bytes.
void augment(const std::uint8_t* from, const Shape& shape, const Augmentation& limits, std::mt19937_64& random, float* to);
/// A random part of the zero-padded image, perhaps mirrored; planar, as large as cut_shape() says.
void crop_and_flip(const std::uint8_t* from, const Shape& shape, const Augmentation& limits, std::mt19937_64& random, float* to);
/// A random part of a picture with a share of its area in least..1 and proportions in 3/4..4/3 of those of an image, both uniform (the
/// logarithm of the latter); the largest centred part where ten draws do not fit.
Box random_part(int height, int width, double least, std::mt19937_64& random);
/// Mirrors planar values left and right.
void mirror(const Shape& shape, float* values);
/// Size of what crop_and_flip() writes.
Shape cut_shape(const Shape& shape, const Augmentation& limits);
/// The image as it is, planar.
void plain(const std::uint8_t* from, const Shape& shape, float* to);

}  // namespace flexor
