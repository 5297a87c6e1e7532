// SPDX-License-Identifier: Apache-2.0
#include "import/evaluate.hpp"

#include <algorithm>
#include <cmath>

#include "code/error.hpp"

namespace flexor::foreign {
namespace {

using Values = std::vector<Tensor>;

// What a value holds, or null where it was not computed: a second output, or a mask.
const Tensor* held(const Graph& graph, const Values& values, const std::vector<bool>& known, int value) {
  if (value == kNoValue) return nullptr;
  const auto constant = graph.constants.find(value);
  if (constant != graph.constants.end()) return &constant->second;
  return known[static_cast<std::size_t>(value)] ? &values[static_cast<std::size_t>(value)] : nullptr;
}

Tensor compute(const Graph& graph, const Values& values, const std::vector<bool>& known, const Node& node, Work& work) {
  Arguments arguments{node, {}, work};
  for (const int value : node.inputs) arguments.inputs.push_back(held(graph, values, known, value));
  Tensor out = find_operator(node.op)(arguments);
  work.spend(node, static_cast<std::int64_t>(out.values.size()));
  return out;
}

void drop_unread(Graph& graph) {
  std::vector<int> uses = graph.uses();
  std::vector<Node> kept;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    const bool read = std::any_of(node->outputs.begin(), node->outputs.end(),
                                  [&](int value) { return value != kNoValue && uses[static_cast<std::size_t>(value)] > 0; });
    if (read) {
      kept.push_back(std::move(*node));
      continue;
    }
    for (const int value : node->inputs) {
      if (value != kNoValue) --uses[static_cast<std::size_t>(value)];
    }
  }
  std::reverse(kept.begin(), kept.end());
  graph.nodes = std::move(kept);
}

}  // namespace

std::vector<Sizes> fold_constants(Graph& graph) {
  Work work;
  Values values(graph.names.size());
  std::vector<bool> known(graph.names.size(), false);
  std::vector<Sizes> sizes(graph.names.size());
  const auto input = static_cast<std::size_t>(graph.input);
  values[input] = {graph.input_sizes, std::vector<double>(static_cast<std::size_t>(count(graph.input_sizes)), 0), false};
  known[input] = true;
  sizes[input] = graph.input_sizes;
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    const auto output = static_cast<std::size_t>(node.outputs.front());
    values[output] = compute(graph, values, known, node, work);
    known[output] = true;
    sizes[output] = values[output].sizes;
    const bool constant = node.op == "Shape" ||
                          std::all_of(node.inputs.begin(), node.inputs.end(), [&](int value) { return graph.is_constant(value); });
    if (constant) {
      graph.constants[node.outputs.front()] = std::move(values[output]);
    } else {
      kept.push_back(std::move(node));
    }
  }
  graph.nodes = std::move(kept);
  drop_unread(graph);
  if (graph.is_constant(graph.output)) throw InputError("the output does not depend on the image; export the model again");
  return sizes;
}

void Range::add(double value) {
  low = seen ? std::min(low, value) : value;
  high = seen ? std::max(high, value) : value;
  seen = true;
}

Evaluator::Evaluator(const Graph& graph) : graph_(graph), last_(graph.names.size(), 0) {
  for (std::size_t n = 0; n < graph.nodes.size(); ++n) {
    for (const int value : graph.nodes[n].inputs) {
      if (value != kNoValue) last_[static_cast<std::size_t>(value)] = n;
    }
  }
}

Tensor Evaluator::run(const Tensor& image, std::vector<Range>* ranges) const {
  Work work;
  Values values(graph_.names.size());
  std::vector<bool> known(graph_.names.size(), false);
  const auto keep = [&](int value, Tensor tensor) {
    const auto at = static_cast<std::size_t>(value);
    if (ranges != nullptr) {
      for (const double v : tensor.values) (*ranges)[at].add(v);
    }
    values[at] = std::move(tensor);
    known[at] = true;
  };
  keep(graph_.input, image);
  for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
    const Node& node = graph_.nodes[n];
    keep(node.outputs.front(), compute(graph_, values, known, node, work));
    for (const int value : node.inputs) {
      if (value == kNoValue || value == graph_.output || last_[static_cast<std::size_t>(value)] != n) continue;
      values[static_cast<std::size_t>(value)] = {};
    }
  }
  return std::move(values[static_cast<std::size_t>(graph_.output)]);
}

}  // namespace flexor::foreign
