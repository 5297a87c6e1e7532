// SPDX-License-Identifier: Apache-2.0
#include "compiler/pe_style.hpp"

#include <array>
#include <cstddef>

#include "code/integer.hpp"
#include "network/network.hpp"

namespace flexor {
namespace {

int pair_constant(int place) { return place == 0 ? 256 : 255; }

// Fours (w0, w1, w2, w3) on lanes 0..3 and 4..7, a pair on lanes 8, 9 of a slice row.
std::uint32_t recode_ecp5_row(std::uint32_t w) {
  const auto bit = [w](int k) { return w >> k & 1U; };
  std::uint32_t out = 0;
  for (const int f : {0, 4}) {
    out |= (bit(f) ^ bit(f + 2)) << f;
    out |= (bit(f) ^ bit(f + 1)) << (f + 1);
    out |= bit(f + 2) << (f + 2);
    out |= (bit(f + 2) ^ bit(f + 3)) << (f + 3);
  }
  return out | bit(8) << 8 | (bit(8) ^ bit(9)) << 9;
}

int ecp5_constant(int K, int lane) {
  const int row = lane / kSliceK;
  const int place = lane % kSliceK;
  const bool lone_pair = place >= 8 && row % 2 == 0 && row + 1 == K / kSliceK;
  // Lanes 8, 9 of an even row and of the odd row after it are one four.
  const int in_four = place < 8 ? place % 4 : place - 8 + (row % 2 == 0 ? 0 : 2);
  if (lone_pair) return pair_constant(place - 8);
  return in_four % 2 == 1 ? 255 : in_four == 0 ? 256 : 257;
}

// Triples on lanes (0, 1, 3), (4, 5, 6), (7, 8, 9) of a slice row; lane 2 stands by itself.
std::uint32_t recode_xc7_row(std::uint32_t w) {
  const auto bit = [w](int k) { return w >> k & 1U; };
  return (bit(1) ^ bit(3)) | (bit(0) ^ bit(1)) << 1 | bit(2) << 2 | (bit(0) ^ bit(1) ^ bit(3)) << 3 | (bit(4) ^ bit(6)) << 4 |
         (bit(4) ^ bit(5)) << 5 | bit(6) << 6 | (bit(7) ^ bit(8) ^ bit(9)) << 7 | bit(8) << 8 | (bit(8) ^ bit(9)) << 9;
}

int xc7_constant(int lane) {
  // Places in a triple: 0, 1 the pair, 2 the single. Lanes 2 of three slice rows are a triple; what is left of them is a pair or stands
  // alone.
  constexpr std::array<int, kSliceK> places = {0, 1, -1, 2, 0, 1, 2, 0, 1, 2};
  const int own = places[static_cast<std::size_t>(lane % kSliceK)];
  const int place = own >= 0 ? own : lane / kSliceK % 3;
  return place == 2 ? 0 : pair_constant(place);
}

// Levels of an adder tree that sums `count` operands `arity` at a time until at most `end` are left.
int levels(int count, int arity, int end) {
  int levels = 0;
  for (; count > end; count = ceil_div(count, arity)) ++levels;
  return levels;
}

}  // namespace

std::uint32_t recode_slice(int style, std::uint32_t weights) {
  constexpr std::uint32_t row_mask = (1U << kSliceK) - 1;
  const std::uint32_t first = weights & row_mask;
  const std::uint32_t second = weights >> kSliceK & row_mask;
  if (style == static_cast<int>(PeStyle::Ecp5)) return recode_ecp5_row(first) | recode_ecp5_row(second) << kSliceK;
  if (style == static_cast<int>(PeStyle::Xc7)) return recode_xc7_row(first) | recode_xc7_row(second) << kSliceK;
  return weights;
}

bool dot_signed(int style) {
  const auto is = [style](PeStyle s) { return style == static_cast<int>(s); };
  return is(PeStyle::Addsub) || is(PeStyle::Andtree) || is(PeStyle::Xc7);
}

int pe_latency(int style, int K) {
  const int fours = 2 * (K / 10) + K / 20;
  const int xc7_rows = 3 * (K / 10) + (K / 10 + 2) / 3;
  switch (static_cast<PeStyle>(style)) {
    case PeStyle::Addsub:
      return 1 + levels(K, 2, 1);
    case PeStyle::Andtree:
      return 2 + levels(K, 2, 1);
    case PeStyle::Ice40:
      return 2 + levels(K / 2, 2, 1);
    case PeStyle::Ecp5:
      return 4 + levels((fours + K / 10 % 2 + 1) / 2, 2, 1);
    case PeStyle::Xc7:
      return 3 + levels(xc7_rows, 3, 2);
    default:
      return 2 + levels((K / 2 + 1) / 2, 2, 1);
  }
}

int lane_constant(int style, int K, int lane) {
  switch (static_cast<PeStyle>(style)) {
    case PeStyle::Pair:
    case PeStyle::Ice40:
      return pair_constant(lane % 2);
    case PeStyle::Ecp5:
      return ecp5_constant(K, lane);
    case PeStyle::Xc7:
      return xc7_constant(lane);
    default:
      return 0;
  }
}

}  // namespace flexor
