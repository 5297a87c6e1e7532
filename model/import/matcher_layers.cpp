// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "import/matcher.hpp"

namespace flexor::foreign {
namespace {

// What a layer of the engine cannot say about its windows yet: one stride for both axes, no dilation.
void check_window(const Node& node, const Window& window) {
  if (window.stride[0] != window.stride[1]) {
    node.refuse(fmt::format("its strides are {} and {}, but the engine has one for both axes; train with equal strides", window.stride[0],
                            window.stride[1]));
  }
  const bool dilated = (window.dilation[0] != 1 && window.kernel[0] > 1) || (window.dilation[1] != 1 && window.kernel[1] > 1);
  if (dilated) node.refuse("it is dilated, which no layer of the engine is; train the network with dilation 1");
}

}  // namespace

// Weights of a dense layer, [outputs, features], as kernels that are as large as the image.
Tensor Matcher::image_weights(const Node& node, const View& input, const Tensor& weights) const {
  const Shape& image = shape(input);
  const std::int64_t outputs = weights.sizes[0];
  const std::int64_t features = weights.sizes[1];
  const std::int64_t height = input.averaged ? 1 : image.height;
  const std::int64_t width = input.averaged ? 1 : image.width;
  if (features != height * width * image.channels || (!input.flat && height * width != 1)) {
    node.refuse(fmt::format("it has {} features, but the image before it is {}x{}x{}; put a Flatten between them", features, image.height,
                            image.width, image.channels));
  }
  if (!input.pixels_first || height * width == 1) return {{outputs, image.channels, height, width}, weights.values};
  Tensor turned{{outputs, image.channels, height, width}, std::vector<double>(weights.values.size())};
  std::size_t at = 0;
  for (std::int64_t m = 0; m < outputs; ++m) {
    for (std::int64_t place = 0; place < height * width; ++place) {
      for (std::int64_t c = 0; c < image.channels; ++c) {
        turned.values[static_cast<std::size_t>((m * image.channels + c) * height * width + place)] = weights.values[at++];
      }
    }
  }
  return turned;
}

void Matcher::dense_layer(const Node& node, const View& input, const Tensor& weights, std::vector<double> bias) {
  const Tensor kernels = image_weights(node, input, weights);
  PlanLayer& layer = add_layer(node, closed(input), LayerKind::Dense);
  layer.weights = kernels;
  layer.output = {1, 1, static_cast<int>(weights.sizes[0])};
  layer.offset = std::move(bias);
  layer.gain.assign(layer.offset.size(), 1);
  give(node, whole(static_cast<int>(plan_.layers.size()) - 1));
}

void Matcher::convolution(const Node& node) {
  const View input = view(node);
  const Tensor& weights = graph_.constant(node, 1, "weights");
  std::vector<double> bias(static_cast<std::size_t>(weights.sizes.at(0)), 0);
  if (node.input(2) != kNoValue) bias = graph_.constant(node, 2, "bias").values;
  const Window window = window_of(node, sizes(node.input(0)), {weights.sizes[2], weights.sizes[3]});
  check_window(node, window);
  const std::array<std::int64_t, 4> pads{window.before[0], window.before[1], window.after[0], window.after[1]};
  if (input.averaged || input.flat) {
    const bool single = weights.sizes[2] * weights.sizes[3] == 1 && pads == std::array<std::int64_t, 4>{};
    if (!single) node.refuse("it has windows over single numbers; use a 1x1 kernel or a dense layer");
    return dense_layer(node, input, {{weights.sizes[0], weights.sizes[1]}, weights.values}, std::move(bias));
  }
  if (input.halved[0] || input.halved[1] || input.front + input.behind > 0 || input.pixels_first) {
    node.refuse("it reads a Slice or padded channels, which only an Add may; use a stride or more channels");
  }
  PlanLayer& layer = add_layer(node, closed(input), LayerKind::Convolution);
  layer.weights = weights;
  layer.kernel = {static_cast<int>(window.kernel[0]), static_cast<int>(window.kernel[1])};
  layer.stride = static_cast<int>(window.stride[0]);
  for (std::size_t i = 0; i < 4; ++i) layer.pads[i] = pads[i] + input.pads[i];
  layer.input.pads = {};
  layer.offset = std::move(bias);
  give(node, whole(static_cast<int>(plan_.layers.size()) - 1));
}

void Matcher::dense(const Node& node) {
  const View input = view(node);
  const bool gemm = node.op == "Gemm";
  Tensor weights = graph_.constant(node, 1, "weights");
  if (gemm && node.attributes.integer("transA", 0) != 0) node.refuse("it turns its input; export the model with transA 0");
  if (!(gemm && node.attributes.integer("transB", 0) != 0)) {  // [features, outputs]
    Tensor turned{{weights.sizes[1], weights.sizes[0]}, std::vector<double>(weights.values.size())};
    for (std::int64_t f = 0; f < weights.sizes[0]; ++f) {
      for (std::int64_t m = 0; m < weights.sizes[1]; ++m) {
        turned.values[static_cast<std::size_t>(m * weights.sizes[0] + f)] = weights.values[static_cast<std::size_t>(f * weights.sizes[1] + m)];
      }
    }
    weights = std::move(turned);
  }
  const double alpha = gemm ? node.attributes.number("alpha", 1) : 1;
  for (double& weight : weights.values) weight *= alpha;
  std::vector<double> bias(static_cast<std::size_t>(weights.sizes[0]), 0);
  if (gemm && node.input(2) != kNoValue) {
    const Tensor& given = graph_.constant(node, 2, "bias");
    const std::vector<std::int32_t> places = broadcast_places(given.sizes, {1, weights.sizes[0]});
    for (std::size_t m = 0; m < bias.size(); ++m) {
      bias[m] = node.attributes.number("beta", 1) * given.values[static_cast<std::size_t>(places[m])];
    }
  }
  dense_layer(node, input, weights, std::move(bias));
}

// A layer of 1x1 windows that gives what a view shows, with levels of its own.
View Matcher::rescaled(const Node& node, const View& seen) {
  if (seen.halved[0] || seen.halved[1] || seen.front + seen.behind > 0 || seen.pads != std::array<std::int64_t, 4>{}) {
    node.refuse("it follows a Slice or Pad; only an Add or a layer with weights may");
  }
  View input = closed(whole(seen.layer));
  PlanLayer& layer = add_layer(node, input, LayerKind::Pool);
  layer.output = shape(seen);
  layer.gain = seen.scale;
  layer.offset = seen.offset;
  View view = whole(static_cast<int>(plan_.layers.size()) - 1);
  view.flat = seen.flat;
  view.pixels_first = seen.pixels_first;
  view.averaged = seen.averaged;
  return view;
}

void Matcher::pool(const Node& node) {
  const View input = view(node);
  const bool average = node.op == "AveragePool";
  const Shape image = shape(input);
  Window window{{image.height, image.width}, {image.height, image.width}, {0, 0}, {0, 0}, {1, 1}};
  if (node.op != "GlobalMaxPool") window = window_of(node, sizes(node.input(0)), {});
  if (window.kernel[0] == window.stride[0] && window.places(0, image.height) == 1) window.stride[0] = window.stride[1];
  check_window(node, window);
  View plain = input;
  plain.pads = {};
  if (!plain.plain()) node.refuse("it pools something else than a whole image; export the model again");
  const bool given = input.pads != std::array<std::int64_t, 4>{};
  const bool padded = given || window.before[0] + window.before[1] + window.after[0] + window.after[1] > 0;
  if (average && padded && !given && node.attributes.integer("count_include_pad", 0) == 0) {
    node.refuse("it does not count the zeros around the image; train with count_include_pad 1 or without padding");
  }
  const bool falls = std::any_of(input.scale.begin(), input.scale.end(), [](double scale) { return scale <= 0; });
  if (!average && falls) node.refuse("a negative scale stands between it and the layer before; train with positive ones");
  if (!average && given) node.refuse("it takes the maximum of padded zeros too; use the pads of MaxPool");
  const bool shifted = std::any_of(input.offset.begin(), input.offset.end(), [](double offset) { return offset != 0; });
  if (average && padded && shifted) node.refuse("the zeros around its image are not the engine's; train without padding");
  PlanLayer* before = open_layer(plain);
  const bool waits = before != nullptr && !average && before->kind != LayerKind::Dense && !before->quantiser;
  if (!waits) closed(input);
  PlanLayer& layer = add_layer(node, plain, LayerKind::Pool);
  layer.average = average;
  layer.kernel = {static_cast<int>(window.kernel[0]), static_cast<int>(window.kernel[1])};
  layer.stride = static_cast<int>(window.stride[0]);
  layer.pads = {window.before[0] + input.pads[0], window.before[1] + input.pads[1], window.after[0] + input.pads[2],
                window.after[1] + input.pads[3]};
  // Levels are pooled as they are; what they are seen as stands behind.
  layer.input = whole(input.layer);
  View seen = whole(static_cast<int>(plan_.layers.size()) - 1);
  if (!waits) {
    seen.scale = input.scale;
    seen.offset = input.offset;
  }
  give(node, seen);
}

// A mean over all pixels as pooling layers, whose windows have at most 15 places a side; two of them where one is not enough.
View Matcher::averaged_layers(const Node& node, const View& seen) {
  constexpr int kMostSide = 15;
  const Shape image = shape(seen);
  const int side = std::max(image.height, image.width);
  View input = whole(seen.layer);
  int first = 1;  // window of the first of two
  if (side > kMostSide) {
    for (int f = 2; f <= kMostSide; ++f) {
      if (image.height % f == 0 && image.width % f == 0 && side / f <= kMostSide) first = f;
    }
    if (first == 1) return seen;
    PlanLayer& part = add_layer(node, input, LayerKind::Pool);
    part.output = {image.height / first, image.width / first, image.channels};
    part.gain.assign(static_cast<std::size_t>(image.channels), 1);
    part.offset.assign(static_cast<std::size_t>(image.channels), 0);
    part.kernel = {first, first};
    part.stride = first;
    part.average = part.finer = true;
    part.open = false;
    part.value = node.input(0);
    if (seen.layer != kPixels) part.value = plan_.layers[static_cast<std::size_t>(seen.layer)].value;
    input = whole(static_cast<int>(plan_.layers.size()) - 1);
  }
  PlanLayer& layer = add_layer(node, input, LayerKind::Pool);
  layer.output = {1, 1, image.channels};
  layer.kernel = {image.height / first, image.width / first};
  layer.stride = side / first;
  layer.average = true;
  layer.gain = seen.scale;
  layer.offset = seen.offset;
  return whole(static_cast<int>(plan_.layers.size()) - 1);
}

void Matcher::average_all(const Node& node) {
  View seen = view(node);
  if (!seen.plain()) node.refuse("it averages something else than a whole image; export the model again");
  seen = closed(seen);
  seen.averaged = shape(seen).height * shape(seen).width != 1;
  give(node, seen);
}

}  // namespace flexor::foreign
