// SPDX-License-Identifier: Apache-2.0
#include "import/graph.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "code/error.hpp"

namespace flexor::foreign {
namespace {

template <typename Map>
auto find(const Map& map, std::string_view name) -> const typename Map::mapped_type* {
  const auto found = map.find(name);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

std::int64_t count(const Sizes& sizes) {
  std::int64_t product = 1;
  for (const std::int64_t size : sizes) {
    if (size < 0) throw InputError(fmt::format("a tensor has the sizes {}; export the model with fixed sizes", text(sizes)));
    if (size > 0 && product > kMostValues / size) {
      throw InputError(fmt::format("a tensor of the sizes {} is too large; take a smaller network", text(sizes)));
    }
    product *= size;
  }
  return product;
}

std::string text(const Sizes& sizes) { return fmt::format("[{}]", fmt::join(sizes, ", ")); }

std::int64_t Attributes::integer(std::string_view name, std::int64_t otherwise) const {
  const Sizes* found = find(integers, name);
  return found == nullptr || found->empty() ? otherwise : found->front();
}

double Attributes::number(std::string_view name, double otherwise) const {
  const auto* found = find(numbers, name);
  return found == nullptr || found->empty() ? otherwise : found->front();
}

Sizes Attributes::list(std::string_view name, Sizes otherwise) const {
  const Sizes* found = find(integers, name);
  return found == nullptr ? otherwise : *found;
}

std::string Attributes::text(std::string_view name, std::string otherwise) const {
  const std::string* found = find(texts, name);
  return found == nullptr ? otherwise : *found;
}

bool Attributes::has(std::string_view name) const {
  return find(integers, name) != nullptr || find(numbers, name) != nullptr || find(texts, name) != nullptr ||
         find(tensors, name) != nullptr;
}

void Node::refuse(std::string_view complaint) const { throw InputError(fmt::format("node '{}' ({}): {}", name, op, complaint)); }

const Tensor& Graph::constant(const Node& node, std::size_t i, std::string_view what) const {
  const auto found = constants.find(node.input(i));
  if (found == constants.end()) {
    node.refuse(fmt::format("its {} must be constant, but it depends on the image or is left out; export the model in evaluation mode", what));
  }
  return found->second;
}

std::vector<int> Graph::uses() const {
  std::vector<int> uses(names.size(), 0);
  for (const Node& node : nodes) {
    for (const int value : node.inputs) {
      if (value != kNoValue) ++uses[static_cast<std::size_t>(value)];
    }
  }
  if (output != kNoValue) ++uses[static_cast<std::size_t>(output)];
  return uses;
}

}  // namespace flexor::foreign
