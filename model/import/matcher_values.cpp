// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "import/matcher.hpp"
#include "import/quantisers.hpp"

namespace flexor::foreign {
namespace {

bool positive(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return value > 0; });
}

bool uniform(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [&](double value) { return value == values.front(); });
}

bool close_to(double a, double b) { return std::abs(a - b) <= 1e-6 * std::max(std::abs(a), std::abs(b)); }

// Whether levels of one are levels of the other.
bool same_levels(const Quantiser& a, const Quantiser& b) {
  return a.bipolar == b.bipolar && close_to(a.scale, b.scale) && a.zero == b.zero && a.low >= b.low && a.high <= b.high;
}

}  // namespace

// One number per channel of an image: of a constant that is broadcast along it.
std::vector<double> Matcher::per_channel(const Node& node, const Tensor& tensor, std::size_t image) const {
  const View& seen = view(node, image);
  const auto channels = seen.scale.size();
  for (const double value : tensor.values) {
    if (!std::isfinite(value)) node.refuse("a constant of it is not finite; train the network again");
  }
  if (tensor.values.size() == 1) return std::vector<double>(channels, tensor.values.front());
  const Sizes& whole = sizes(node.input(image));
  Sizes wanted(whole.size(), 1);
  if (whole.size() > 1) wanted[1] = static_cast<std::int64_t>(channels);
  Sizes given = tensor.sizes;
  while (given.size() < wanted.size()) given.insert(given.begin(), 1);
  const bool fits = given == wanted && !seen.pixels_first && !seen.flat && seen.front + seen.behind == 0;
  if (!fits) {
    node.refuse(fmt::format("its constant {} is neither one number nor one a channel of {}; only those are possible", text(tensor.sizes),
                            text(whole)));
  }
  return tensor.values;
}

// What is seen becomes scale * it + offset.
void Matcher::affine(const Node& node, const std::vector<double>& scale, const std::vector<double>& offset, std::size_t image) {
  View seen = view(node, image);
  PlanLayer* found = open_layer(seen);
  if (found != nullptr && found->quantiser) found = nullptr;
  PlanLayer* layer = found == nullptr ? nullptr : &changed_layer(*found, positive(scale));
  const bool fits = layer != nullptr && !layer->clipped() && (!layer->shortcut || (uniform(scale) && positive(scale)));
  if (fits) {
    for (std::size_t c = 0; c < scale.size(); ++c) {
      layer->gain[c] *= scale[c];
      layer->offset[c] = layer->offset[c] * scale[c] + offset[c];
    }
    if (layer->shortcut) {
      for (double& value : layer->shortcut->scale) value *= scale.front();
      for (double& value : layer->shortcut->offset) value *= scale.front();
    }
    return give(node, seen);
  }
  if (seen.front + seen.behind > 0 || seen.pads != std::array<std::int64_t, 4>{}) node.refuse("it follows a Pad; only an Add or a layer with weights may");
  seen = closed(seen);
  for (std::size_t c = 0; c < scale.size(); ++c) {
    seen.scale[c] *= scale[c];
    seen.offset[c] = seen.offset[c] * scale[c] + offset[c];
  }
  give(node, seen);
}

void Matcher::constant_operation(const Node& node) {
  const bool second = graph_.is_constant(node.inputs[1]);
  const std::size_t image = second ? 0 : 1;
  const std::vector<double> numbers = per_channel(node, graph_.constant(node, 1 - image, "constant"), image);
  std::vector<double> scale(numbers.size(), 1), offset(numbers.size(), 0);
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    if (node.op == "Add" || node.op == "Sum") offset[c] = numbers[c];
    if (node.op == "Sub") scale[c] = second ? 1 : -1, offset[c] = second ? -numbers[c] : numbers[c];
    if (node.op == "Mul") scale[c] = numbers[c];
    if (node.op == "Div") {
      if (!second || numbers[c] == 0) node.refuse("it divides by an image or by zero; divide images by numbers");
      scale[c] = 1 / numbers[c];
    }
  }
  affine(node, scale, offset, image);
}

void Matcher::normalisation(const Node& node) {
  std::vector<double> parameters[4];
  const char* names[] = {"gain", "offset", "mean", "variance"};
  for (std::size_t i = 0; i < 4; ++i) {
    const Tensor& given = graph_.constant(node, i + 1, names[i]);
    Sizes along(std::max<std::size_t>(sizes(node.input(0)).size(), 2), 1);
    along[1] = static_cast<std::int64_t>(given.values.size());
    parameters[i] = per_channel(node, {along, given.values}, 0);
  }
  const double epsilon = node.attributes.number("epsilon", 1e-5);
  std::vector<double> scale, offset;
  for (std::size_t c = 0; c < parameters[0].size(); ++c) {
    const double root = std::sqrt(parameters[3][c] + epsilon);
    if (!(root > 0)) node.refuse(fmt::format("the variance of channel {} is {:g}; train the network again", c, parameters[3][c]));
    scale.push_back(parameters[0][c] / root);
    offset.push_back(parameters[1][c] - parameters[2][c] * scale.back());
  }
  affine(node, scale, offset);
}

// Of what was quantised outside the network: integers at its input.
void Matcher::dequantisation(const Node& node) {
  const std::vector<double> scale = per_channel(node, graph_.constant(node, 1, "scale"), 0);
  std::vector<double> offset(scale.size(), 0);
  if (node.input(2) != kNoValue) offset = per_channel(node, graph_.constant(node, 2, "zero point"), 0);
  for (std::size_t c = 0; c < scale.size(); ++c) offset[c] *= -scale[c];
  affine(node, scale, offset);
}

// A bound from below of what is seen; minus infinity where nothing is known.
double Matcher::lowest(const View& seen) const {
  constexpr double kNothing = -std::numeric_limits<double>::infinity();
  if (seen.layer == kPixels || !positive(seen.scale)) return kNothing;
  const PlanLayer& layer = plan_.layers[static_cast<std::size_t>(seen.layer)];
  double low = layer.low;
  if (layer.quantiser && !layer.quantiser->bipolar) low = std::max(low, (layer.quantiser->low - layer.quantiser->zero) * layer.quantiser->scale);
  if (layer.kind == LayerKind::Pool && low == kNothing) {
    const bool same = std::all_of(layer.gain.begin(), layer.gain.end(), [](double gain) { return gain == 1; }) &&
                      std::all_of(layer.offset.begin(), layer.offset.end(), [](double offset) { return offset == 0; });
    if (same) low = lowest(layer.input);
  }
  for (std::size_t c = 0; c < seen.scale.size(); ++c) {
    const double value = low * seen.scale[c] + seen.offset[c];
    if (value < 0) return kNothing;
  }
  return low == kNothing ? kNothing : 0;
}

void Matcher::clip(const Node& node) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const auto bound = [&](std::size_t i, const char* name, double otherwise) {
    return node.input(i) == kNoValue ? node.attributes.number(name, otherwise) : graph_.constant(node, i, "bound").values.at(0);
  };
  const bool relu = node.op == "Relu";
  const double low = relu ? 0 : bound(1, "min", -kNone);
  const double high = relu ? kNone : bound(2, "max", kNone);
  if (!(low < high)) node.refuse(fmt::format("it clips to {:g}..{:g}; train the network with ReLU", low, high));
  View seen = view(node);
  PlanLayer* layer = open_layer(seen);
  if (layer == nullptr || layer->quantiser) {
    if (low <= 0 && high == kNone && lowest(seen) >= 0) return give(node, seen);  // it never acts
    seen = rescaled(node, seen);
    layer = &plan_.layers.back();
  }
  PlanLayer& changed = changed_layer(*layer, true);
  changed.low = std::max(changed.low, low);
  changed.high = std::min(changed.high, high);
  give(node, seen);
}

// Whether a quantiser cuts values off, over the images whose ranges are known.
bool Matcher::clips(const Node& node, const Quantiser& levels) const {
  if (ranges_ == nullptr || levels.bipolar) return false;
  const Range& range = (*ranges_)[static_cast<std::size_t>(node.input(0))];
  return range.low < levels.scale * (levels.low - levels.zero - 1) || range.high > levels.scale * (levels.high - levels.zero + 1);
}

void Matcher::leave_out(const Node& node, const Quantiser& levels) {
  ++plan_.left_out;
  plan_.left_out_clips += clips(node, levels) ? 1 : 0;
}

void Matcher::quantise(const Node& node) {
  Quantiser levels;
  levels.bipolar = node.op == "BipolarQuant";
  levels.scale = graph_.constant(node, 1, "scale").values.at(0);
  if (!levels.bipolar) {
    levels.zero = node.input(2) == kNoValue ? 0 : graph_.constant(node, 2, "zero point").values.at(0);
    levels.low = node.attributes.number("low", 0);
    levels.high = node.attributes.number("high", 255);
  }
  if (!(levels.scale > 0) || !std::isfinite(levels.scale) || !std::isfinite(levels.zero)) {
    node.refuse(fmt::format("its scale is {:g} and its zero point {:g}; scales are positive", levels.scale, levels.zero));
  }
  const int value = node.outputs.front();
  constexpr double kMostLevels = 256;
  const bool added = only_added(value);
  View seen = view(node);
  PlanLayer* layer = open_layer(seen);
  const bool last = layer != nullptr && layer->kind != LayerKind::Pool && ends(value);
  if (levels.high - levels.low >= kMostLevels && !last && !added) {
    node.refuse(fmt::format("it has {:g} levels, but activations have at most 256; quantise them to 8 bits", levels.high - levels.low + 1));
  }
  if (layer != nullptr && !layer->quantiser) {
    if (added && layer->kind != LayerKind::Pool) {
      layer->quantiser = levels;  // what it is worth, the addition decides
      clipping_[value] = clips(node, levels);
      return give(node, seen);
    }
    close(seen.layer, levels);
    return give(node, seen);
  }
  if (seen.averaged && clips(node, levels)) {
    const View pooled = averaged_layers(node, seen);
    if (pooled.layer != seen.layer) {
      close(pooled.layer, levels);
      return give(node, pooled);
    }
  }
  if (seen.averaged || added) {
    leave_out(node, levels);
    return give(node, seen);
  }
  const bool untouched = uniform(seen.scale) && uniform(seen.offset) && seen.scale.front() == 1 && seen.offset.front() == 0;
  if (seen.layer == kPixels && !levels.bipolar && untouched && !plan_.input_quantiser) {
    plan_.input_quantiser = levels;
    return give(node, seen);
  }
  if (seen.layer != kPixels && untouched) {
    const PlanLayer* before = &plan_.layers[static_cast<std::size_t>(seen.layer)];
    while (before->kind == LayerKind::Pool && !before->average && !before->quantiser && before->input.layer != kPixels) {
      before = &plan_.layers[static_cast<std::size_t>(before->input.layer)];
    }
    if (before->quantiser && same_levels(*before->quantiser, levels)) return give(node, seen);
  }
  seen = rescaled(node, seen);
  close(seen.layer, levels);
  give(node, seen);
}

// A layer with weights that is still open takes the other image as its shortcut.
void Matcher::addition(const Node& node) {
  if (node.inputs.size() != 2) node.refuse(fmt::format("it adds {} images; add two at a time", node.inputs.size()));
  View a = view(node, 0);
  View b = view(node, 1);
  if (sizes(node.input(0)) != sizes(node.input(1))) node.refuse("it adds images of different sizes; only images of the same size are possible");
  const auto main = [&](const View& seen) {
    const PlanLayer* layer = open_layer(seen);
    return layer != nullptr && layer->kind != LayerKind::Pool && !layer->shortcut && !layer->clipped();
  };
  const auto single = [&](const View& seen) { return plan_.layers[static_cast<std::size_t>(seen.layer)].kernel == std::array<int, 2>{1, 1}; };
  const bool swaps = !main(a) || (main(b) && single(a) && !single(b));
  if (swaps) std::swap(a, b);
  if (!main(a) || a.layer == b.layer) {
    node.refuse("it adds two activations, but the engine adds a shortcut only to what a convolution or dense layer gives; put one in front");
  }
  PlanLayer* other = open_layer(b);
  const bool projects = other != nullptr && other->kind != LayerKind::Pool && !other->clipped();
  if (projects) {
    other->projection = true;
    other->open = false;
  } else {
    closed(b);
  }
  if (b.averaged || b.flat || b.pixels_first || b.pads != std::array<std::int64_t, 4>{}) {
    node.refuse("its shortcut is reshaped or padded around; only channels may be padded");
  }
  if (!uniform(b.scale) || !positive(b.scale)) node.refuse("its shortcut has a scale for every channel; only one for all is possible");
  PlanLayer& layer = plan_.layers[static_cast<std::size_t>(a.layer)];
  if (layer.quantiser) {  // of the sum's part: the engine rounds the sum alone
    layer.quantiser.reset();
    ++plan_.left_out;
    plan_.left_out_clips += clipping_[layer.value] ? 1 : 0;
  }
  layer.shortcut = b;
  give(node, a);
}

}  // namespace flexor::foreign
