// SPDX-License-Identifier: Apache-2.0
#include "import/simplify.hpp"

#include <algorithm>

namespace flexor::foreign {
namespace {

bool gives_its_input(const Node& node) {
  if (node.op == "Identity" || node.op == "Dropout") return true;
  constexpr std::int64_t kFloat = 1, kHalf = 10, kDouble = 11, kBfloat = 16;
  const std::int64_t to = node.attributes.integer("to", 0);
  return node.op == "Cast" && (to == kFloat || to == kHalf || to == kDouble || to == kBfloat);
}

}  // namespace

std::vector<std::string> drop_tail(Graph& graph) {
  std::vector<std::string> dropped;
  for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
    if (std::find(node->outputs.begin(), node->outputs.end(), graph.output) == node->outputs.end()) continue;
    const bool ends = node->op == "Softmax" || node->op == "LogSoftmax" || node->op == "ArgMax";
    if ((!ends && !gives_its_input(*node)) || node->outputs.front() != graph.output || node->input(0) == kNoValue) break;
    if (ends) dropped.push_back(node->op);
    graph.output = node->input(0);
  }
  return dropped;
}

void drop_identities(Graph& graph) {
  std::vector<int> stands_for(graph.names.size());
  for (std::size_t i = 0; i < stands_for.size(); ++i) stands_for[i] = static_cast<int>(i);
  const auto actual = [&](int value) { return value == kNoValue ? kNoValue : stands_for[static_cast<std::size_t>(value)]; };
  std::vector<Node> kept;
  for (Node& node : graph.nodes) {
    for (int& value : node.inputs) value = actual(value);
    if (gives_its_input(node) && node.input(0) != kNoValue) {
      stands_for[static_cast<std::size_t>(node.outputs.front())] = node.input(0);
    } else {
      kept.push_back(std::move(node));
    }
  }
  graph.nodes = std::move(kept);
  graph.output = actual(graph.output);
}

}  // namespace flexor::foreign
