// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <fstream>

#include "train/train.hpp"

namespace flexor::test {

inline constexpr const char* kTinyNetwork = R"({
  "name": "tiny",
  "input": [8, 8, 1],
  "defaults": {"kernel": 3, "padding": 1, "clip": 6},
  "layers": [
    {"name": "conv", "channels": 4, "digits": 8},
    {"repeat": 2, "layers": [
      {"name": "a#", "channels": 4},
      {"name": "b#", "channels": 4, "shortcut": {"back": 2, "learned": true}}
    ]},
    {"name": "dense", "kind": "dense", "channels": 2, "global_average": true, "digits": 8, "logits": true}
  ]
})";

/// Kernels that are not square, padding of its own on every side and dilation, fused and not, in a first layer and a pool.
inline constexpr const char* kUnevenNetwork = R"({
  "name": "tiny-uneven",
  "input": [8, 8, 1],
  "defaults": {"kernel": [3, 5], "padding": [2, 0, 0, 4], "clip": 6},
  "layers": [
    {"name": "conv1", "channels": 8, "digits": 8},
    {"name": "wide", "channels": 8, "kernel": [2, 3], "dilation": 2, "padding": [1, 4, 2, 0]},
    {"name": "pooled", "channels": 8, "kernel": [1, 4], "padding": [0, 1, 0, 2], "max_pool": true},
    {"name": "pool", "kind": "pool", "kernel": [1, 2], "stride": 1, "padding": [0, 0, 0, 1], "average": true},
    {"name": "dense", "kind": "dense", "channels": 2, "logits": true}
  ]
})";

/// A residual network whose layers have two to four planes: a shortcut of option A, pooling, a dense layer.
inline constexpr const char* kPlanesNetwork = R"({
  "name": "tiny-planes",
  "input": [8, 8, 1],
  "defaults": {"kernel": 3, "padding": 1, "clip": 6, "planes": 2},
  "layers": [
    {"name": "conv1", "channels": 4, "digits": 8},
    {"name": "a1", "channels": 4, "planes": 3},
    {"name": "b1", "channels": 4, "shortcut": {"back": 2, "scale": 0.75}},
    {"name": "a2", "channels": 8, "stride": 2},
    {"name": "b2", "channels": 8, "planes": 4, "shortcut": {"back": 2}},
    {"name": "c", "channels": 8, "max_pool": true},
    {"name": "dense1", "kind": "dense", "channels": 12},
    {"name": "dense2", "kind": "dense", "channels": 2, "digits": 6, "logits": true}
  ]
})";

inline constexpr const char* kTinyRecipe = R"({
  "name": "tiny", "network": "to be named by the options", "data": "mnist",
  "epochs": 12, "minibatch": 16, "warm_up_steps": 10,
  "latent": {"optimiser": "momentum", "rate": 0.05, "weight_decay": 0.0001},
  "digit": {"optimiser": "adam", "rate": 0.002},
  "augmentation": {"crop": 1, "flip": true},
  "rates": {"a": 0.6}
})";

/// Writes tiny.json and recipe.json.
inline void write_tiny_files(const std::filesystem::path& folder) {
  std::ofstream(folder / "tiny.json") << kTinyNetwork;
  std::ofstream(folder / "recipe.json") << kTinyRecipe;
}

/// A run by those files on one thread.
inline TrainOptions tiny_options(const std::filesystem::path& folder, const std::filesystem::path& out) {
  TrainOptions options;
  options.recipe = (folder / "recipe.json").string();
  options.network = (folder / "tiny.json").string();
  options.out = out;
  options.threads = 1;
  options.quiet = true;
  return options;
}

}  // namespace flexor::test
