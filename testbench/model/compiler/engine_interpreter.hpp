// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "compiler/compiler.hpp"

namespace flexor::test {

/// Executes a memory image word by word as docs/architecture.md and docs/blocks/pe_array.md say, with bit positions taken from those
/// pages and none of the compiler's code: descriptors, pairs, planar tiles, lane masks, biased sums modulo 2^AccWidth, residual memory.
class EngineInterpreter {
 public:
  EngineInterpreter(const MemoryImage& image, const EngineParameters& engine);

  /// Puts one image's input tensor at its place.
  void load_input(int index, const std::vector<std::uint8_t>& tensor);
  /// Runs every layer.
  void run();
  /// Values written to the boundary of layer l in the order image, row, column, channel; -1000000 where nothing was written.
  [[nodiscard]] const std::vector<std::vector<int>>& boundaries() const { return boundaries_; }
  /// Logits of image `index`, read from the activation memory.
  [[nodiscard]] std::vector<std::int16_t> logits(int index) const;

 private:
  struct Descriptor;
  struct Pixel {
    std::uint32_t address;
    int xpos;
    int y;
  };

  [[nodiscard]] std::vector<Pixel> walk(const Descriptor& d) const;
  [[nodiscard]] std::uint32_t column(const Descriptor& d, int j) const;
  [[nodiscard]] std::vector<std::uint32_t> load_tile(const Descriptor& d, std::uint32_t address) const;
  [[nodiscard]] std::vector<int> fetch(const Descriptor& d, const Pixel& pixel, int r, int c) const;
  void pool_block(const Descriptor& d, const std::vector<Pixel>& pixels, std::size_t first, std::size_t count, int m_tile,
                  std::vector<std::vector<std::int64_t>>& acc) const;
  void compute_block(const Descriptor& d, const std::vector<Pixel>& pixels, std::size_t first, std::size_t count, int m_tile,
                     std::vector<std::vector<std::int64_t>>& acc) const;
  /// Values that output pixel `pixel` of the layer adds, by channel.
  [[nodiscard]] std::vector<int> shortcut(const Descriptor& d, std::size_t pixel) const;
  void drain_block(const Descriptor& d, std::size_t first, std::size_t count, int m_tile, const std::vector<std::vector<std::int64_t>>& acc,
                   std::vector<int>& boundary);
  [[nodiscard]] std::int64_t linear(std::uint32_t pair) const;
  [[nodiscard]] std::uint32_t add(std::uint32_t a, std::uint32_t b) const;
  void store(std::int64_t at, int byte);

  const MemoryImage& image_;
  EngineParameters engine_;
  std::vector<std::uint8_t> memory_;
  std::vector<int> residual_;  ///< residual memory, R values a word
  std::vector<std::vector<int>> boundaries_;
};

/// What a PE style returns for one channel: literal formulas of docs/blocks/pe_array.md. `u` are the bits on weight_i.
std::int64_t array_sum(int style, int K, const std::vector<int>& activation, const std::vector<int>& u);

/// T of styles ecp5 and xc7 on the ten bits of a slice row, from the table of docs/blocks/pe_array.md.
std::uint32_t recode_ecp5_row(std::uint32_t w);
std::uint32_t recode_xc7_row(std::uint32_t w);

}  // namespace flexor::test
