// SPDX-License-Identifier: Apache-2.0
// What flexor import writes for the trainer is what the trainer reads.
#include <gtest/gtest.h>

#include <random>

#include "code/code.hpp"
#include "import/import.hpp"
#include "train/spec.hpp"
#include "train/trainable.hpp"

namespace flexor::foreign {
namespace {

// Conv 3x3, Relu, MaxPool 2x2, Conv 3x3, Relu, MatMul.
Source source() {
  std::mt19937 random(4);
  std::normal_distribution<double> normal(0, 0.3);
  const auto draw = [&](const Sizes& sizes) {
    Tensor tensor{sizes, std::vector<double>(static_cast<std::size_t>(count(sizes)))};
    for (double& value : tensor.values) value = normal(random);
    return tensor;
  };
  Graph graph;
  graph.name = "start";
  graph.names = {"input", "w1", "c1", "r1", "p1", "w2", "c2", "r2", "flat", "w3", "logits"};
  graph.input = 0;
  graph.input_sizes = {1, 1, 12, 12};
  graph.constants = {{1, draw({4, 1, 3, 3})}, {5, draw({6, 4, 3, 3})}, {9, draw({6 * 16, 3})}};
  const auto add = [&](const std::string& op, std::vector<int> inputs, int output) -> Attributes& {
    graph.nodes.push_back({op, graph.names[static_cast<std::size_t>(output)], std::move(inputs), {output}, {}});
    return graph.nodes.back().attributes;
  };
  add("Conv", {0, 1}, 2).integers["pads"] = {1, 1, 1, 1};
  add("Relu", {2}, 3);
  Attributes& pool = add("MaxPool", {3}, 4);
  pool.integers["kernel_shape"] = {2, 2};
  pool.integers["strides"] = {2, 2};
  add("Conv", {4, 5}, 6), add("Relu", {6}, 7), add("Flatten", {7}, 8), add("MatMul", {8, 9}, 10);
  graph.output = 10;
  return match_source(std::move(graph));
}

TEST(ImportStart, TheTrainerHasTheSameLayersAndBeginsWithTheirOutputs) {
  Source from = source();
  const Levels pixels = pixel_levels(from, {});
  const Images images = random_images(from.plan.input, 64, 2);
  const Emitted start = emit(from.plan, pixels, calibrate(from, pixels, images), {.borders = false});
  const NetworkSpec spec = parse_network(network_json(start, 1000), "imported");
  ASSERT_EQ(spec.layers.size(), start.network.layers.size());
  EXPECT_EQ(spec.layers[0].digits, 8);
  EXPECT_EQ(spec.layers[1].digits, 0);
  const std::vector<Layer> shapes = layer_shapes(spec);
  for (std::size_t l = 0; l < shapes.size(); ++l) EXPECT_EQ(shapes[l].output, start.network.layers[l].output) << l;

  // One bit a weight: the outputs' mean and deviation of every channel are those of the file, whatever its codewords are.
  Trainable model(spec, identity_code(20), Method::Nearest, 1);
  torch::Tensor batch = torch::empty({64, 1, 12, 12});
  for (std::int64_t i = 0; i < 64; ++i) {
    for (std::int64_t p = 0; p < 144; ++p) batch[i][0][p / 12][p % 12] = images[static_cast<std::size_t>(i)][static_cast<std::size_t>(p)];
  }
  model->begin_from(start.network, batch);
  model->eval();
  const torch::NoGradGuard guard;
  const torch::Tensor trained = model->forward(batch);
  std::vector<double> wanted;
  for (const auto& outputs : reference_outputs(from, pixels, images, 1)) wanted.insert(wanted.end(), outputs.begin(), outputs.end());
  const torch::Tensor reference = torch::tensor(wanted, torch::kDouble).view({64, 3});
  // Logits of both go together: their correlation over images and classes is that of the same network with coarser weights.
  const auto centred = [](const torch::Tensor& x) { return (x - x.mean(0)).flatten(); };
  const torch::Tensor a = centred(trained.to(torch::kDouble));
  const torch::Tensor b = centred(reference);
  EXPECT_GT((a.dot(b) / (a.norm() * b.norm())).item<double>(), 0.5);
}

}  // namespace
}  // namespace flexor::foreign
