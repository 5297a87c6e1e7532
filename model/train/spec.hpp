// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "network/network.hpp"

namespace flexor {

/// One layer of a network to train, before it has weights.
struct LayerSpec {
  std::string name;
  LayerKind kind = LayerKind::Convolution;
  int channels = 0;  ///< output channels
  int kernel = 1;    ///< convolution: kernel_height = kernel_width
  int stride = 1;
  int padding = 0;
  bool max_pool = false;
  bool logits = false;
  int activation_bits = 8;
  double clip = 4.0;  ///< activation range in batch-norm units: activation_max stands for this value
};

/// A network as data: the trainer knows no network by name.
struct NetworkSpec {
  std::string name;
  Shape input;
  std::string data_name;  ///< "mnist"
  std::vector<LayerSpec> layers;
};

/// Names that network_spec() knows.
std::vector<std::string> network_names();
/// Throws InputError that lists the known names.
NetworkSpec network_spec(const std::string& name);
/// The layers with every shape worked out and no weights yet.
std::vector<Layer> layer_shapes(const NetworkSpec& spec);

}  // namespace flexor
