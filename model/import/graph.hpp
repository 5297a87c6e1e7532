// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// What reads networks of other tools (docs/import.md).
namespace flexor::foreign {

using Sizes = std::vector<std::int64_t>;

/// Values of any element type, as doubles in row-major order; int64 beyond 2^53 loses its last bits, which only ever says "to the end".
struct Tensor {
  Sizes sizes;                 ///< empty: a scalar
  std::vector<double> values;  ///< as many as the product of the sizes
  bool whole = false;          ///< of an integer type: divisions round toward zero
  int bits = 0;                ///< of an integer type of 4 to 16 bits, negative where it is signed; else 0
};

/// Number of values of a tensor of these sizes. Throws InputError when a size is negative or there are more than kMostValues.
std::int64_t count(const Sizes& sizes);
inline constexpr std::int64_t kMostValues = std::int64_t{1} << 28;
/// "[1, 3, 32, 32]".
std::string text(const Sizes& sizes);

/// Attributes of a node by name; what it does not have, takes the value of the standard.
struct Attributes {
  std::map<std::string, Sizes, std::less<>> integers;  ///< INT (one) and INTS
  std::map<std::string, std::vector<double>, std::less<>> numbers;
  std::map<std::string, std::string, std::less<>> texts;
  std::map<std::string, Tensor, std::less<>> tensors;

  [[nodiscard]] std::int64_t integer(std::string_view name, std::int64_t otherwise) const;
  [[nodiscard]] double number(std::string_view name, double otherwise) const;
  [[nodiscard]] Sizes list(std::string_view name, Sizes otherwise) const;
  [[nodiscard]] std::string text(std::string_view name, std::string otherwise) const;
  [[nodiscard]] bool has(std::string_view name) const;
};

inline constexpr int kNoValue = -1;  ///< an input that is left out

/// One operation. Values are numbered; Graph::names has their names.
struct Node {
  std::string op;    ///< without domain: "Conv"
  std::string name;  ///< of the node, or of its output where it has none
  std::vector<int> inputs, outputs;
  Attributes attributes;

  [[nodiscard]] int input(std::size_t i) const { return i < inputs.size() ? inputs[i] : kNoValue; }
  /// Throws InputError: "node 'NAME' (OP): COMPLAINT".
  [[noreturn]] void refuse(std::string_view complaint) const;
};

/// A network as its file says it, one image at a time, nodes in the order of their computation.
struct Graph {
  std::string name;
  std::vector<std::string> names;   ///< of every value
  std::vector<Node> nodes;
  std::map<int, Tensor> constants;  ///< values that no input changes
  int input = kNoValue;             ///< the only one
  Sizes input_sizes;                ///< the first is 1: one image
  bool takes_bytes = false;         ///< the input is uint8
  int output = kNoValue;            ///< the first one, the logits

  [[nodiscard]] bool is_constant(int value) const { return value == kNoValue || constants.contains(value); }
  /// The constant of input i of a node. Throws InputError that names the node when it depends on the image.
  [[nodiscard]] const Tensor& constant(const Node& node, std::size_t i, std::string_view what) const;
  /// How many nodes read a value; the network's output counts as one more.
  [[nodiscard]] std::vector<int> uses() const;
};

}  // namespace flexor::foreign
