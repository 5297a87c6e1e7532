// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "code/code.hpp"
#include "code/covering.hpp"
#include "code/random.hpp"

namespace flexor {

/// What a nested code is made of and which of its rates count.
struct NestedFamily {
  int n_out = 20;
  int taps = 4;                              ///< most taps of a row
  int shared = 8;                            ///< taps beside a row's own column stand in the first `shared` columns
  std::vector<std::pair<int, int>> weights;  ///< n and the weight of its covering distance in the cost

  /// The search of decision 0401: every n from 8 to 19, of which 8, 12 and 16 count five times.
  static NestedFamily of20() {
    NestedFamily family;
    for (int n = family.shared; n < family.n_out; ++n) family.weights.emplace_back(n, n == 8 || n == 12 || n == 16 ? 5 : 1);
    return family;
  }
  /// Slices of 32: 13, 19 and 26 stored bits, of which the first 13 are entangled.
  static NestedFamily of32() { return {32, 4, 13, {{13, 5}, {16, 1}, {19, 5}, {22, 1}, {26, 5}}}; }
  /// Halves of slices of 32.
  static NestedFamily of16() { return {16, 4, 10, {{6, 5}, {7, 5}, {9, 5}, {10, 5}, {13, 5}}}; }
  /// Quarters of slices of 32.
  static NestedFamily of8() { return {8, 4, 5, {{3, 5}, {4, 5}, {5, 5}, {6, 5}, {7, 5}}}; }
};

/// Hill climbing for a nested code: unit lower triangular, few taps per row, taps beside a row's own column only among the first `shared`
/// columns. The cost is a weighted sum of covering distances.
class NestedSearch {
 public:
  explicit NestedSearch(std::uint64_t seed, NestedFamily family = NestedFamily::of20()) : family_(std::move(family)), random_(seed) {
    for (int i = 0; i < family_.n_out; ++i) rows_.push_back(draw_row(i));
    cost_ = cost(rows_);
  }

  /// Tries `trials` redrawn rows one after another and keeps each that does not cost more.
  void climb(int trials) {
    for (int t = 0; t < trials; ++t) {
      const int i = 1 + static_cast<int>(random_.below(static_cast<std::uint64_t>(family_.n_out - 1)));
      std::vector<std::uint32_t> tried = rows_;
      tried[static_cast<std::size_t>(i)] = draw_row(i);
      const double tried_cost = cost(tried);
      if (tried_cost > cost_) continue;
      rows_ = tried;
      cost_ = tried_cost;
    }
  }

  [[nodiscard]] const NestedFamily& family() const { return family_; }
  [[nodiscard]] const std::vector<std::uint32_t>& rows() const { return rows_; }
  [[nodiscard]] double cost() const { return cost_; }

  /// First n columns of a nested matrix.
  static Code prefix(const std::vector<std::uint32_t>& rows, int n) {
    Code code{"prefix", static_cast<int>(rows.size()), n, rows};
    for (std::uint32_t& row : code.rows) row &= n >= 32 ? ~0U : (1U << n) - 1;
    return code;
  }

 private:
  std::uint32_t draw_row(int i) {
    const int choices = i < family_.shared ? i : family_.shared;
    const int others = choices < family_.taps - 1 ? choices : family_.taps - 1;
    std::uint32_t row = 1U << i;
    for (int t = 0; t < others; ++t) row |= 1U << random_.below(static_cast<std::uint64_t>(choices));
    return row;
  }
  [[nodiscard]] double cost(const std::vector<std::uint32_t>& rows) const {
    double sum = 0;
    for (const auto& [n, weight] : family_.weights) sum += weight * covering_distance(prefix(rows, n));
    return sum;
  }

  NestedFamily family_;
  Random random_;
  std::vector<std::uint32_t> rows_;
  double cost_ = 0;
};

}  // namespace flexor
