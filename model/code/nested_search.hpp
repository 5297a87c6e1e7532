// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "code/code.hpp"
#include "code/covering.hpp"
#include "code/random.hpp"

namespace flexor {

/// Hill climbing for a nested code: unit lower triangular, at most `kTaps` taps per row, taps beside a row's own column only
/// among the first `kShared` columns. The cost is the covering distance summed over n = kShared .. n_out-1, the rates 8, 12
/// and 16 of 20 counting five times.
class NestedSearch {
 public:
  static constexpr int kOut = 20;
  static constexpr int kTaps = 4;
  static constexpr int kShared = 8;

  explicit NestedSearch(std::uint64_t seed) : random_(seed), rows_(kOut) {
    for (int i = 0; i < kOut; ++i) rows_[static_cast<std::size_t>(i)] = draw_row(i);
    cost_ = cost(rows_);
  }

  /// Tries `trials` redrawn rows one after another and keeps each that does not cost more.
  void climb(int trials) {
    for (int t = 0; t < trials; ++t) {
      const int i = 1 + static_cast<int>(random_.below(kOut - 1));
      std::vector<std::uint32_t> tried = rows_;
      tried[static_cast<std::size_t>(i)] = draw_row(i);
      const double tried_cost = cost(tried);
      if (tried_cost > cost_) continue;
      rows_ = tried;
      cost_ = tried_cost;
    }
  }

  [[nodiscard]] const std::vector<std::uint32_t>& rows() const { return rows_; }
  [[nodiscard]] double cost() const { return cost_; }

  /// First n columns of a nested matrix.
  static Code prefix(const std::vector<std::uint32_t>& rows, int n) {
    Code code{"prefix", kOut, n, rows};
    for (std::uint32_t& row : code.rows) row &= (1U << n) - 1;
    return code;
  }

 private:
  std::uint32_t draw_row(int i) {
    const int choices = i < kShared ? i : kShared;
    const int others = choices < kTaps - 1 ? choices : kTaps - 1;
    std::uint32_t row = 1U << i;
    for (int t = 0; t < others; ++t) row |= 1U << random_.below(static_cast<std::uint64_t>(choices));
    return row;
  }
  static double cost(const std::vector<std::uint32_t>& rows) {
    double sum = 0;
    for (int n = kShared; n < kOut; ++n) sum += (n == 8 || n == 12 || n == 16 ? 5 : 1) * covering_distance(prefix(rows, n));
    return sum;
  }

  Random random_;
  std::vector<std::uint32_t> rows_;
  double cost_ = 0;
};

}  // namespace flexor
