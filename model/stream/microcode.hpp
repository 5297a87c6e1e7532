// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace flexor::stream {

/// One cycle of the array for one pixel.
struct Entry {
  int offset = 0;  ///< words from the pixel's first one
  bool twice = false;
};

/// Microcode of one run of the table: `pixels` are offsets of the pixels of the run, each of which takes all `entries`. At least two
/// entries in all. Offsets count modulo the line buffer.
[[nodiscard]] std::vector<std::uint16_t> microcode(std::span<const Entry> entries, std::span<const int> pixels);

}  // namespace flexor::stream
