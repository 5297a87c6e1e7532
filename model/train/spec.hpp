// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "network/network.hpp"

namespace flexor {

/// Residual input of a layer to train; the stride follows from the shapes.
struct ShortcutSpec {
  int source = kNetworkInput;                        ///< layer whose output is added
  double scale = 1.0;                                ///< output LSBs per source LSB at the start, 0..255
  bool learned = false;                              ///< the scale is a parameter
  std::optional<int> channel_offset = std::nullopt;  ///< output channel of the source's channel 0; without it the source is in the middle
};

/// Rows and columns of a kernel. A number is that many of both.
struct KernelSize {
  int height = 1;
  int width = 1;
  constexpr KernelSize() = default;
  constexpr KernelSize(int side) : KernelSize(side, side) {}  // NOLINT(google-explicit-constructor)
  constexpr KernelSize(int height_, int width_) : height(height_), width(width_) {}
};

/// One layer of a network to train, before it has weights.
struct LayerSpec {
  std::string name;
  LayerKind kind = LayerKind::Convolution;
  int channels = 0;        ///< output channels (of a pooling layer: 0, they are its input's)
  KernelSize kernel = {};  ///< convolution, pooling layer
  int stride = 1;
  Padding padding = {};
  int dilation = 1;  ///< convolution
  bool max_pool = false;
  bool logits = false;
  int activation_bits = 8;
  double clip = 4.0;        ///< activation range in batch-norm units: 2^activation_bits - 1 steps
  double gain = 1.0;        ///< of batch norm at the start
  double logit_unit = 256;  ///< logits: most LSBs per unit, a power of two
  int digits = 0;           ///< 0: encrypted weights; else plain weights of that many binary digits
  bool global_average = false;
  bool average = false;     ///< pooling layer: average instead of maximum
  bool projection = false;  ///< no ReLU: a signed output that later layers add, half of the range below 0
  double rate = 0;          ///< stored bits per weight; 0: the run's
  int source = kPreviousLayer;
  std::optional<ShortcutSpec> shortcut = std::nullopt;
};

/// A network as data: the trainer knows no network by name.
struct NetworkSpec {
  std::string name;
  Shape input;
  std::vector<LayerSpec> layers;
  SliceShape slice = {};  ///< of the weights of every layer
};

/// "10x2" or "16x2". Throws InputError for other words.
SliceShape parse_slice(const std::string& words);
/// Names of the shipped networks, model/train/networks/NAME.json.
std::vector<std::string> network_names();
/// A shipped name or a .json file (docs/training.md, "Networks"). Throws InputError: unknown name, or one sentence about the file.
NetworkSpec network_spec(const std::string& name);
/// Reads a description; `where` begins every complaint.
NetworkSpec parse_network(const std::string& json, const std::string& where);
/// The layers with every shape worked out and no weights yet. Throws InputError when a layer would be empty or a shortcut does not fit.
std::vector<Layer> layer_shapes(const NetworkSpec& spec);

}  // namespace flexor
