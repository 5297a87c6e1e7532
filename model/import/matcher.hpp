// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "import/operators.hpp"
#include "import/plan.hpp"

namespace flexor::foreign {

/// Walks a graph node by node and keeps, for every value, which layer's output it is and how it is seen. A layer stays open while the nodes
/// behind it only change its gain, offset, clip, quantiser or shortcut; what something reads is closed.
class Matcher {
 public:
  Matcher(const Graph& graph, const std::vector<Sizes>& sizes, const std::vector<Range>* ranges);
  Plan run();

 private:
  // matcher.cpp
  void visit(const Node& node);
  void finish();
  void give(const Node& node, View view);
  [[nodiscard]] const View& view(const Node& node, std::size_t i = 0) const;
  [[nodiscard]] const Sizes& sizes(int value) const { return sizes_[static_cast<std::size_t>(value)]; }
  [[nodiscard]] const Shape& shape(const View& view) const;
  [[nodiscard]] PlanLayer* open_layer(const View& view);
  [[nodiscard]] bool only_added(int value) const;
  [[nodiscard]] bool ends(int value) const;
  std::string unique_name(const std::string& wanted);
  View whole(int layer) const;
  void close(int layer, const std::optional<Quantiser>& quantiser);
  View closed(View view);
  PlanLayer& add_layer(const Node& node, const View& input, LayerKind kind);
  PlanLayer& changed_layer(PlanLayer& layer, bool increases);

  // matcher_layers.cpp
  void convolution(const Node& node);
  void dense(const Node& node);
  void dense_layer(const Node& node, const View& input, const Tensor& weights, std::vector<double> bias);
  void pool(const Node& node);
  void average_all(const Node& node);
  View averaged_layers(const Node& node, const View& view);
  View rescaled(const Node& node, const View& view);
  Tensor image_weights(const Node& node, const View& input, const Tensor& weights) const;

  // matcher_values.cpp
  void affine(const Node& node, const std::vector<double>& scale, const std::vector<double>& offset, std::size_t image = 0);
  void constant_operation(const Node& node);
  void normalisation(const Node& node);
  void dequantisation(const Node& node);
  void clip(const Node& node);
  void quantise(const Node& node);
  void addition(const Node& node);
  [[nodiscard]] std::vector<double> per_channel(const Node& node, const Tensor& tensor, std::size_t image) const;
  [[nodiscard]] bool clips(const Node& node, const Quantiser& levels) const;
  void leave_out(const Node& node, const Quantiser& levels);
  [[nodiscard]] double lowest(const View& view) const;

  // matcher_shapes.cpp
  void reshape(const Node& node);
  void transpose(const Node& node);
  void pad(const Node& node);
  void slice(const Node& node);

  const Graph& graph_;
  const std::vector<Sizes>& sizes_;
  const std::vector<Range>* ranges_;
  std::vector<int> uses_;
  std::vector<std::optional<View>> views_;
  std::set<std::string> names_;
  std::map<int, bool> clipping_;  // of quantisers that wait for an addition: whether they cut values off
  Plan plan_;
};

}  // namespace flexor::foreign
