// SPDX-License-Identifier: Apache-2.0
#include "import/quantisers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace flexor::foreign {
namespace {

// The nodes that read a value.
std::vector<Node*> readers(Graph& graph, int value) {
  std::vector<Node*> found;
  for (Node& node : graph.nodes) {
    if (std::find(node.inputs.begin(), node.inputs.end(), value) != node.inputs.end()) found.push_back(&node);
  }
  return found;
}

void become_identity(Node& node) {
  node.op = "Identity";
  node.inputs.resize(1);
}

void check_parameter(const Graph& graph, const Node& node, std::size_t i) {
  if (node.input(i) == kNoValue) return;
  if (graph.constant(node, i, i == 1 ? "scale" : "zero point").values.size() != 1) {
    node.refuse("it quantises activations by channel; quantise them by tensor");
  }
}

double parameter(const Graph& graph, const Node& node, std::size_t i, double otherwise) {
  check_parameter(graph, node, i);
  return node.input(i) == kNoValue ? otherwise : graph.constant(node, i, "parameter").values.front();
}

// QuantizeLinear with everything behind it up to its levels' values again.
void unify_linear(Graph& graph, Node& node) {
  const Tensor* zero = node.input(2) == kNoValue ? nullptr : &graph.constant(node, 2, "zero point");
  LevelRange range = type_range(node, zero);
  const double scale = parameter(graph, node, 1, 1);
  const double shift = parameter(graph, node, 2, 0);
  std::vector<Node*> behind = readers(graph, node.outputs.front());
  if (behind.size() == 1 && behind.front()->op == "Clip") {
    Node& clip = *behind.front();
    const auto bound = [&](std::size_t i, const char* name, double otherwise) {
      return clip.input(i) == kNoValue ? clip.attributes.number(name, otherwise) : parameter(graph, clip, i, otherwise);
    };
    range = {std::max(range.low, bound(1, "min", range.low)), std::min(range.high, bound(2, "max", range.high))};
    behind = readers(graph, clip.outputs.front());
    become_identity(clip);
  }
  for (Node* reader : behind) {
    if (reader->op != "DequantizeLinear") {
      node.refuse(fmt::format("node '{}' ({}) computes with its integers; quantise the model with the format QDQ", reader->name, reader->op));
    }
    if (parameter(graph, *reader, 1, 1) != scale || parameter(graph, *reader, 2, 0) != shift) {
      reader->refuse("its scale or zero point is not that of the QuantizeLinear before it; quantise the model again");
    }
    become_identity(*reader);
  }
  node.op = kQuantiser;
  node.attributes.numbers["low"] = {range.low};
  node.attributes.numbers["high"] = {range.high};
}

void unify_quant(const Graph& graph, Node& node) {
  const Tensor& bits = graph.constant(node, 3, "number of bits");
  if (bits.values.size() != 1) node.refuse("it has several numbers of bits; quantise by tensor");
  const LevelRange range = quant_range(node, bits.values.front());
  check_parameter(graph, node, 1);
  check_parameter(graph, node, 2);
  node.op = kQuantiser;
  node.inputs.resize(3);
  node.attributes.numbers["low"] = {range.low};
  node.attributes.numbers["high"] = {range.high};
}

}  // namespace

LevelRange type_range(const Node& node, const Tensor* zero) {
  const int bits = zero == nullptr ? 8 : zero->bits;
  if (bits == 8) return {0, 255};
  if (bits == -8) return {-128, 127};
  node.refuse("its zero point is neither uint8 nor int8; quantise the model to 8 bits");
}

LevelRange quant_range(const Node& node, double bits) {
  const std::string mode = node.attributes.text("rounding_mode", "ROUND");
  if (mode != "ROUND") node.refuse(fmt::format("its rounding_mode is '{}'; train the network with ROUND", mode));
  if (!(bits >= 1 && bits <= 32 && bits == std::floor(bits))) node.refuse(fmt::format("it has {:g} bits; 1 to 8 are possible", bits));
  const bool is_signed = node.attributes.integer("signed", 1) != 0;
  const bool narrow = node.attributes.integer("narrow", 0) != 0;
  const double half = std::ldexp(1.0, static_cast<int>(bits) - 1);
  if (is_signed) return {narrow ? 1 - half : -half, half - 1};
  return {0, 2 * half - (narrow ? 2 : 1)};
}

void unify_quantisers(Graph& graph) {
  for (Node& node : graph.nodes) {
    if (node.op == "QuantizeLinear") unify_linear(graph, node);
    if (node.op == "Quant" || node.op == "IntQuant") unify_quant(graph, node);
    if (node.op == "BipolarQuant") check_parameter(graph, node, 1);
  }
}

}  // namespace flexor::foreign
