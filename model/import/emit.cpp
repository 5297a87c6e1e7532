// SPDX-License-Identifier: Apache-2.0
#include "import/emit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "code/error.hpp"
#include "import/border.hpp"
#include "import/canonical.hpp"

namespace flexor::foreign {
namespace {

constexpr double kShortcutOne = 256;
constexpr double kMostShortcut = 65535;
constexpr double kMostBias = 1 << 30;
constexpr double kMostSum = 2147483647;

[[noreturn]] void refuse(const std::string& name, const std::string& complaint) {
  throw InputError(fmt::format("layer {}: {}", name, complaint));
}

// One number for all four sides of an image: what a layer of the engine has. The last rows and columns of zeros do not count where no
// window reaches them.
int one_padding(const PlanLayer& layer, const Shape& in, const Shape& out) {
  const auto& [top, left, bottom, right] = layer.pads;
  const std::int64_t height = (in.height + 2 * top - layer.kernel[0]) / layer.stride + 1;
  const std::int64_t width = (in.width + 2 * top - layer.kernel[1]) / layer.stride + 1;
  if (top != left || height != out.height || width != out.width) {
    refuse(layer.name, fmt::format("it has {}, {}, {} and {} zeros above, left, below and right of its input, but the engine has as many on "
                                   "every side; pad all sides alike",
                                   top, left, bottom, right));
  }
  return static_cast<int>(top);
}

class Emitter {
 public:
  Emitter(const Plan& plan, const Levels& pixels, const std::vector<Range>& ranges, const EmitOptions& options)
      : pixels_(pixels), ranges_(ranges), options_(options) {
    made_.plan = plan;
    made_.notes = plan.notes;
    order_layers(made_.plan);
    levels_ = layer_levels(made_.plan, pixels_, ranges_);
    for (PlanLayer& layer : made_.plan.layers) layer.bordered = options.borders && wants_border(layer);
    join_maxima(made_.plan);
    order_layers(made_.plan);
    levels_ = layer_levels(made_.plan, pixels_, ranges_);
  }

  Emitted run() {
    made_.network.name = made_.plan.name;
    made_.network.input = made_.plan.input;
    made_.network.codes = {identity_code(kSliceK * kSliceM)};
    for (std::size_t i = 0; i < made_.plan.layers.size(); ++i) layer(i);
    validate(made_.network);
    return std::move(made_);
  }

 private:
  [[nodiscard]] bool wants_border(const PlanLayer& layer) const {
    const bool padded = std::any_of(layer.pads.begin(), layer.pads.end(), [](std::int64_t pad) { return pad != 0; });
    const Levels seen = seen_levels(layer.input, levels_, pixels_);
    return layer.kind == LayerKind::Convolution && padded &&
           std::any_of(seen.offset.begin(), seen.offset.end(), [](double offset) { return offset != 0; });
  }

  // Whether the pixels can be laid out for the rows of the first layer alone.
  [[nodiscard]] bool stacks() const {
    const auto& layers = made_.plan.layers;
    const auto reads_pixels = [](const PlanLayer& layer) {
      return layer.input.layer == kPixels || (layer.shortcut && layer.shortcut->layer == kPixels);
    };
    return layers.front().kind == LayerKind::Convolution && !layers.front().bordered &&
           std::none_of(layers.begin() + 1, layers.end(), reads_pixels);
  }

  [[nodiscard]] int index(int plan_layer) const { return plan_layer == kPixels ? kNetworkInput : index_[static_cast<std::size_t>(plan_layer)]; }

  // Everything but weights and numbers per channel.
  Layer shape(std::size_t i) const {
    const PlanLayer& from = made_.plan.layers[i];
    Layer to;
    to.name = from.name;
    to.kind = from.kind;
    const int source = index(from.input.layer);
    const Shape& in = made_.network.tensor(source);
    to.input = in;
    to.output = from.output;
    to.max_pool = from.max_pool;
    to.logits = from.logits;
    to.projection = from.projection;
    to.average = from.average;
    to.activation_max = levels_[i].largest;
    to.shift = kShift;
    to.source = source == static_cast<int>(made_.network.layers.size()) - 1 ? kPreviousLayer : source;
    if (from.kind == LayerKind::Dense) {
      to.global_average = from.input.averaged;
      if (!to.global_average) to.input = {1, 1, in.size()};
      return to;
    }
    to.kernel_height = from.kernel[0];
    to.kernel_width = from.kernel[1];
    to.stride = from.stride;
    Shape unpooled = from.output;
    const auto places = [&](int size, int kernel, std::int64_t before, std::int64_t after) {
      return static_cast<int>((size + before + after - kernel) / from.stride + 1);
    };
    unpooled.height = places(in.height, from.kernel[0], from.pads[0], from.pads[2]);
    unpooled.width = places(in.width, from.kernel[1], from.pads[1], from.pads[3]);
    to.padding = one_padding(from, in, unpooled);
    to.stack_rows = i == 0 && stacks();
    return to;
  }

  void add(Layer layer, LayerReport report) {
    report.name = layer.name;
    report.weights = layer.weights();
    report.digits = static_cast<int>(layer.planes.size());
    made_.network.layers.push_back(std::move(layer));
    made_.layers.push_back(std::move(report));
  }

  void layer(std::size_t i) {
    const PlanLayer& from = made_.plan.layers[i];
    Layer to = shape(i);
    LayerReport report;
    report.calibrated = !from.quantiser && !keeps_levels(from) && !from.logits;
    from.kind == LayerKind::Pool ? pool(i, to) : weigh(i, to, report);
    add(std::move(to), report);
    index_.push_back(static_cast<int>(made_.network.layers.size()) - 1);
  }

  // A layer with weights.
  void weigh(std::size_t i, Layer& to, LayerReport& report) {
    const PlanLayer& from = made_.plan.layers[i];
    const Levels seen = seen_levels(from.input, levels_, pixels_);
    const auto channels = static_cast<std::size_t>(from.output.channels);
    const std::size_t inputs = from.weights.values.size() / channels;
    const std::size_t depth = static_cast<std::size_t>(from.weights.sizes[1]);
    const std::size_t window = inputs / depth;
    double lsb = levels_[i].scale.front();
    Tensor scaled = from.weights;  // in real units per level
    std::vector<double> constant = from.offset;
    Tensor taken{{from.weights.sizes[0], from.weights.sizes[2], from.weights.sizes[3]}, std::vector<double>(channels * window, 0)};
    for (std::size_t k = 0; k < scaled.values.size(); ++k) {
      const std::size_t m = k / inputs;
      const std::size_t c = k / window % depth;
      const double weight = from.gain[m] * scaled.values[k] / (from.input.averaged ? to.averaged_pixels() : 1);
      scaled.values[k] = weight * seen.scale[c];
      constant[m] += weight * seen.offset[c] * (from.input.averaged ? to.averaged_pixels() : 1);
      taken.values[m * window + k % window] += weight * seen.offset[c];
    }
    if (from.logits) lsb = levels_[i].scale.front() = logit_scale(from, scaled.values, constant);
    if (from.shortcut) constant_of_shortcut(from, constant);
    for (double& value : taken.values) value /= lsb;
    if (wants_border(from)) border(from, taken, to);
    if (from.shortcut) to.shortcut = shortcut(from, lsb);
    std::vector<double> weights = canonical_weights(to, scaled);
    for (double& weight : weights) weight /= lsb;
    IntegerWeights integers = integers_of(from, weights, inputs);
    report.rounded = integers.rounded;
    report.worst = integers.worst;
    to.digits = integers.digits > 1;
    for (int p = 0; p < integers.digits; ++p) to.planes.push_back(plain_plane(to, digit_plane(integers, p)));
    const double zero = from.logits || from.projection ? 0 : -levels_[i].offset.front() / lsb;
    for (std::size_t m = 0; m < channels; ++m) {
      const double bias = (constant[m] / lsb + zero) / integers.unit[m];
      if (from.quantiser && from.quantiser->bipolar) {
        threshold(from, to, constant[m] / lsb / integers.unit[m], false);
      } else {
        number(to, bias, integers.unit[m], integers.multiplier[m]);
      }
    }
    if (from.logits) made_.logit_unit = 1 / lsb;
  }

  IntegerWeights integers_of(const PlanLayer& from, const std::vector<double>& weights, std::size_t inputs) const {
    try {
      return integer_weights(weights, inputs, options_.digits);
    } catch (const InputError& error) {
      refuse(from.name, error.what());
    }
  }

  // Output steps of the last layer: where all its weights are one and the same number up to their signs, words are whole multiples of what
  // one accumulator unit gives; else a power of two, such that no multiplier is too large.
  double logit_scale(const PlanLayer& from, const std::vector<double>& weights, const std::vector<double>& constant) const {
    const double scale = levels_.back().scale.front();
    if (from.quantiser) return scale;
    const double first = std::abs(weights.front());
    const int largest_level = from.input.layer == kPixels ? pixels_.largest : levels_[static_cast<std::size_t>(from.input.layer)].largest;
    constexpr double kSame = 1e-5;
    const bool alike = std::all_of(weights.begin(), weights.end(), [&](double w) { return std::abs(std::abs(w) - first) <= kSame * first; });
    if (alike && first > 0) {
      constexpr int kMostSteps = 64;
      int most = kMostSteps;
      while (most > 1 && first / most < scale) most /= 2;
      for (int steps = most; steps > 0; --steps) {
        if (rounds_alike(steps, first, weights.size() / constant.size(), constant, largest_level)) return first / steps;
      }
      return first / most;
    }
    double largest = 0;
    for (const double weight : weights) largest = std::max(largest, std::abs(weight));
    double fit = scale;
    const int most = (1 << options_.digits) - 1;
    while (largest / fit * kOne / most > kLargestMultiplier / 2.0) fit *= 2;
    return fit;
  }

  // Whether words of so many steps per accumulator unit round to the same as real numbers: their fractions, which are those of the constants,
  // stay clear of a half by more than what rounding bias and multiplier moves.
  [[nodiscard]] bool rounds_alike(int steps, double first, std::size_t inputs, const std::vector<double>& constant, int largest) const {
    int factor = 1;
    while (kOne * steps / factor > kLargestMultiplier) factor = 2 * factor + 1;
    const double unit = static_cast<double>(steps) / factor;
    const double slip = std::abs(unit * kOne - std::round(unit * kOne)) / kOne;
    const double margin = unit / 2 + slip * largest * factor * static_cast<double>(inputs);
    return std::all_of(constant.begin(), constant.end(), [&](double value) {
      const double words = value / first * steps + 0.5;
      return words - std::floor(words) > margin && std::ceil(words) - words > margin;
    });
  }

  void border(const PlanLayer& from, const Tensor& taken, Layer& to) {
    if (!options_.borders || from.shortcut || !from.bordered || from.logits) {
      made_.notes.push_back(fmt::format("layer {}: zeros around its input count as stored zeros, so outputs at the border differ", from.name));
      return;
    }
    const int source = index(from.input.layer);
    Border made = make_border(to, taken, source);
    LayerReport report;
    report.border = true;
    made.border.source = kPreviousLayer;
    add(std::move(made.constant), report);
    add(std::move(made.border), report);
    to.shortcut = made.shortcut;
    to.shortcut->source = static_cast<int>(made_.network.layers.size()) - 1;
    to.source = source;
  }

  void constant_of_shortcut(const PlanLayer& from, std::vector<double>& constant) const {
    const Levels seen = seen_levels(*from.shortcut, levels_, pixels_);
    const auto front = static_cast<std::size_t>(from.shortcut->front);
    for (std::size_t c = 0; c < seen.offset.size() && c + front < constant.size(); ++c) constant[c + front] += seen.offset[c];
  }

  [[nodiscard]] Shortcut shortcut(const PlanLayer& from, double lsb) const {
    const View& view = *from.shortcut;
    const Levels seen = seen_levels(view, levels_, pixels_);
    const Shape& source = made_.network.tensor(index(view.layer));
    const auto halves = [](int size, bool halved) { return halved && size > 1; };
    const bool rows = halves(source.height, view.halved[0]);
    const bool columns = halves(source.width, view.halved[1]);
    if (rows != columns && source.height > 1 && source.width > 1) refuse(from.name, "its shortcut has every second row or column; take both");
    if (view.layer == kPixels) refuse(from.name, "its shortcut adds the pixels; put a layer in front");
    Shortcut made;
    made.source = index(view.layer);
    made.stride = rows || columns ? 2 : 1;
    made.channel_offset = view.front;
    made.real_multiplier = seen.scale.front() / lsb;
    if (!(made.real_multiplier * kShortcutOne <= kMostShortcut)) refuse(from.name, "its shortcut counts more than 255 times its own output");
    made.multiplier = static_cast<int>(std::lround(made.real_multiplier * kShortcutOne));
    return made;
  }

  // out = (acc + bias) * unit.
  static void number(Layer& to, double bias, double unit, int multiplier) {
    if (!(std::abs(bias) < kMostBias)) refuse(to.name, fmt::format("channel {} needs a bias beyond 2^30; train the network again", to.bias.size()));
    to.bias.push_back(static_cast<std::int32_t>(std::lround(bias)));
    to.multiplier.push_back(static_cast<std::int16_t>(multiplier));
    to.real_scale.push_back(unit);
    to.real_bias.push_back(bias);
  }

  // Of one-bit outputs: 1 where acc >= -constant, or with a falling slope where acc <= -constant. With |multiplier| = 2^15 - 1 a sum t
  // rounds to 1 or more from |t| = 2 on.
  static void threshold(const PlanLayer& from, Layer& to, double constant, bool falls) {
    if (from.shortcut) refuse(from.name, "it has one-bit outputs and a shortcut; quantise it to more bits");
    constexpr double kTie = 1e-9;
    const double edge = std::clamp(-constant, -kMostBias / 2, kMostBias / 2);
    const double slack = kTie * std::max(1.0, std::abs(edge));
    const double first = falls ? std::floor(edge + slack) : std::ceil(edge - slack);
    number(to, (falls ? -2 : 2) - first, kLargestMultiplier / kOne * (falls ? -1 : 1), falls ? -kLargestMultiplier : kLargestMultiplier);
  }

  void pool(std::size_t i, Layer& to) {
    const PlanLayer& from = made_.plan.layers[i];
    const double units = to.pooled_units();
    const Levels seen = seen_levels(from.input, levels_, pixels_);
    const bool keeps = keeps_levels(from);
    for (std::size_t c = 0; c < seen.scale.size(); ++c) {
      const double lsb = keeps ? seen.scale[c] : levels_[i].scale.front();
      const double zero = keeps ? -seen.offset[c] / seen.scale[c] : -levels_[i].offset.front() / lsb;
      const double slope = keeps ? 1 / units : from.gain[c] * seen.scale[c] / units / lsb;
      const double constant = keeps ? 0 : (from.gain[c] * seen.offset[c] + from.offset[c]) / lsb;
      if (!keeps && !(slope != 0)) refuse(from.name, fmt::format("channel {} does not depend on its input; leave it out", c));
      if (from.quantiser && from.quantiser->bipolar) {
        threshold(from, to, constant / slope, slope < 0);
        continue;
      }
      if (!(std::abs(slope) * kOne <= kLargestMultiplier)) {
        refuse(from.name, fmt::format("channel {} has steps more than twice as fine as its input's; quantise it coarser", c));
      }
      number(to, keeps ? 0 : (constant + zero) / slope, slope, static_cast<int>(std::lround(slope * kOne)));
    }
  }

  Levels pixels_;
  const std::vector<Range>& ranges_;
  EmitOptions options_;
  Emitted made_;
  std::vector<Levels> levels_;
  std::vector<int> index_;
};

}  // namespace

Emitted emit(const Plan& plan, const Levels& pixels, const std::vector<Range>& ranges, const EmitOptions& options) {
  return Emitter(plan, pixels, ranges, options).run();
}

}  // namespace flexor::foreign
