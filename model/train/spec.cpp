// SPDX-License-Identifier: Apache-2.0
#include "train/spec.hpp"

#include "code/error.hpp"

namespace flexor {
namespace {

LayerSpec convolution(const std::string& name, int channels, int padding, double clip) {
  return {.name = name, .channels = channels, .kernel = 5, .padding = padding, .max_pool = true, .clip = clip};
}

NetworkSpec lenet5(const std::string& name, int first, int second, int hidden, int padding) {
  return {.name = name,
          .input = {28, 28, 1},
          .data_name = "mnist",
          .layers = {convolution("conv1", first, padding, 6.0),
                     convolution("conv2", second, padding, 4.0),
                     {.name = "dense1", .kind = LayerKind::Dense, .channels = hidden},
                     {.name = "dense2", .kind = LayerKind::Dense, .channels = 10, .logits = true}}};
}

std::vector<NetworkSpec> known() { return {lenet5("lenet5-small", 20, 50, 500, 0), lenet5("lenet5-paper", 32, 64, 512, 2)}; }

}  // namespace

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const NetworkSpec& spec : known()) names.push_back(spec.name);
  return names;
}

NetworkSpec network_spec(const std::string& name) {
  for (const NetworkSpec& spec : known()) {
    if (spec.name == name) return spec;
  }
  std::string names;
  for (const std::string& known_name : network_names()) names += (names.empty() ? "" : ", ") + known_name;
  throw InputError("there is no network \"" + name + "\"; choose one of: " + names);
}

std::vector<Layer> layer_shapes(const NetworkSpec& spec) {
  std::vector<Layer> layers;
  Shape shape = spec.input;
  for (const LayerSpec& from : spec.layers) {
    Layer layer;
    layer.name = from.name;
    layer.kind = from.kind;
    layer.max_pool = from.max_pool;
    layer.logits = from.logits;
    layer.activation_max = (1 << from.activation_bits) - 1;
    if (from.kind == LayerKind::Dense) {
      layer.input = {1, 1, shape.size()};
      shape = {1, 1, from.channels};
    } else {
      layer.input = shape;
      layer.kernel_height = layer.kernel_width = from.kernel;
      layer.stride = from.stride;
      layer.padding = from.padding;
      layer.stack_rows = layers.empty();
      shape = {(shape.height + 2 * from.padding - from.kernel) / from.stride + 1,
               (shape.width + 2 * from.padding - from.kernel) / from.stride + 1, from.channels};
      if (from.max_pool) shape = {shape.height / 2, shape.width / 2, shape.channels};
    }
    layer.output = shape;
    layers.push_back(layer);
  }
  return layers;
}

}  // namespace flexor
