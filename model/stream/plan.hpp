// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "code/code.hpp"
#include "network/network.hpp"
#include "stream/instruction.hpp"
#include "stream/parameters.hpp"
#include "stream/placement.hpp"
#include "stream/program.hpp"

namespace flexor::stream {

/// Addresses of the line buffer, the weight cache and the tables count on and on here; the hardware takes them modulo its size. So an
/// element overwrites the one `size` before it.
using Address = std::int64_t;

/// Words that go into the line buffer: a row of a tensor, or zeros.
struct Fill {
  bool zeros = false;
  int words = 1;
  int pad = 0;  ///< zeros behind the row
  SetFill layout;
  int source = 0;        ///< word address in the bank
  bool goes_on = false;  ///< the row ends where the next one of the tensor begins
  Address line = 0;      ///< first word written
  int after = -1;        ///< the computation whose results it reads, -1: none
  [[nodiscard]] int length() const { return words + pad; }
};

/// What goes into a table or into the weight cache.
struct Load {
  enum class What : std::uint8_t { Weights, Microcode, Columns, Parameters };
  What what = What::Weights;
  int before = 0;  ///< the first computation that needs it
  Address from = 0, to = 0;
  SetCode code;                       ///< of weights
  std::vector<std::uint32_t> slices;  ///< of weights
  std::vector<std::uint16_t> data;    ///< of a table
  int layer = 0;
};

/// A row that one GO computes.
struct Compute {
  int pass = 0;
  int runs = 1;  ///< of the table
  int step = 0;  ///< words from a run to the next
  Address base = 0;
  Address entry = 0;
  Address weight = 0;
  ResultKind results = ResultKind::Each;
  int result = 0;        ///< word address
  int addend = 0;        ///< word address
  int written = 0;       ///< words that the drain writes or places of maxima, pixels in all
  int advances = 0;      ///< times that RESULT and ADDEND go on
  int fills = 0;         ///< number of fills, from the first one of the program on, that it needs
  Address line_low = 0;  ///< lowest word of the line buffer that it may read
  int cycles = 0;        ///< about
};

/// The rows of one m-tile of a layer.
struct Pass {
  int layer = 0;
  int m_tile = 0;
  Address parameters = 0;  ///< channel
  int result_bank = 0;
  int addend_bank = 0;  ///< also without a shortcut: it is read all the same
  SetOutput output;
  SetSteps steps;
  SetScale scale;
  [[nodiscard]] bool adds() const { return scale.multiplier != 0; }
};

/// Everything that a program does, in the order in which each unit does it.
struct Plan {
  std::vector<Code> codes;
  std::vector<Pass> passes;
  std::vector<Compute> computes;
  std::vector<Fill> fills;
  std::vector<Load> loads;
  std::vector<Result> results;
  std::vector<LayerReport> layers;
};

/// What is free to choose of a layer: cycles depend on it, results do not.
struct Choice {
  /// Rows of results that are computed for one m-tile before the next m-tile; 0: all rows, and the input is filled again for every m-tile.
  /// Of layers of one m-tile, and of those whose rows all stand in the line buffer at once, it does not count.
  int band = 0;
  /// Bank of the shortcut that the drain reads without using it, where there is none.
  int idle_bank = 0;
};
using Choices = std::vector<Choice>;

/// Bands of a layer that are possible: 0 and the numbers of rows whose windows fit the line buffer, if the weights of all m-tiles fit the
/// cache. Empty: it does not count.
[[nodiscard]] std::vector<int> possible_bands(const Network& network, std::size_t l, const Placement& placement,
                                              const Parameters& parameters);

/// Throws InputError with one sentence when a layer's shape, weights or ranges are not for the engine.
[[nodiscard]] Plan plan(const Network& network, const Placement& placement, const Choices& choices, const Parameters& parameters);

}  // namespace flexor::stream
