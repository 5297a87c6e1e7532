// SPDX-License-Identifier: Apache-2.0
#include "code/covering.hpp"

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace flexor {
namespace {

// Column i of a parity check matrix H with H y = 0 exactly for the codewords y. `checks` = n_out - rank.
std::vector<std::uint32_t> parity_check(const Code& code, int& checks) {
  // A basis of the code in reduced echelon form: each basis word has a pivot bit that no other basis word has.
  std::vector<std::uint32_t> basis;
  std::vector<int> pivots;
  for (int j = 0; j < code.n_in; ++j) {
    std::uint32_t word = code.column(j);
    for (std::size_t b = 0; b < basis.size(); ++b) {
      if ((word >> pivots[b] & 1U) != 0) word ^= basis[b];
    }
    if (word == 0) continue;
    int pivot = 0;
    while ((word >> pivot & 1U) == 0) ++pivot;
    for (std::uint32_t& other : basis) {
      if ((other >> pivot & 1U) != 0) other ^= word;
    }
    basis.push_back(word);
    pivots.push_back(pivot);
  }
  std::uint32_t pivot_mask = 0;
  for (const int pivot : pivots) pivot_mask |= 1U << pivot;
  // A free bit f has the check y_f = sum of the pivot bits whose basis word holds f.
  checks = 0;
  std::vector<std::uint32_t> columns(static_cast<std::size_t>(code.n_out), 0);
  for (int f = 0; f < code.n_out; ++f) {
    if ((pivot_mask >> f & 1U) != 0) continue;
    columns[static_cast<std::size_t>(f)] |= 1U << checks;
    for (std::size_t b = 0; b < basis.size(); ++b) {
      if ((basis[b] >> f & 1U) != 0) columns[static_cast<std::size_t>(pivots[b])] |= 1U << checks;
    }
    ++checks;
  }
  return columns;
}

}  // namespace

double covering_distance(const Code& code) {
  validate(code);
  int checks = 0;
  const std::vector<std::uint32_t> columns = parity_check(code, checks);
  if (checks > 24) throw std::invalid_argument("covering_distance needs n_out - rank <= 24");
  // Breadth first over syndromes: the depth of a syndrome is the weight of its coset leader.
  const std::size_t cosets = std::size_t{1} << checks;
  std::vector<std::int8_t> weight(cosets, -1);
  std::vector<std::uint32_t> order{0};
  order.reserve(cosets);
  weight[0] = 0;
  double sum = 0;
  for (std::size_t head = 0; head < order.size(); ++head) {
    const std::uint32_t syndrome = order[head];
    sum += weight[syndrome];
    for (const std::uint32_t column : columns) {
      const std::uint32_t next = syndrome ^ column;
      if (weight[next] >= 0) continue;
      weight[next] = static_cast<std::int8_t>(weight[syndrome] + 1);
      order.push_back(next);
    }
  }
  return sum / static_cast<double>(cosets) / code.n_out;
}

}  // namespace flexor
