// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "code/agreement.hpp"
#include "code/code.hpp"
#include "code/random.hpp"

namespace flexor {

/// Hill climbing for a wired code: one whose weights, as the PE styles ecp5 and xc7 recode them, are stored bits (decision 0221).
///
/// A row of ten weights has eight slots s0..s7, each of which holds a stored bit:
///   w0 = s0^s2  w1 = s0^s1^s2  w2 = s2  w3 = s1^s2  w4 = s3^s5  w5 = s3^s4^s5  w6 = s5  w7 = s5^s6  w8 = s7  w9 = s6^s7
/// The search chooses the stored bits of the sixteen slots. It raises `agreement` over kSlices slices; codes of less than full rank, and
/// those in which two weights are always equal or one is always -1, are not considered.
class WiredSearch {
 public:
  static constexpr std::size_t kSlots = 16;
  static constexpr int kOut = 20;
  static constexpr int kSlices = 1024;
  using Slots = std::array<std::uint8_t, kSlots>;  ///< the stored bit of each slot, row after row

  /// n_in: stored bits of a slice, 8..16. Draws slots until they make a code.
  WiredSearch(int n_in, std::uint64_t seed) : n_in_(n_in), random_(seed) {
    do {
      for (std::uint8_t& slot : slots_) slot = draw();
      agreement_ = agreement_of(slots_);
    } while (agreement_ == 0);
  }

  /// Tries `trials` times to redraw one slot or two and keeps what does not agree less.
  void climb(int trials) {
    for (int t = 0; t < trials; ++t) {
      Slots tried = slots_;
      for (std::uint64_t redrawn = 1 + random_.below(2); redrawn > 0; --redrawn) tried[random_.below(kSlots)] = draw();
      const double tried_agreement = agreement_of(tried);
      if (tried_agreement < agreement_) continue;
      slots_ = tried;
      agreement_ = tried_agreement;
    }
  }

  [[nodiscard]] Code code() const { return code(slots_, n_in_); }
  [[nodiscard]] const Slots& slots() const { return slots_; }
  [[nodiscard]] double agreement() const { return agreement_; }

  /// The code of `slots`.
  static Code code(const Slots& slots, int n_in) {
    Code result{"wired", kOut, n_in, {}};
    for (const std::size_t first : {std::size_t{0}, kSlots / 2}) {
      const auto bit = [&slots, first](std::size_t s) { return 1U << slots[first + s]; };
      const std::uint32_t four = bit(0) ^ bit(2), second = bit(3) ^ bit(5);
      for (const std::uint32_t row :
           {four, four ^ bit(1), bit(2), bit(1) ^ bit(2), second, second ^ bit(4), bit(5), bit(5) ^ bit(6), bit(7), bit(6) ^ bit(7)}) {
        result.rows.push_back(row);
      }
    }
    return result;
  }

 private:
  std::uint8_t draw() { return static_cast<std::uint8_t>(random_.below(static_cast<std::uint64_t>(n_in_))); }
  [[nodiscard]] double agreement_of(const Slots& slots) const {
    const Code tried = code(slots, n_in_);
    std::vector<std::uint32_t> rows = tried.rows;
    std::sort(rows.begin(), rows.end());
    const bool distinct = std::adjacent_find(rows.begin(), rows.end()) == rows.end();
    return rows.front() != 0 && distinct && tried.rank() == n_in_ ? flexor::agreement(tried, kSlices) : 0;
  }

  int n_in_;
  Random random_;
  Slots slots_{};
  double agreement_ = 0;
};

}  // namespace flexor
