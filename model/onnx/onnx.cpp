// SPDX-License-Identifier: Apache-2.0
#include "onnx/onnx.hpp"

#include <onnx/onnx_pb.h>

#include <cmath>
#include <cstdint>
#include <vector>

namespace flexor {
namespace {

constexpr int kOpset = 13;
constexpr int kIrVersion = 8;
constexpr double kExact = 1 << 24;  // float32 holds every integer up to here
constexpr int kShortcutShift = 8;   // shortcut multipliers count in 1/256

using Names = std::vector<std::string>;
using Sizes = std::vector<std::int64_t>;

// One convolution: weights [output][input][ky][kx].
struct Kernel {
  Sizes sizes;
  std::vector<float> weights;
};

// Plane p of a layer in the order of ONNX.
Kernel plane_kernel(const Network& network, const Layer& layer, int p) {
  const int depth = layer.input.channels;
  const std::int64_t window = static_cast<std::int64_t>(layer.kernel_height) * layer.kernel_width;
  Kernel kernel{{layer.output.channels, depth, layer.kernel_height, layer.kernel_width}, {}};
  const std::vector<std::int8_t> values = decrypt_weights(network, layer, p);
  kernel.weights.resize(values.size());
  const int length = layer.string_length();
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto place = static_cast<int>(i);
    const int k = place % length;
    const int r = place / length % layer.strings();
    const int m = place / length / layer.strings();
    const int y = layer.stack_rows ? k / depth % layer.kernel_height : r;
    const int x = layer.stack_rows ? k / depth / layer.kernel_height : k / depth;
    const std::int64_t spot = (static_cast<std::int64_t>(m) * depth + k % depth) * window + y * layer.kernel_width + x;
    kernel.weights[static_cast<std::size_t>(spot)] = values[i];
  }
  return kernel;
}

// The weights of all binary digits.
Kernel whole_kernel(const Network& network, const Layer& layer) {
  Kernel sum = plane_kernel(network, layer, 0);
  for (std::size_t p = 1; p < layer.planes.size(); ++p) {
    const Kernel plane = plane_kernel(network, layer, static_cast<int>(p));
    for (std::size_t i = 0; i < sum.weights.size(); ++i) sum.weights[i] += std::ldexp(plane.weights[i], static_cast<int>(p));
  }
  return sum;
}

class Graph {
 public:
  explicit Graph(const Network& network) : network_(network) {
    model_.set_ir_version(kIrVersion);
    model_.set_producer_name("flexor");
    model_.set_producer_version(network.provenance.tool_version);
    model_.set_doc_string(network.provenance.command);
    model_.add_opset_import()->set_version(kOpset);
    graph().set_name(network.name);
    const Shape& in = network.input;
    declare(*graph().add_input(), "pixels", onnx::TensorProto::UINT8, {in.channels, in.height, in.width});
    tensors_.push_back(cast("pixels", onnx::TensorProto::FLOAT, "pixels_float"));
    for (std::size_t l = 0; l < network.layers.size(); ++l) layer(l);
    const std::int64_t classes = network.layers.back().output.channels;
    node("Reshape", {tensors_.back(), integers("classes", {-1, classes})}, "logits");
    declare(*graph().add_output(), "logits", onnx::TensorProto::FLOAT, {classes});
  }
  [[nodiscard]] std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::GraphProto& graph() { return *model_.mutable_graph(); }

  static void declare(onnx::ValueInfoProto& value, const std::string& name, std::int32_t type, const Sizes& sizes) {
    value.set_name(name);
    auto& tensor = *value.mutable_type()->mutable_tensor_type();
    tensor.set_elem_type(type);
    tensor.mutable_shape()->add_dim()->set_dim_param("N");
    for (const std::int64_t size : sizes) tensor.mutable_shape()->add_dim()->set_dim_value(size);
  }

  onnx::NodeProto& node(const std::string& kind, const Names& inputs, const std::string& output) {
    onnx::NodeProto& made = *graph().add_node();
    made.set_op_type(kind);
    made.set_name(output);
    for (const std::string& name : inputs) made.add_input(name);
    made.add_output(output);
    return made;
  }
  static void attribute(onnx::NodeProto& node, const std::string& name, std::int64_t value) {
    onnx::AttributeProto& made = *node.add_attribute();
    made.set_name(name);
    made.set_type(onnx::AttributeProto::INT);
    made.set_i(value);
  }
  static void attribute(onnx::NodeProto& node, const std::string& name, const Sizes& values) {
    onnx::AttributeProto& made = *node.add_attribute();
    made.set_name(name);
    made.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) made.add_ints(value);
  }

  onnx::TensorProto& constant(const std::string& name, std::int32_t type, const Sizes& sizes) {
    onnx::TensorProto& made = *graph().add_initializer();
    made.set_name(name);
    made.set_data_type(type);
    for (const std::int64_t size : sizes) made.add_dims(size);
    return made;
  }
  std::string integers(const std::string& name, const Sizes& values) {
    auto& made = constant(name, onnx::TensorProto::INT64, {static_cast<std::int64_t>(values.size())});
    for (const std::int64_t value : values) made.add_int64_data(value);
    return name;
  }
  std::string number(const std::string& name, double value) {
    constant(name, onnx::TensorProto::DOUBLE, {}).add_double_data(value);
    return name;
  }
  template <typename Values>
  std::string per_channel(const std::string& name, const Values& values) {
    auto& made = constant(name, onnx::TensorProto::DOUBLE, {static_cast<std::int64_t>(values.size()), 1, 1});
    for (const auto value : values) made.add_double_data(value);
    return name;
  }

  std::string cast(const std::string& from, std::int32_t type, const std::string& to) {
    attribute(node("Cast", {from}, to), "to", type);
    return to;
  }
  std::string join(const std::string& kind, const std::string& a, const std::string& b, const std::string& to) {
    node(kind, {a, b}, to);
    return to;
  }

  // The tensor of a layer or of the pixels.
  [[nodiscard]] const std::string& tensor(int source) const {
    return source < 0 ? tensors_.front() : tensors_[static_cast<std::size_t>(source) + 1];
  }

  // Sums of one kernel as doubles.
  std::string sums(const Layer& layer, const std::string& input, const Kernel& kernel, const std::string& name) {
    auto& weights = constant(name + "_weights", onnx::TensorProto::FLOAT, kernel.sizes);
    for (const float value : kernel.weights) weights.add_float_data(value);
    onnx::NodeProto& made = node("Conv", {input, name + "_weights"}, name + "_sums");
    attribute(made, "strides", {layer.stride, layer.stride});
    attribute(made, "pads", {layer.padding.top, layer.padding.left, layer.padding.bottom, layer.padding.right});
    attribute(made, "dilations", {layer.dilation, layer.dilation});
    return cast(name + "_sums", onnx::TensorProto::DOUBLE, name + "_exact");
  }

  // Maximum or sum of every window in units of 1/kPoolUnit: places outside the input are 0 and count.
  std::string windows(const Layer& layer, const std::string& input) {
    const std::string& n = layer.name;
    std::string x = input;
    if (const Padding& p = layer.padding; !p.none()) {
      node("Pad", {x, integers(n + "_pads", {0, 0, p.top, p.left, 0, 0, p.bottom, p.right})}, n + "_padded");
      x = n + "_padded";
    }
    if (layer.average) {
      const Sizes sizes{layer.output.channels, 1, layer.kernel_height, layer.kernel_width};
      auto& ones = constant(n + "_ones", onnx::TensorProto::FLOAT, sizes);
      for (std::int64_t i = 0; i < sizes[0] * sizes[2] * sizes[3]; ++i) ones.add_float_data(kPoolUnit);
      onnx::NodeProto& made = node("Conv", {x, n + "_ones"}, n + "_sums");
      attribute(made, "strides", {layer.stride, layer.stride});
      attribute(made, "group", layer.output.channels);
      return cast(n + "_sums", onnx::TensorProto::DOUBLE, n + "_exact");
    }
    onnx::NodeProto& made = node("MaxPool", {x}, n + "_maximum");
    attribute(made, "kernel_shape", {layer.kernel_height, layer.kernel_width});
    attribute(made, "strides", {layer.stride, layer.stride});
    return join("Mul", cast(n + "_maximum", onnx::TensorProto::DOUBLE, n + "_exact"), number(n + "_unit", kPoolUnit), n + "_sums");
  }

  // Whether float32 holds every sum of a layer.
  [[nodiscard]] bool sums_fit(const Layer& layer, int largest) const {
    const double inputs = static_cast<double>(layer.kernel_height) * layer.kernel_width * layer.input.channels * layer.averaged_pixels();
    return inputs * largest * std::ldexp(1.0, static_cast<int>(layer.planes.size())) < kExact;
  }

  // The accumulators of a layer.
  std::string accumulators(const Layer& layer, const std::string& input, int largest) {
    const std::string& n = layer.name;
    if (layer.kind == LayerKind::Pool) return windows(layer, input);
    if (sums_fit(layer, largest)) return sums(layer, input, whole_kernel(network_, layer), n);
    std::string total;
    for (int p = static_cast<int>(layer.planes.size()) - 1; p >= 0; --p) {  // total = 2 total + sums
      const std::string plane = n + "_digit" + std::to_string(p);
      const std::string one = sums(layer, input, plane_kernel(network_, layer, p), plane);
      if (total.empty()) {
        total = one;
        continue;
      }
      const std::string doubled = join("Mul", total, number(plane + "_two", 2), plane + "_doubled");
      total = join("Add", doubled, one, plane + "_sum");
    }
    return total;
  }

  // (accumulators + bias) multiplier.
  std::string products(const Layer& layer, const std::string& acc) {
    const std::string& n = layer.name;
    const std::string t = join("Add", acc, per_channel(n + "_bias", layer.bias), n + "_biased");
    return join("Mul", t, per_channel(n + "_multiplier", layer.multiplier), n + "_product");
  }

  // The source's strided and zero-extended channels times their multiplier.
  std::string shortcut(const Layer& layer) {
    const Shortcut& from = *layer.shortcut;
    const std::string n = layer.name + "_shortcut";
    std::string r = tensor(from.source);
    const Shape& shape = network_.tensor(from.source);
    if (from.stride > 1) {
      node("Slice",
           {r, integers(n + "_starts", {0, 0}), integers(n + "_ends", {shape.height, shape.width}), integers(n + "_axes", {2, 3}),
            integers(n + "_steps", {from.stride, from.stride})},
           n + "_strided");
      r = n + "_strided";
    }
    const int behind = layer.output.channels - shape.channels - from.channel_offset;
    if (from.channel_offset > 0 || behind > 0) {
      node("Pad", {r, integers(n + "_pads", {0, from.channel_offset, 0, 0, 0, behind, 0, 0})}, n + "_padded");
      r = n + "_padded";
    }
    const double scale = std::ldexp(from.multiplier, layer.shift - kShortcutShift);
    return join("Mul", cast(r, onnx::TensorProto::DOUBLE, n + "_exact"), number(n + "_multiplier", scale), n + "_product");
  }

  // What the convolutions of a layer read: dense layers see all values in NHWC order as channels, or the sums of all pixels.
  std::string input_of(const Layer& layer, int source) {
    std::string x = tensor(source);
    const std::string& n = layer.name;
    if (layer.kind != LayerKind::Dense) return x;
    if (layer.global_average) {
      onnx::NodeProto& made = node("ReduceSum", {x, integers(n + "_axes", {2, 3})}, n + "_pixels");
      attribute(made, "keepdims", 1);
      return n + "_pixels";
    }
    attribute(node("Transpose", {x}, n + "_nhwc"), "perm", {0, 2, 3, 1});
    node("Reshape", {n + "_nhwc", integers(n + "_shape", {-1, layer.input.size(), 1, 1})}, n + "_flat");
    return n + "_flat";
  }

  void layer(std::size_t l) {
    const Layer& layer = network_.layers[l];
    const std::string& n = layer.name;
    const int source = network_.source(l);
    std::string v = products(layer, accumulators(layer, input_of(layer, source), network_.largest(source)));
    if (layer.shortcut) v = join("Add", v, shortcut(layer), n + "_with_shortcut");
    v = join("Add", v, number(n + "_half", std::ldexp(1.0, layer.shift - 1)), n + "_raised");
    v = join("Mul", v, number(n + "_one", std::ldexp(1.0, -layer.shift)), n + "_lsbs");
    node("Floor", {v}, n + "_floor");
    const double low = layer.logits ? -32768 : layer.projection ? -layer.activation_max - 1 : 0;
    const double high = layer.logits ? 32767 : layer.activation_max;
    node("Clip", {n + "_floor", number(n + "_low", low), number(n + "_high", high)}, n + "_clipped");
    std::string out = cast(n + "_clipped", onnx::TensorProto::FLOAT, n);
    if (layer.max_pool) {
      onnx::NodeProto& made = node("MaxPool", {out}, n + "_pooled");
      attribute(made, "kernel_shape", {2, 2});
      attribute(made, "strides", {2, 2});
      out = n + "_pooled";
    }
    tensors_.push_back(out);
  }

  const Network& network_;
  onnx::ModelProto model_;
  Names tensors_;  // of the pixels and every layer
};

}  // namespace

std::string to_onnx(const Network& network) {
  validate(network);
  return Graph(network).bytes();
}

}  // namespace flexor
