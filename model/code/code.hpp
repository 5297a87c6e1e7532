// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace flexor {

/// A XOR code: y = M x over GF(2) (FleXOR, section 2). M has n_out rows and n_in columns.
struct Code {
  std::string name;                 ///< family and draw, for people: "nested4", "tap2-seed1"
  int n_out = 20;                   ///< weights per slice, 1..32
  int n_in = 0;                     ///< stored bits per slice, 1..32
  std::vector<std::uint32_t> rows;  ///< n_out rows; bit j of row i is M[i][j]

  /// Weight bits of one slice: bit i is y_i. Only the low n_in bits of stored count.
  [[nodiscard]] std::uint32_t decrypt(std::uint32_t stored) const;
  /// Column j of M: bit i is M[i][j].
  [[nodiscard]] std::uint32_t column(int j) const;
  /// Rank of M over GF(2).
  [[nodiscard]] int rank() const;
  /// Most ones in a row.
  [[nodiscard]] int max_taps() const;
  friend bool operator==(const Code&, const Code&) = default;
};

/// Throws std::invalid_argument with one sentence when sizes or rows are out of range (1 <= n_in, n_out <= 32, rows fit).
void validate(const Code& code);

/// The shipped nested code of n_out = 20, 32, 16 or 8: first n columns of one unit lower triangular matrix with <= 4 taps per row, n <=
/// n_out. n = n_out: invertible. Throws InputError for other sizes.
Code nested_code(int n_in, int n_out = 20);
/// The code that needs no gates: 12 stored bits for 20 weights. Each weight is the sum of one to three of them, chosen so that what the
/// PE styles ecp5 and xc7 take in place of the weights (T y) is stored bits as they are; see WiredSearch and
/// docs/decisions/0221-a-code-without-gates.md.
Code wired_code();
/// The paper's code: every row has `taps` distinct random taps.
Code random_tap_code(int n_out, int n_in, int taps, std::uint64_t seed);
/// Every entry random, no zero row.
Code dense_code(int n_out, int n_in, std::uint64_t seed);
/// `times` copies of a code in one slice, each with stored bits of its own: copy c has the outputs c * n_out.. and the inputs c * n_in..
/// A smaller N_out in slices of an engine that has a larger one.
Code repeated_code(const Code& code, int times);
/// Codes side by side in one slice, each with stored bits of its own: M is block-diagonal. At least one code.
Code block_code(const std::vector<Code>& blocks);
/// y = x: plain binary weights (rate 1).
Code identity_code(int n_out);

}  // namespace flexor
