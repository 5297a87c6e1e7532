// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <random>

#include "data/dataset.hpp"
#include "train/loop.hpp"
#include "train/trainable.hpp"

namespace flexor::test {

/// A convolution with pooling and a dense layer on 8x8 images: trains in milliseconds.
inline NetworkSpec tiny_spec() {
  return {.name = "tiny",
          .input = {8, 8, 1},
          .layers = {{.name = "conv", .channels = 6, .kernel = 3, .max_pool = true, .clip = 6.0},
                     {.name = "dense", .kind = LayerKind::Dense, .channels = 2, .logits = true}}};
}

/// The same with everything that residual networks add: digits, shortcuts of both kinds, a global average.
inline NetworkSpec tiny_residual_spec() {
  const auto conv = [](const char* name, int channels, int stride) {
    return flexor::LayerSpec{.name = name, .channels = channels, .kernel = 3, .stride = stride, .padding = 1, .clip = 6};
  };
  NetworkSpec spec{.name = "tiny-residual",
                   .input = {8, 8, 1},
                   .layers = {conv("conv1", 4, 1), conv("a1", 4, 1), conv("b1", 4, 1), conv("a2", 8, 2), conv("b2", 8, 1)}};
  spec.layers[0].digits = 8;
  spec.layers[2].shortcut = ShortcutSpec{.source = 0, .scale = 0.75};
  spec.layers[4].shortcut = ShortcutSpec{.source = 2, .scale = 1, .learned = true};
  spec.layers.push_back({.name = "dense", .kind = LayerKind::Dense, .channels = 2, .logits = true, .digits = 6, .global_average = true});
  return spec;
}

/// What ResNet-18 adds to that: pooling layers of both kinds and a projection.
inline NetworkSpec tiny_projection_spec() {
  const auto conv = [](const char* name, int channels, int kernel, int stride) {
    return flexor::LayerSpec{.name = name, .channels = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .clip = 6};
  };
  NetworkSpec spec{.name = "tiny-projection",
                   .input = {8, 8, 1},
                   .layers = {conv("conv1", 8, 3, 1),
                              {.name = "pool1", .kind = LayerKind::Pool, .kernel = 3, .stride = 1, .padding = 1, .average = true},
                              conv("p", 16, 1, 2),
                              conv("a", 16, 3, 2),
                              conv("b", 16, 3, 1),
                              {.name = "pool2", .kind = LayerKind::Pool, .kernel = 3, .stride = 2, .padding = 1},
                              {.name = "dense", .kind = LayerKind::Dense, .channels = 2, .logits = true}}};
  spec.layers[0].digits = 8;
  spec.layers[2].projection = true;
  spec.layers[3].source = 1;
  spec.layers[4].shortcut = ShortcutSpec{.source = 2};
  return spec;
}

/// Upright (0) and level (1) stripes with noise.
inline Dataset stripes(int count, std::uint64_t seed) {
  Dataset data{.name = "stripes", .shape = {8, 8, 1}, .count = count, .pixels = {}, .labels = {}, .checksum = "none"};
  std::mt19937_64 random(seed);
  for (int i = 0; i < count; ++i) {
    const auto label = static_cast<std::uint8_t>(random() % 2);
    const int phase = static_cast<int>(random() % 4);
    for (int p = 0; p < 64; ++p) {
      const int along = label == 0 ? p % 8 : p / 8;
      data.pixels.push_back(static_cast<std::uint8_t>((((along + phase) / 2 % 2) * 180) + static_cast<int>(random() % 60)));
    }
    data.labels.push_back(label);
  }
  return data;
}

/// Trains on stripes without changing them; returns the last epoch's result.
inline EpochResult train_stripes(Trainable& model, const Schedule& schedule) {
  EpochResult last;
  const Dataset train = stripes(320, 1);
  RunState state = begin_run(model, train, schedule);
  train_loop(model, train, stripes(200, 2), schedule, state, {[&](const EpochResult& r, const RunState&) { last = r; }, {}});
  return last;
}

}  // namespace flexor::test
