// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "import/evaluate.hpp"
#include "import/plan.hpp"
#include "import/weights.hpp"
#include "network/network.hpp"

namespace flexor::foreign {

/// What the levels q of a layer's output, or of the pixels, stand for: real value = scale q + offset, per channel.
struct Levels {
  std::vector<double> scale, offset;
  int largest = 255;  ///< q is 0..largest, of a projection -largest - 1..largest
};

/// How a plan becomes integers.
struct EmitOptions {
  int digits = kMostDigits;  ///< of weights that are not exact with fewer
  bool borders = true;       ///< layers that make padding exact where a stored 0 is not a real 0 (border.hpp)
};

/// What became of one layer's weights.
struct LayerReport {
  std::string name;
  int digits = 0;  ///< 0: a pooling layer
  std::int64_t weights = 0, rounded = 0;
  double worst = 0;  ///< largest rounding of a weight, in shares of its channel's largest
  bool calibrated = false;  ///< the range of its output is that of the images it was calibrated on
  bool border = false;      ///< made by border.hpp
};

struct Emitted {
  Network network;
  Plan plan;                        ///< as arranged
  std::vector<LayerReport> layers;  ///< of the network
  double logit_unit = 1;            ///< words per unit of a logit
  std::vector<std::string> notes;
};

/// The engine's integers of a plan. `pixels`: what the pixels stand for; `ranges`: of every value of the graph, over
/// images that it is calibrated on. Throws InputError that names the layer which the engine cannot compute.
Emitted emit(const Plan& plan, const Levels& pixels, const std::vector<Range>& ranges, const EmitOptions& options);

/// Puts the layers in an order in which each follows what it reads.
void order_layers(Plan& plan);
/// Puts 2x2 maxima into the convolutions before them, which the engine does in passing.
void join_maxima(Plan& plan);
/// Whether a pooling layer's output has the levels of its input.
bool keeps_levels(const PlanLayer& layer);

/// What the levels of every layer's output stand for: the file's quantisers, else 8 bits of a layer's range. The last layer's are those of
/// its quantiser, else fine enough for four times its range in 16 bits. Throws InputError that names the layer.
std::vector<Levels> layer_levels(const Plan& plan, const Levels& pixels, const std::vector<Range>& ranges);
/// The levels of a view's source, as it is seen.
Levels seen_levels(const View& view, const std::vector<Levels>& levels, const Levels& pixels);

}  // namespace flexor::foreign
