// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "train/trainable.hpp"

namespace flexor {

/// Output LSBs per accumulator unit that a 16-bit multiplier of an engine's shift reaches.
inline constexpr double kSteepest = 32767.0 / 65536;

/// Before the first step: widens the output steps of layers whose sums spread over so few values that their multipliers would pass
/// kSteepest (a 1-bit input, a 1x1 kernel over a few channels), and bounds the gains of all, so that what is trained can be folded.
/// `pixels`: training images, NCHW. Layers that a shortcut ties to others keep their steps. Returns a sentence for each layer that was
/// widened, or that should be and is tied.
std::vector<std::string> fit_ranges(Trainable& model, const torch::Tensor& pixels);

}  // namespace flexor
