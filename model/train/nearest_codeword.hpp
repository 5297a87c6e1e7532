// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "code/code.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// Codewords of stored bits, by tables: codeword(x) = -codeword(low bits of x) codeword(the others), one weight at a time.
class Decoder {
 public:
  explicit Decoder(const Code& code);
  /// Codewords [S, n_out] in {-1, +1} of the stored bits of S slices.
  [[nodiscard]] torch::Tensor decode(const std::vector<std::uint32_t>& stored) const;

 private:
  static constexpr int kBits = 8;  // of one table
  int outputs_;
  std::vector<std::vector<float>> tables_;  // [2^kBits][outputs_] each; all but the first are negated
};

/// Finds, for real latent weights u of a slice, the stored bits whose codeword b (+-1) maximises <b, u>: exactly.
///
/// A row with a stored bit of its own (a column with a single one) can take either sign, whatever the other bits say, so it
/// always takes the sign of its u and adds the constant |u|. The other rows depend on the remaining `core` bits x only:
/// sum_i u_i b_i(x) = -sum_i u_i (-1)^<mask_i, x>, a Walsh-Hadamard transform of length 2^core, whose minimum is the answer.
/// Where M is block-diagonal, every block has a core and a transform of its own.
/// The shipped nested code of 20 weights has a core of 8 bits at every rate, that of 32 weights one of 13.
class NearestCodeword {
 public:
  /// Throws InputError when a core is larger than 13 bits.
  explicit NearestCodeword(const Code& code);
  [[nodiscard]] const Code& code() const { return code_; }
  [[nodiscard]] const Decoder& decoder() const { return decoder_; }
  /// latent [S, n_out] float -> stored bits of every slice (bit j = x_j). The first minimum wins.
  [[nodiscard]] std::vector<std::uint32_t> search(const torch::Tensor& latent) const;
  /// latent [S, n_out] on any device -> codewords [S, n_out] in {-1, +1} there: for each core one product with the table of all its 2^core
  /// values.
  [[nodiscard]] torch::Tensor codewords_by_table(const torch::Tensor& latent) const;

 private:
  // Core columns that rows tie together.
  struct Core {
    std::vector<int> columns;         // core bit -> column
    std::vector<int> rows;            // without a bit of their own
    std::vector<std::uint32_t> mask;  // of each of them: core bits it takes
    [[nodiscard]] int bits() const { return static_cast<int>(columns.size()); }
  };
  void find_cores();
  void make_tables();
  [[nodiscard]] std::uint32_t own_bits(std::uint32_t bits, const float* latent) const;

  Code code_;
  Decoder decoder_;
  std::vector<int> own_;  // row -> column of its own, or -1
  std::vector<Core> cores_;
  mutable std::vector<torch::Tensor> tables_;  // of each core [2^bits, n_out]: its rows in {-1, +1}; 0 in the others
  mutable torch::Tensor is_own_;               // [n_out]: 1 in rows with a bit of their own
};

/// Forward: the nearest codeword of each slice of latent (search() on the CPU, codewords_by_table() on other devices). Backward: straight
/// through; the optimiser keeps u in -1..1.
torch::Tensor nearest_codeword(const torch::Tensor& latent, const NearestCodeword& nearest);

}  // namespace flexor
