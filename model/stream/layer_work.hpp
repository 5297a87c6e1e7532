// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "network/network.hpp"
#include "stream/geometry.hpp"
#include "stream/lines.hpp"
#include "stream/microcode.hpp"
#include "stream/plan.hpp"
#include "stream/weights.hpp"

namespace flexor::stream {

/// One layer ready to be cut into passes: what all of its m-tiles share, and what each of them needs.
class LayerWork {
 public:
  /// Throws InputError when the layer's shape is not for the engine.
  LayerWork(const Network& network, std::size_t l, const Placement& placement, const Parameters& parameters);

  const Layer& layer;
  int index;
  Geometry g;
  Lines lines;
  int source;  ///< the layer that it reads, or kNetworkInput
  int m_tiles;
  bool resident;  ///< all rows stand in the line buffer at once: they are filled once for all m-tiles

  /// Entries of the table for one pixel, and words of the weight cache (of one binary digit where sums go pixel after pixel).
  [[nodiscard]] int entries_of_a_pixel() const;
  /// Microcode of a run. `twice`: sums begin by doubling what there is.
  [[nodiscard]] std::vector<std::uint16_t> table(bool twice) const;
  /// Stored bits of an m-tile, proved to stay within the accumulator. Throws InputError.
  [[nodiscard]] TileWeights weights(int m_tile, int pooling_code) const;
  /// What the array adds to each channel of an m-tile besides the sum.
  [[nodiscard]] std::vector<std::int64_t> constants(const std::vector<Code>& codes, const TileWeights& weights) const;
  /// Registers of the drain for an m-tile, but for the place of the parameters.
  [[nodiscard]] Pass pass(int m_tile) const;
  /// Input row `row` as a fill, without its place in the line buffer.
  [[nodiscard]] Fill row(int row) const;
  /// Row y of an m-tile's results, without its places.
  [[nodiscard]] Compute compute(int m_tile, int y) const;
  /// Words from the left end of the first window to what an m-tile reads first.
  [[nodiscard]] int first_word(int m_tile) const { return is_pool() ? m_tile : 0; }
  /// Binary digits of sums that go pixel after pixel.
  [[nodiscard]] int sum_digits() const { return is_pool() ? 1 : static_cast<int>(layer.planes.size()); }
  /// Words from one step of such a sum to the next.
  [[nodiscard]] int sum_step() const { return pairs() ? 2 : g.groups; }
  /// Appends the words that row y of an m-tile writes, in order.
  void add_results(int m_tile, int y, std::vector<Result>& results) const;

 private:
  [[nodiscard]] bool is_pool() const { return layer.kind == LayerKind::Pool; }
  // A sum of one word a pixel takes two pixels at a time.
  [[nodiscard]] bool pairs() const { return g.summed && !is_pool() && g.groups == 1; }
  // A single entry for the whole table: another one reads zeros.
  [[nodiscard]] bool padded() const;
  // A single entry a pixel: the pixels of a row are one run.
  [[nodiscard]] bool row_runs() const;
  // Places of one maximum.
  [[nodiscard]] int window() const;
  [[nodiscard]] int places() const { return g.kernel_height * g.kernel_width; }
  [[nodiscard]] std::vector<Entry> entries(bool twice) const;
  [[nodiscard]] std::vector<int> pixels() const;
  [[nodiscard]] int result_address(int m_tile, int y) const;
  void check() const;

  const Network& network_;
  const Parameters& parameters_;
  TensorPlace in_, out_, shortcut_;
};

}  // namespace flexor::stream
