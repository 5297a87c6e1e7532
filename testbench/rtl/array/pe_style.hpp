// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>

/// docs/blocks/pe_array.md in C++ for the bench: what each style wants and returns. Written from the page, not from the RTL.
namespace flexor::testbench::pe_style {

enum : int { kPair = 0, kAddsub = 1, kAndtree = 2, kIce40 = 3, kEcp5 = 4, kXc7 = 5 };

/// ceil(log_base(count)).
constexpr int levels(int count, int base = 2) {
  int n = 0;
  for (long reach = 1; reach < count; reach *= base) ++n;
  return n;
}

/// Bits that hold 0..greatest.
constexpr int bits(int greatest) { return levels(greatest + 1); }

constexpr bool dot_signed(int style) { return style == kAddsub || style == kAndtree || style == kXc7; }

/// Rows of style xc7: three triples a slice row, and one row for every three lanes 2 or what is left of them.
constexpr int xc7_rows(int lanes) { return lanes / 10 * 3 + (lanes / 10 + 2) / 3; }

constexpr int dot_width(int style, int lanes) {
  switch (style) {
    case kAddsub:
    case kAndtree:
      return bits(255 * lanes) + 1;
    case kXc7:
      return bits(511 * lanes) + 1;
    case kEcp5:
      return bits(1023 * (lanes / 4) + 511 * (lanes / 2 % 2));
    default:
      return bits(511 * (lanes / 2));
  }
}

/// C_k of the page: what a lane with weight -1 adds.
constexpr int lane_constant(int style, int lanes, int lane) {
  switch (style) {
    case kAddsub:
    case kAndtree:
      return 0;
    case kEcp5: {
      const int row = lane / 10, place = lane % 10;
      if (place >= 8) return place % 2 != 0 ? 255 : row % 2 != 0 ? 257 : 256;
      return std::array{256, 255, 257, 255}[place % 4];
    }
    case kXc7: {
      constexpr std::array pair_single{256, 255, 0};
      const int row = lane / 10, place = lane % 10;
      return place == 2 ? pair_single[row % 3] : std::array{256, 255, -1, 0, 256, 255, 0, 256, 255, 0}[place];
    }
    default:
      return lane % 2 == 0 ? 256 : 255;
  }
}

/// T: ten true weight bits of a slice row to the ten bits on weight_i.
constexpr std::array<unsigned, 10> recode(int style, const int* w) {
  std::array<unsigned, 10> out{};
  for (int i = 0; i < 10; ++i) out[i] = static_cast<unsigned>(w[i]);
  if (style == kXc7) {
    const auto sum = [w](auto... lanes) { return static_cast<unsigned>((w[lanes] ^ ...)); };
    return {sum(1, 3), sum(0, 1), sum(2), sum(0, 1, 3), sum(4, 6), sum(4, 5), sum(6), sum(7, 8, 9), sum(8), sum(8, 9)};
  }
  if (style != kEcp5) return out;
  for (int f = 0; f < 8; f += 4) {
    out[f] = static_cast<unsigned>(w[f] ^ w[f + 2]);
    out[f + 1] = static_cast<unsigned>(w[f] ^ w[f + 1]);
    out[f + 3] = static_cast<unsigned>(w[f + 2] ^ w[f + 3]);
  }
  out[9] = static_cast<unsigned>(w[8] ^ w[9]);
  return out;
}

/// Cycles from activation to dot product.
constexpr int latency(int style, int lanes) {
  switch (style) {
    case kAddsub:
      return 1 + levels(lanes);
    case kAndtree:
      return 2 + levels(lanes);
    case kIce40:
      return 2 + levels(lanes / 2);
    case kEcp5:
      return 4 + levels((lanes / 4 + lanes / 2 % 2 + 1) / 2);
    case kXc7:
      return 3 + levels((xc7_rows(lanes) + 1) / 2, 3);
    default:
      return 2 + levels((lanes / 2 + 1) / 2);
  }
}

}  // namespace flexor::testbench::pe_style
