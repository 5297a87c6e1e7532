// SPDX-License-Identifier: Apache-2.0
#include "code/code.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <stdexcept>

namespace flexor {

std::uint32_t Code::decrypt(std::uint32_t stored) const {
  std::uint32_t weights = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) weights |= static_cast<std::uint32_t>(std::popcount(rows[i] & stored) & 1) << i;
  return weights;
}

std::uint32_t Code::column(int j) const {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) bits |= (rows[i] >> j & 1U) << i;
  return bits;
}

int Code::rank() const {
  std::vector<std::uint32_t> left = rows;
  int found = 0;
  for (int j = 0; j < n_in; ++j) {
    const auto begin = left.begin() + found;
    const auto pivot = std::find_if(begin, left.end(), [j](std::uint32_t row) { return (row >> j & 1U) != 0; });
    if (pivot == left.end()) continue;
    std::iter_swap(begin, pivot);
    for (auto row = begin + 1; row != left.end(); ++row) {
      if ((*row >> j & 1U) != 0) *row ^= *begin;
    }
    ++found;
  }
  return found;
}

int Code::max_taps() const {
  int most = 0;
  for (const std::uint32_t row : rows) most = std::max(most, std::popcount(row));
  return most;
}

void validate(const Code& code) {
  if (code.n_out < 1 || code.n_out > 32) {
    throw std::invalid_argument(fmt::format("code '{}' has n_out = {}, but 1 to 32 weights per slice are possible", code.name, code.n_out));
  }
  if (code.n_in < 1 || code.n_in > 32) {
    throw std::invalid_argument(
        fmt::format("code '{}' has n_in = {}, but 1 to 32 stored bits per slice are possible", code.name, code.n_in));
  }
  if (code.rows.size() != static_cast<std::size_t>(code.n_out)) {
    throw std::invalid_argument(
        fmt::format("code '{}' has {} rows, but n_out = {} asks for as many", code.name, code.rows.size(), code.n_out));
  }
  for (std::size_t i = 0; i < code.rows.size(); ++i) {
    if (code.n_in < 32 && (code.rows[i] >> code.n_in) != 0) {
      throw std::invalid_argument(fmt::format("code '{}' has a tap past its {} stored bits in row {}", code.name, code.n_in, i));
    }
  }
}

}  // namespace flexor
