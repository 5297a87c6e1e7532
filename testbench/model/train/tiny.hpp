// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <random>

#include "data/dataset.hpp"
#include "train/trainable.hpp"

namespace flexor::test {

/// A convolution with pooling and a dense layer on 8x8 images: trains in milliseconds.
inline NetworkSpec tiny_spec() {
  return {.name = "tiny",
          .input = {8, 8, 1},
          .data_name = "stripes",
          .layers = {{.name = "conv", .channels = 6, .kernel = 3, .max_pool = true, .clip = 6.0},
                     {.name = "dense", .kind = LayerKind::Dense, .channels = 2, .logits = true}}};
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

}  // namespace flexor::test
