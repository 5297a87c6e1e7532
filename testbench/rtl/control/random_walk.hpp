// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "engine_parameters.hpp"

/// Random layers as loop nests with plain integers: what pixel_walker and sequencer must walk.
namespace flexor::testbench {

/// One pixel of a layer, before pooling.
struct Pixel {
  long address;  ///< of string 0, chunk 0; linear bytes, may be negative
  int x, y;      ///< byte position in the row, input row; padding included
};

/// A layer as the control blocks see it.
struct Walk {
  std::array<std::uint32_t, kDescriptorWords> words{};  ///< descriptor
  std::vector<Pixel> pixels;                            ///< in the order of the engine
  int block_pixels = 1, m_tiles = 1, strings = 1, chunks = 1, digits = 1;
  long row_step = 0;
  bool window = false;  ///< a pooling layer: chunks are places of a window
  int window_bytes = 0;
};

/// Value of a descriptor field.
std::uint32_t field(const Walk& walk, const DescriptorField& f);
/// Sets a descriptor field.
void set_field(Walk& walk, const DescriptorField& f, std::uint32_t value);
/// Linear byte address as a pair of words of k bytes.
std::uint32_t pair_of(long address, int k);
/// Pair as a byte address modulo a memory of 2 * rows words of k bytes.
long address_of(std::uint32_t pair, int k, int rows);

/// Draws a layer whose tensors fit 2 * rows words of k bytes and whose weights have at most `most_digits` digits; with `windows` every
/// third pools.
Walk random_walk(int k, int rows, int p_max, std::mt19937& random, int most_digits = 1, bool windows = false);

}  // namespace flexor::testbench
