// SPDX-License-Identifier: Apache-2.0
// The exported file, read back and run by a small interpreter over libtorch's operations, against the golden model.
#include "onnx/onnx.hpp"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>

#include <map>

#include "golden/golden.hpp"
#include "networks.hpp"
#include "seed.hpp"
#include "train/tensor.hpp"

namespace flexor {
namespace {

using Tensors = std::map<std::string, torch::Tensor>;

torch::ScalarType type_of(std::int64_t type) {
  return type == onnx::TensorProto::FLOAT ? torch::kFloat : type == onnx::TensorProto::DOUBLE ? torch::kDouble : torch::kLong;
}

torch::Tensor read(const onnx::TensorProto& from) {
  const std::vector<std::int64_t> sizes(from.dims().begin(), from.dims().end());
  const auto make = [&](const auto& values) {
    torch::Tensor made = torch::empty({values.size()}, torch::kDouble);
    for (int i = 0; i < values.size(); ++i) made.data_ptr<double>()[i] = static_cast<double>(values[i]);
    return made.reshape(sizes).to(type_of(from.data_type()));
  };
  if (from.data_type() == onnx::TensorProto::FLOAT) return make(from.float_data());
  return from.data_type() == onnx::TensorProto::DOUBLE ? make(from.double_data()) : make(from.int64_data());
}

std::vector<std::int64_t> list(const torch::Tensor& values) {
  return {values.data_ptr<std::int64_t>(), values.data_ptr<std::int64_t>() + values.numel()};
}

std::vector<std::int64_t> list(const onnx::NodeProto& node, const std::string& name, const std::vector<std::int64_t>& otherwise = {}) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return {attribute.ints().begin(), attribute.ints().end()};
  }
  if (otherwise.empty()) throw std::runtime_error("no attribute " + name);
  return otherwise;
}

std::int64_t whole(const onnx::NodeProto& node, const std::string& name, std::int64_t otherwise) {
  for (const auto& attribute : node.attribute()) {
    if (attribute.name() == name) return attribute.i();
  }
  return otherwise;
}

// One node by ONNX's definition of it, as far as the exporter uses it.
torch::Tensor run_node(const onnx::NodeProto& node, const std::vector<torch::Tensor>& in) {
  const std::string& kind = node.op_type();
  if (kind == "Cast") return in[0].to(type_of(node.attribute(0).i()));
  if (kind == "Conv") {
    const auto pads = list(node, "pads", {0, 0, 0, 0});  // top, left, bottom, right
    const std::vector<std::int64_t> none{0, 0};
    return torch::conv2d(torch::constant_pad_nd(in[0], {pads[1], pads[3], pads[0], pads[2]}), in[1], {}, list(node, "strides"), none,
                         list(node, "dilations", {1, 1}), whole(node, "group", 1));
  }
  if (kind == "Add") return in[0] + in[1];
  if (kind == "Mul") return in[0] * in[1];
  if (kind == "Floor") return in[0].floor();
  if (kind == "Clip") return in[0].clamp(in[1].item<double>(), in[2].item<double>());
  if (kind == "MaxPool") return torch::max_pool2d(in[0], list(node, "kernel_shape"), list(node, "strides"));
  if (kind == "ReduceSum") return in[0].sum(list(in[1]), true);
  if (kind == "Transpose") return in[0].permute(list(node, "perm"));
  if (kind == "Reshape") return in[0].reshape(list(in[1]));
  if (kind == "Pad") {
    const auto pads = list(in[1]);
    return torch::constant_pad_nd(in[0], {pads[3], pads[7], pads[2], pads[6], pads[1], pads[5]});
  }
  if (kind == "Slice") {
    torch::Tensor cut = in[0];
    for (int i = 0; i < 2; ++i)
      cut = cut.slice(list(in[3])[static_cast<std::size_t>(i)], 0, list(in[2])[static_cast<std::size_t>(i)],
                      list(in[4])[static_cast<std::size_t>(i)]);
    return cut;
  }
  throw std::runtime_error("no node " + kind);
}

// Logits of images [N, C, H, W].
torch::Tensor run_model(const onnx::ModelProto& model, const torch::Tensor& pixels) {
  Tensors tensors{{model.graph().input(0).name(), pixels}};
  for (const auto& from : model.graph().initializer()) tensors[from.name()] = read(from);
  for (const auto& node : model.graph().node()) {
    std::vector<torch::Tensor> inputs;
    for (const std::string& name : node.input()) inputs.push_back(tensors.at(name));
    tensors[node.output(0)] = run_node(node, inputs);
  }
  return tensors.at(model.graph().output(0).name());
}

onnx::ModelProto parsed(const Network& network) {
  onnx::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(to_onnx(network)));
  onnx::checker::check_model(model);
  return model;
}

// Images on which the file and the golden model differ.
int differences(const onnx::ModelProto& model, const Network& network, const std::vector<std::vector<std::uint8_t>>& images) {
  const Golden golden(network);
  const Shape& in = network.input;
  int different = 0;
  for (const std::vector<std::uint8_t>& image : images) {
    const torch::Tensor bytes = torch::tensor(std::vector<std::int64_t>(image.begin(), image.end())).to(torch::kByte);
    const torch::Tensor pixels = bytes.view({1, in.height, in.width, in.channels}).permute({0, 3, 1, 2});
    const std::vector<std::int16_t> wanted = golden.logits(image.data());
    const torch::Tensor logits = run_model(model, pixels).flatten();
    const torch::Tensor exact = torch::tensor(std::vector<float>(wanted.begin(), wanted.end()));
    different += logits.scalar_type() == torch::kFloat && torch::equal(logits, exact) ? 0 : 1;
  }
  return different;
}

class Onnx : public testing::Test {
 protected:
  Onnx() : seed_(test::random_seed()), random_(seed_) {}
  std::vector<std::vector<std::uint8_t>> images(const Network& network, int count) {
    std::vector<std::vector<std::uint8_t>> drawn;
    for (int i = 0; i < count; ++i) drawn.push_back(test::random_image(random_, network.input));
    return drawn;
  }
  unsigned seed_;
  Random random_;
};

TEST_F(Onnx, RandomChainsGiveTheGoldenModelsLogits) {
  for (int trial = 0; trial < 20; ++trial) {
    const Network network = test::draw_network(random_);
    EXPECT_EQ(differences(parsed(network), network, images(network, 3)), 0) << test::describe(network);
  }
}

TEST_F(Onnx, RandomGraphsGiveTheGoldenModelsLogits) {
  for (int trial = 0; trial < 30; ++trial) {
    test::GraphParts parts;
    test::GraphLimits limits;
    if (trial % 3 == 2) limits.slice = {16, 2};
    const Network network = test::draw_graph(random_, parts, limits);
    EXPECT_EQ(differences(parsed(network), network, images(network, 3)), 0) << test::describe(network);
  }
}

TEST_F(Onnx, ZooModelGivesTheGoldenModelsLogitsAndOneWrongWeightIsSeen) {
  const Network network = load_network(std::string(FLEXOR_ZOO) + "/lenet5-small-0.4/model.flexor");
  onnx::ModelProto model = parsed(network);
  EXPECT_EQ(model.producer_name(), "flexor");
  EXPECT_EQ(model.doc_string(), network.provenance.command);
  const auto drawn = images(network, 5);
  EXPECT_EQ(differences(model, network, drawn), 0);
  auto& weights = *model.mutable_graph()->mutable_initializer(0);
  ASSERT_EQ(weights.data_type(), onnx::TensorProto::FLOAT);
  for (int m = 0; m < weights.dims(0); ++m) {  // the middle weight of every channel of the first layer
    const int middle = m * 25 + 12;
    weights.set_float_data(middle, -weights.float_data(middle));
  }
  EXPECT_EQ(differences(model, network, drawn), 5);
}

}  // namespace
}  // namespace flexor
