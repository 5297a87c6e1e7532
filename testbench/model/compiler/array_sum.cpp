// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "engine_interpreter.hpp"

namespace flexor::test {
namespace {

// {p, d} of two lanes.
int sum_or_difference(const std::vector<int>& a, int lane0, int lane1, int select_difference) {
  const auto at = [&a](int k) { return a[static_cast<std::size_t>(k)]; };
  return select_difference != 0 ? at(lane0) + (255 - at(lane1)) : at(lane0) + at(lane1);
}

int invert(int value, int bits, int when) { return when != 0 ? value ^ ((1 << bits) - 1) : value; }

// A pair with true weight bits w0, w1.
int pair_row(const std::vector<int>& a, int lane0, int lane1, int w0, int w1) {
  return invert(sum_or_difference(a, lane0, lane1, w0 ^ w1), 9, 1 - w0);
}

// A four from its bits as they stand on weight_i: w0^w2, w0^w1, w2, w2^w3.
int four(const std::vector<int>& a, int l0, int l1, int l2, int l3, int w0_w2, int w0_w1, int w2, int w2_w3) {
  const int t = invert(sum_or_difference(a, l0, l1, w0_w1), 9, w0_w2) + sum_or_difference(a, l2, l3, w2_w3);
  return invert(t, 10, 1 - w2);
}

std::int64_t ecp5_sum(int K, const std::vector<int>& a, const std::vector<int>& u) {
  const auto bit = [&u](int k) { return u[static_cast<std::size_t>(k)]; };
  std::int64_t sum = 0;
  const int rows = K / 10;
  for (int g = 0; g < rows; ++g) {
    for (const int f : {10 * g, 10 * g + 4}) sum += four(a, f, f + 1, f + 2, f + 3, bit(f), bit(f + 1), bit(f + 2), bit(f + 3));
    if (g % 2 != 0) continue;
    const int lane = 10 * g + 8;
    if (g + 1 < rows) {
      // Lanes 8 and 9 carry w8 and w8^w9 in both rows.
      sum += four(a, lane, lane + 1, lane + 10, lane + 11, bit(lane) ^ bit(lane + 10), bit(lane + 1), bit(lane + 10), bit(lane + 11));
    } else {
      sum += pair_row(a, lane, lane + 1, bit(lane), bit(lane) ^ bit(lane + 1));
    }
  }
  return sum;
}

// Triples of a pair and a single; the singles add 2 w a, and their plain sum is subtracted once for all channels.
std::int64_t xc7_sum(int K, const std::vector<int>& a, const std::vector<int>& u) {
  // True weights from the bits on weight_i.
  std::vector<int> w = u;
  for (std::size_t g = 0; g < w.size(); g += 10) {
    const int* bit = &u[g];
    w[g] = bit[0] ^ bit[3];
    w[g + 1] = bit[0] ^ bit[1] ^ bit[3];
    w[g + 3] = bit[1] ^ bit[3];
    w[g + 4] = bit[4] ^ bit[6];
    w[g + 5] = bit[4] ^ bit[5] ^ bit[6];
    w[g + 7] = bit[7] ^ bit[9];
    w[g + 9] = bit[8] ^ bit[9];
  }
  const auto pair = [&](int k, int l) { return pair_row(a, k, l, w[static_cast<std::size_t>(k)], w[static_cast<std::size_t>(l)]); };
  const auto single = [&](int k) { return (2 * w[static_cast<std::size_t>(k)] - 1) * a[static_cast<std::size_t>(k)]; };
  std::int64_t sum = 0;
  for (int lane = 0; lane < K; lane += 10) {
    sum +=
        pair(lane, lane + 1) + single(lane + 3) + pair(lane + 4, lane + 5) + single(lane + 6) + pair(lane + 7, lane + 8) + single(lane + 9);
  }
  // Lanes 2, three at a time; the last one or two are a pair, whose second lane may be missing.
  int lane = 2;
  for (; lane + 20 < K; lane += 30) sum += pair(lane, lane + 10) + single(lane + 20);
  if (lane + 10 < K) return sum + pair(lane, lane + 10);
  if (lane < K)
    sum += invert(a[static_cast<std::size_t>(lane)] + (w[static_cast<std::size_t>(lane)] != 0 ? 0 : 255), 9,
                  1 - w[static_cast<std::size_t>(lane)]);
  return sum;
}

}  // namespace

std::int64_t array_sum(int style, int K, const std::vector<int>& activation, const std::vector<int>& u) {
  std::int64_t sum = 0;
  if (style == 4) return ecp5_sum(K, activation, u);
  if (style == 5) return xc7_sum(K, activation, u);
  for (int k = 0; k < K; k += 2) {
    const auto at = static_cast<std::size_t>(k);
    if (style == 0 || style == 3) {
      sum += pair_row(activation, k, k + 1, u[at], u[at + 1]);
    } else {
      sum += (2 * u[at] - 1) * activation[at] + (2 * u[at + 1] - 1) * activation[at + 1];
    }
  }
  return sum;
}

std::uint32_t recode_ecp5_row(std::uint32_t w) {
  // Lane i carries the parity of these weight bits.
  constexpr std::uint32_t taps[10] = {0b101, 0b11, 0b100, 0b1100, 0b1010000, 0b110000, 0b1000000, 0b11000000, 0b100000000, 0b1100000000};
  std::uint32_t out = 0;
  for (int i = 0; i < 10; ++i) out |= static_cast<std::uint32_t>(std::popcount(w & taps[i]) & 1) << i;
  return out;
}

std::uint32_t recode_xc7_row(std::uint32_t w) {
  constexpr std::uint32_t taps[10] = {0b1010, 0b11, 0b100, 0b1011, 0b1010000, 0b110000, 0b1000000, 0b1110000000, 0b100000000, 0b1100000000};
  std::uint32_t out = 0;
  for (int i = 0; i < 10; ++i) out |= static_cast<std::uint32_t>(std::popcount(w & taps[i]) & 1) << i;
  return out;
}

}  // namespace flexor::test
