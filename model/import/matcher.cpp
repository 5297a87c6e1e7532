// SPDX-License-Identifier: Apache-2.0
#include "import/matcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "code/error.hpp"
#include "import/quantisers.hpp"

namespace flexor::foreign {
namespace {

bool identity(const View& view) {
  const auto all = [](const std::vector<double>& values, double wanted) {
    return std::all_of(values.begin(), values.end(), [wanted](double value) { return value == wanted; });
  };
  return all(view.scale, 1) && all(view.offset, 0);
}

bool neutral(const PlanLayer& layer) {
  return std::all_of(layer.gain.begin(), layer.gain.end(), [](double value) { return value == 1; }) &&
         std::all_of(layer.offset.begin(), layer.offset.end(), [](double value) { return value == 0; }) && !layer.clipped();
}

}  // namespace

bool View::plain() const {
  const bool padded = std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; });
  return !flat && !pixels_first && !averaged && !halved[0] && !halved[1] && front == 0 && behind == 0 && !padded;
}

Matcher::Matcher(const Graph& graph, const std::vector<Sizes>& sizes, const std::vector<Range>* ranges)
    : graph_(graph), sizes_(sizes), ranges_(ranges), uses_(graph.uses()), views_(graph.names.size()) {
  const Sizes& in = graph.input_sizes;
  constexpr std::int64_t kMost = 1 << 20;
  if ((in.size() != 4 && in.size() != 2) || std::any_of(in.begin(), in.end(), [](std::int64_t size) { return size < 1 || size > kMost; })) {
    throw InputError(fmt::format("the network takes {}, but images [1, channels, height, width] are wanted", text(in)));
  }
  plan_.name = graph.name;
  const auto side = [&](std::size_t i) { return static_cast<int>(in[i]); };
  plan_.input = in.size() == 2 ? Shape{1, 1, side(1)} : Shape{side(2), side(3), side(1)};
  // Images [1, H, W, C] are turned by the first node.
  for (const Node& node : graph.nodes) {
    if (node.op == "Transpose" && node.input(0) == graph.input && node.attributes.list("perm", {}) == Sizes{0, 3, 1, 2}) {
      plan_.pixels_last = false;
      plan_.input = {side(1), side(2), side(3)};
    }
  }
  views_[static_cast<std::size_t>(graph.input)] = whole(kPixels);
}

View Matcher::whole(int layer) const {
  View view;
  view.layer = layer;
  const auto channels = static_cast<std::size_t>(shape(view).channels);
  view.scale.assign(channels, 1);
  view.offset.assign(channels, 0);
  return view;
}

const Shape& Matcher::shape(const View& view) const {
  return view.layer == kPixels ? plan_.input : plan_.layers[static_cast<std::size_t>(view.layer)].output;
}

const View& Matcher::view(const Node& node, std::size_t i) const {
  const int value = node.input(i);
  if (value == kNoValue || !views_[static_cast<std::size_t>(value)]) {
    node.refuse(fmt::format("its input {} is no image; docs/import.md lists the operators that are imported", i + 1));
  }
  return *views_[static_cast<std::size_t>(value)];
}

PlanLayer* Matcher::open_layer(const View& view) {
  if (view.layer == kPixels || !identity(view) || !(view.front == 0 && view.behind == 0 && !view.averaged)) return nullptr;
  PlanLayer& layer = plan_.layers[static_cast<std::size_t>(view.layer)];
  return layer.open ? &layer : nullptr;
}

void Matcher::give(const Node& node, View view) {
  const int value = node.outputs.front();
  PlanLayer* layer = open_layer(view);
  if (layer != nullptr) layer->value = value;
  if (layer != nullptr && uses_[static_cast<std::size_t>(value)] > 1) close(view.layer, layer->quantiser);
  views_[static_cast<std::size_t>(value)] = std::move(view);
}

// Whether every reader of a value adds it to another image.
bool Matcher::only_added(int value) const {
  bool read = false;
  for (const Node& node : graph_.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) == node.inputs.end()) continue;
    const bool adds = (node.op == "Add" || node.op == "Sum") && node.inputs.size() == 2 && !graph_.is_constant(node.inputs[0]) &&
                      !graph_.is_constant(node.inputs[1]);
    if (!adds) return false;
    read = true;
  }
  return read && value != graph_.output;
}

// Whether a value is the output, but for its sizes.
bool Matcher::ends(int value) const {
  for (const Node& node : graph_.nodes) {
    const bool reads = std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end();
    if (!reads) continue;
    if (node.op != "Identity" && node.op != "Flatten" && node.op != "Reshape" && node.op != "Squeeze") return false;
    value = node.outputs.front();
  }
  return value == graph_.output;
}

std::string Matcher::unique_name(const std::string& wanted) {
  std::string name;
  for (const char letter : wanted) {
    const bool plain = std::isalnum(static_cast<unsigned char>(letter)) != 0;
    if (plain) name += letter;
    if (!plain && !name.empty() && name.back() != '_') name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty()) name = "layer";
  std::string unique = name;
  for (int n = 2; !names_.insert(unique).second; ++n) unique = fmt::format("{}_{}", name, n);
  return unique;
}

PlanLayer& Matcher::add_layer(const Node& node, const View& input, LayerKind kind) {
  constexpr std::size_t kMostLayers = 4096;
  if (plan_.layers.size() >= kMostLayers) node.refuse(fmt::format("the network has more than {} layers; take a smaller one", kMostLayers));
  PlanLayer layer;
  layer.name = unique_name(node.name);
  layer.kind = kind;
  layer.input = input;
  const Sizes& out = sizes(node.outputs.front());
  const auto side = [&](std::size_t i) { return i < out.size() ? static_cast<int>(out[i]) : 1; };
  layer.output = {side(2), side(3), side(1)};
  layer.gain.assign(static_cast<std::size_t>(layer.output.channels), 1);
  layer.offset.assign(static_cast<std::size_t>(layer.output.channels), 0);
  layer.value = node.outputs.front();
  plan_.layers.push_back(std::move(layer));
  return plan_.layers.back();
}

// A maximum of windows keeps order, so what only increases may as well change the layer in front of it.
PlanLayer& Matcher::changed_layer(PlanLayer& layer, bool increases) {
  if (layer.kind != LayerKind::Pool || layer.average || layer.input.layer == kPixels || !neutral(layer)) return layer;
  PlanLayer& before = plan_.layers[static_cast<std::size_t>(layer.input.layer)];
  if (!before.open) return layer;
  if (increases) return changed_layer(before, true);
  close(layer.input.layer, std::nullopt);
  return layer;
}

void Matcher::close(int index, const std::optional<Quantiser>& quantiser) {
  PlanLayer& layer = plan_.layers[static_cast<std::size_t>(index)];
  PlanLayer& changed = changed_layer(layer, true);
  changed.quantiser = quantiser;
  changed.value = layer.value;
  for (int at = index; at != kPixels; at = plan_.layers[static_cast<std::size_t>(at)].input.layer) {
    PlanLayer& one = plan_.layers[static_cast<std::size_t>(at)];
    if (!one.open) break;
    one.open = false;
    if (&one == &changed) break;
  }
}

View Matcher::closed(View view) {
  if (view.layer != kPixels && plan_.layers[static_cast<std::size_t>(view.layer)].open) {
    close(view.layer, plan_.layers[static_cast<std::size_t>(view.layer)].quantiser);
  }
  return view;
}

void Matcher::visit(const Node& node) {
  const std::string& op = node.op;
  if (op == "Conv") return convolution(node);
  if (op == "Gemm" || op == "MatMul") return dense(node);
  if (op == "MaxPool" || op == "AveragePool" || op == "GlobalMaxPool") return pool(node);
  if (op == "GlobalAveragePool" || op == "ReduceMean") return average_all(node);
  if (op == "BatchNormalization") return normalisation(node);
  if (op == "DequantizeLinear") return dequantisation(node);
  if (op == "Relu" || op == "Clip") return clip(node);
  if (op == kQuantiser || op == "BipolarQuant") return quantise(node);
  if (op == "Flatten" || op == "Reshape" || op == "Squeeze" || op == "Unsqueeze") return reshape(node);
  if (op == "Transpose") return transpose(node);
  if (op == "Pad") return pad(node);
  if (op == "Slice") return slice(node);
  if (op == "Neg") return affine(node, std::vector<double>(view(node).scale.size(), -1), std::vector<double>(view(node).scale.size(), 0));
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Sum") {
    const bool constant = node.inputs.size() == 2 && (graph_.is_constant(node.inputs[0]) || graph_.is_constant(node.inputs[1]));
    if (constant) return constant_operation(node);
    if (op == "Add" || op == "Sum") return addition(node);
    node.refuse("it joins two images, but the engine only adds them; train the network with Add in its place");
  }
  if (op == "Identity" || op == "Dropout" || (op == "Cast" && node.attributes.integer("to", 1) != 9)) return give(node, view(node));
  if (op == "Concat") node.refuse("it joins channels of images, which no layer of the engine does; train the network with Add in its place");
  node.refuse(fmt::format("no layer of the engine does this to an image; {}", advice_about(op)));
}

// The last layer gives logits.
void Matcher::finish() {
  const std::string& name = graph_.names[static_cast<std::size_t>(graph_.output)];
  const auto refuse = [&](const std::string& why) { throw InputError(fmt::format("the output '{}' {}", name, why)); };
  const View& last = *views_[static_cast<std::size_t>(graph_.output)];
  if (last.layer == kPixels || last.averaged) refuse("is no layer's with weights; the last layer must be Gemm, MatMul or Conv");
  PlanLayer& layer = plan_.layers[static_cast<std::size_t>(last.layer)];
  if (layer.kind == LayerKind::Pool) refuse("is a pooling layer's; the last layer must be Gemm, MatMul or Conv");
  if (layer.clipped() || layer.shortcut || !identity(last)) {
    refuse("has a Relu, Clip, shortcut or scale behind the last layer's quantiser; end the network with the layer itself");
  }
  if (layer.quantiser && layer.quantiser->bipolar) refuse("is quantised to one bit; end the network with the layer itself");
  if (layer.output.height * layer.output.width != 1) {
    refuse(fmt::format("has {}x{} pixels; a classifier gives one number a class", layer.output.height, layer.output.width));
  }
  layer.logits = true;
  layer.open = false;
}

Plan Matcher::run() {
  for (const Node& node : graph_.nodes) visit(node);
  if (!views_[static_cast<std::size_t>(graph_.output)]) throw InputError("the output is computed by none of the nodes; export the model again");
  finish();
  return std::move(plan_);
}

Plan make_plan(const Graph& graph, const std::vector<Sizes>& sizes, const std::vector<Range>* ranges) {
  return Matcher(graph, sizes, ranges).run();
}

}  // namespace flexor::foreign
