// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "import/graph.hpp"
#include "import/operators.hpp"

namespace flexor::foreign {

/// Computes what does not depend on the image once and for all, and drops nodes that nothing reads. Returns the sizes of every value for
/// one image (empty: not computed). Throws InputError that names the node that cannot be computed.
std::vector<Sizes> fold_constants(Graph& graph);

/// Smallest and largest value that a tensor takes.
struct Range {
  double low = 0, high = 0;
  bool seen = false;
  void add(double value);
};

/// Runs the graph in double precision, in the order of its nodes.
class Evaluator {
 public:
  explicit Evaluator(const Graph& graph);
  /// The output for one image, of the sizes Graph::input_sizes. `ranges`, of every value, grow with it where they are given.
  [[nodiscard]] Tensor run(const Tensor& image, std::vector<Range>* ranges = nullptr) const;

 private:
  const Graph& graph_;
  std::vector<std::size_t> last_;  // of every value: the last node that reads it
};

}  // namespace flexor::foreign
