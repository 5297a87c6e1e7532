// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "import/evaluate.hpp"
#include "import/graph.hpp"
#include "network/network.hpp"

namespace flexor::foreign {

inline constexpr int kPixels = -1;  ///< a plan layer's source: the images

/// Levels q of an activation in a file, low..high: real value = scale (q - zero). Bipolar: -scale below 0, scale from 0 on.
struct Quantiser {
  double scale = 1;
  double zero = 0;
  double low = 0, high = 255;
  bool bipolar = false;
};

/// How a later layer sees the output of a plan layer, or the images.
struct View {
  int layer = kPixels;
  std::vector<double> scale, offset;  ///< per channel of that output: what is seen = scale * real value + offset
  bool flat = false;                  ///< as a vector, channel by channel
  bool pixels_first = false;          ///< ... pixel by pixel
  bool averaged = false;              ///< the mean over all pixels
  std::array<bool, 2> halved{};       ///< every second row, column
  int front = 0, behind = 0;          ///< channels of zeros added
  std::array<std::int64_t, 4> pads{};  ///< zeros around: top, left, bottom, right
  /// Whether it is the output as it is, but for scale and offset.
  [[nodiscard]] bool plain() const;
};

/// A layer of the engine in real numbers: output = clip(gain * sum + offset + shortcut), quantised.
struct PlanLayer {
  std::string name;
  LayerKind kind = LayerKind::Convolution;
  View input;
  Tensor weights;                ///< [M, C, height, width]; a pooling layer has none, its sum is the maximum or the mean of a window
  Shape output;
  std::array<int, 2> kernel{1, 1};
  int stride = 1;
  std::array<std::int64_t, 4> pads{};  ///< top, left, bottom, right
  bool average = false;          ///< pooling layer
  bool max_pool = false;         ///< 2x2 maximum behind it
  std::vector<double> gain, offset;
  std::optional<View> shortcut;
  double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
  std::optional<Quantiser> quantiser;  ///< none: 8 bits of the range that `value` has
  int value = kNoValue;          ///< of the graph: its real output, whose range counts
  bool open = true;              ///< still in the making
  bool projection = false;       ///< signed, only ever added
  bool logits = false;
  bool finer = false;            ///< pooling layer: 8 bits of its range, not its input's levels
  bool bordered = false;         ///< its padding needs a layer of its own (border.hpp)
  [[nodiscard]] bool clipped() const { return low != -std::numeric_limits<double>::infinity() || high != -low; }
};

/// A network as layers of the engine, in the order of their computation, with what could not be kept.
struct Plan {
  std::string name;
  Shape input;
  bool pixels_last = true;               ///< images of the file are [1, C, H, W]; false: [1, H, W, C]
  std::optional<Quantiser> input_quantiser;
  std::vector<PlanLayer> layers;
  int left_out = 0;                      ///< quantisers of the file that the engine's single rounding replaces
  int left_out_clips = 0;                ///< those of them that cut values off
  std::vector<std::string> notes;        ///< one sentence each
};

/// The layers of a graph whose constants are folded and whose quantisers are unified; `sizes` of every value, and, where they are known,
/// its `ranges` (else null): a quantiser that clips what it is given there is not left out. Throws InputError that names
/// the node which no layer of the engine computes, and says what would do.
Plan make_plan(const Graph& graph, const std::vector<Sizes>& sizes, const std::vector<Range>* ranges);

}  // namespace flexor::foreign
