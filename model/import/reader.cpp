// SPDX-License-Identifier: Apache-2.0
#include "import/reader.hpp"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "code/error.hpp"
#include "import/operators.hpp"
#include "import/proto_tensor.hpp"

namespace flexor::foreign {
namespace {

constexpr int kMostNodes = 100000;

constexpr std::array<std::string_view, 3> kQuantDomains = {"qonnx.custom_op.general", "finn.custom_op.general", "onnx.brevitas"};

bool parse(google::protobuf::MessageLite& message, std::span<const std::uint8_t> bytes) {
  google::protobuf::LogSilencer silence;
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetTotalBytesLimit(INT_MAX);
  return message.ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

std::vector<std::uint8_t> file_bytes(const std::filesystem::path& file, const std::string& what) {
  std::error_code ignored;
  std::ifstream stream(file, std::ios::binary);
  if (!stream || !std::filesystem::is_regular_file(file, ignored)) {
    throw InputError(fmt::format("{} '{}' cannot be read; check the path", what, file.string()));
  }
  if (std::filesystem::file_size(file, ignored) >= INT_MAX) {
    throw InputError(fmt::format("{} '{}' is larger than 2 GiB; export its weights as external data", what, file.string()));
  }
  return {std::istreambuf_iterator<char>(stream), {}};
}

class Reader {
 public:
  Reader(const onnx::ModelProto& model, std::filesystem::path folder) : model_(model), folder_(std::move(folder)) {}

  Graph read() {
    const onnx::GraphProto& graph = model_.graph();
    if (graph.node_size() == 0) throw InputError("the file holds no ONNX network; give a file that an exporter wrote");
    if (graph.node_size() > kMostNodes) throw InputError(fmt::format("the network has more than {} nodes; take a smaller one", kMostNodes));
    graph_.name = graph.name();
    for (const auto& tensor : graph.initializer()) {
      graph_.constants[value(tensor.name())] = from_proto(tensor, folder_, fmt::format("constant '{}'", tensor.name()));
    }
    if (graph.sparse_initializer_size() > 0) throw InputError("the network has sparse constants; export it with dense ones");
    read_input();
    for (const auto& node : graph.node()) read_node(node);
    if (graph.output_size() == 0) throw InputError("the network has no output; export it again");
    const auto output = values_.find(graph.output(0).name());
    if (output == values_.end()) throw InputError(fmt::format("no node gives the output '{}'; export the model again", graph.output(0).name()));
    graph_.output = output->second;
    return std::move(graph_);
  }

 private:
  int value(const std::string& name) {
    const auto [found, is_new] = values_.emplace(name, static_cast<int>(graph_.names.size()));
    if (is_new) graph_.names.push_back(name);
    return found->second;
  }

  // The one input that is no constant.
  void read_input() {
    for (const auto& input : model_.graph().input()) {
      if (values_.contains(input.name())) continue;
      if (graph_.input != kNoValue) {
        throw InputError(fmt::format("the network has two inputs, '{}' and '{}'; export one that takes images alone",
                                     graph_.names[static_cast<std::size_t>(graph_.input)], input.name()));
      }
      graph_.input = value(input.name());
      graph_.takes_bytes = input.type().tensor_type().elem_type() == onnx::TensorProto::UINT8;
      for (const auto& dimension : input.type().tensor_type().shape().dim()) {
        const bool fixed = dimension.has_dim_value() && dimension.dim_value() > 0;
        if (!fixed && !graph_.input_sizes.empty()) {
          throw InputError(fmt::format("the input '{}' has no fixed size; export the model with a fixed height and width", input.name()));
        }
        graph_.input_sizes.push_back(fixed ? dimension.dim_value() : 1);
      }
    }
    if (graph_.input == kNoValue) throw InputError("the network has no input; export it again");
    if (graph_.input_sizes.size() < 2) {
      throw InputError(fmt::format("the input '{}' has the sizes {}, but [1, channels, height, width] is wanted",
                                   graph_.names[static_cast<std::size_t>(graph_.input)], text(graph_.input_sizes)));
    }
    if (graph_.input_sizes.front() != 1) {
      throw InputError(fmt::format("the network takes batches of {} images; export it for one or for a symbolic number",
                                   graph_.input_sizes.front()));
    }
    count(graph_.input_sizes);
  }

  void read_node(const onnx::NodeProto& from) {
    Node node;
    node.op = from.op_type();
    node.name = !from.name().empty() ? from.name() : from.output_size() > 0 ? from.output(0) : "";
    const bool quant = std::find(kQuantDomains.begin(), kQuantDomains.end(), from.domain()) != kQuantDomains.end();
    const bool standard = from.domain().empty() || from.domain() == "ai.onnx";
    const std::string advice = advice_about(node.op);
    if (!standard && !quant) node.refuse(fmt::format("its domain '{}' is none of ONNX's or QONNX's; {}", from.domain(), advice));
    if (find_operator(node.op) == nullptr) node.refuse(fmt::format("no layer of the engine does this; {}", advice));
    for (const std::string& name : from.input()) {
      if (!name.empty() && !values_.contains(name)) node.refuse(fmt::format("nothing before it gives its input '{}'; export the model again", name));
      node.inputs.push_back(name.empty() ? kNoValue : value(name));
    }
    for (const auto& attribute : from.attribute()) read_attribute(attribute, node);
    for (const std::string& name : from.output()) {
      if (!name.empty() && values_.contains(name)) node.refuse(fmt::format("'{}' is given twice; export the model again", name));
      node.outputs.push_back(name.empty() ? kNoValue : value(name));
    }
    if (node.outputs.empty() || node.outputs.front() == kNoValue) node.refuse("it has no output; export the model again");
    graph_.nodes.push_back(std::move(node));
  }

  void read_attribute(const onnx::AttributeProto& from, Node& node) {
    using onnx::AttributeProto;
    Attributes& to = node.attributes;
    switch (from.type()) {
      case AttributeProto::INT:
        to.integers[from.name()] = {from.i()};
        break;
      case AttributeProto::INTS:
        to.integers[from.name()].assign(from.ints().begin(), from.ints().end());
        break;
      case AttributeProto::FLOAT:
        to.numbers[from.name()] = {from.f()};
        break;
      case AttributeProto::FLOATS:
        to.numbers[from.name()].assign(from.floats().begin(), from.floats().end());
        break;
      case AttributeProto::STRING:
        to.texts[from.name()] = from.s();
        break;
      case AttributeProto::TENSOR:
        to.tensors[from.name()] = from_proto(from.t(), folder_, fmt::format("node '{}'", node.name));
        break;
      default:
        node.refuse(fmt::format("its attribute '{}' is of a kind that no importable operator has", from.name()));
    }
  }

  const onnx::ModelProto& model_;
  std::filesystem::path folder_;
  Graph graph_;
  std::map<std::string, int> values_;
};

}  // namespace

Graph read_onnx(std::span<const std::uint8_t> bytes, const std::filesystem::path& folder) {
  onnx::ModelProto model;
  if (bytes.size() >= INT_MAX || !parse(model, bytes)) throw InputError("it is no ONNX file; give a file that an exporter wrote");
  return Reader(model, folder).read();
}

Graph read_onnx(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> bytes = file_bytes(file, "ONNX file");
  try {
    return read_onnx(bytes, file.parent_path());
  } catch (const InputError& error) {
    throw InputError(fmt::format("ONNX file '{}': {}", file.string(), error.what()));
  }
}

Tensor read_tensor_proto(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> bytes = file_bytes(file, "tensor file");
  onnx::TensorProto proto;
  if (!parse(proto, bytes)) throw InputError(fmt::format("'{}' holds no ONNX tensor; give a .pb or .npy file of inputs", file.string()));
  return from_proto(proto, file.parent_path(), fmt::format("'{}'", file.string()));
}

}  // namespace flexor::foreign
