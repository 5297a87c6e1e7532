// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "import/emit.hpp"

namespace flexor::foreign {

/// Zeros around an image are stored zeros to the engine. Where a stored 0 stands for another value v, as with pixels of a normalised image
/// or signed activations, every place of a window outside the image adds w v too much. What has to be taken off depends on the place alone:
/// it is a convolution of a constant image with sum_c w_c v_c, so two layers make it and the layer adds it as its shortcut.
struct Border {
  Layer constant;   ///< 1x1, one channel of 255 everywhere
  Layer border;     ///< projection of the constant image: 0 inside
  Shortcut shortcut;  ///< for the layer itself, but for its source
};

/// Of a layer `plan` with input, kernel, padding and output of `layer`. `taken`: per output channel and place [M, height, width] of the
/// kernel what one place outside the image has to take off, in output LSBs. `source`: what the constant image is computed from.
Border make_border(const Layer& layer, const Tensor& taken, int source);

}  // namespace flexor::foreign
