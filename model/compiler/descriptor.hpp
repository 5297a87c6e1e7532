// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "compiler/geometry.hpp"
#include "engine_parameters.hpp"

namespace flexor {

/// Byte address or step as a pair: `floor(bytes / word_bytes) << 8 | bytes mod word_bytes`, so that the offset is 0..word_bytes-1 for
/// negative bytes too.
std::uint32_t to_pair(std::int64_t bytes, int word_bytes);

/// Everything a descriptor says about one layer.
struct DescriptorValues {
  bool last = false;
  bool logits = false;
  int activation_max = 255;
  int stored_bits = 0;
  int code_base = 0;
  std::int64_t weight_base = 0;
  int parameter_base = 0;
  int first_channel = 0;  ///< of the layer: the first that is computed, a multiple of R
  int residual_step = 1;  ///< residual words of an output pixel of the layer
  int m_tiles = 0;
  int chunks = 0;
  int block_pixels = 1;
  std::uint32_t input_address = 0;  ///< bytes, image 0
  std::uint32_t output_address = 0;
  int batch = 1;
  int digits = 1;
  int progress = 0;            ///< of the transfers that the layer waits for
  std::int64_t residual = -1;  ///< residual word of the output's first channel that is computed, or -1
  bool projection = false;     ///< the output is signed and goes there only
  /// What the layer adds.
  struct Shortcut {
    Shape source;               ///< of the tensor
    std::int64_t residual = 0;  ///< residual word of its first channel
    int stride = 1;
    int channel_offset = 0;  ///< of the layer, a multiple of R
    int multiplier = 256;
    bool is_signed = false;
  };
  std::optional<Shortcut> shortcut = std::nullopt;
};

/// Writes the layer's 32 words. Throws InputError naming layer and field when a value does not fit its field or
/// the engine would call it illegal (error 1).
void write_descriptor(const std::string& layer, const Geometry& g, const DescriptorValues& v, const EngineParameters& engine,
                      std::span<std::uint32_t> words);

}  // namespace flexor
