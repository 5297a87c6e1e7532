// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "golden/kernels.hpp"
#include "network/network.hpp"

namespace flexor::golden {

/// One layer laid out for the kernels: the same words as compute_layer() of plain_layer.hpp, sooner. Weights that hold several binary
/// digits are multiplied at once, whole rows of pixels at a time, and tensors between layers stay bytes.
class FastLayer {
 public:
  /// Bytes that may be read beyond the end of a tensor.
  static constexpr int kSlack = kQuad;

  FastLayer(const Network& network, std::size_t l, const Kernels& kernels);

  [[nodiscard]] int source() const { return source_; }
  [[nodiscard]] const Layer& layer() const { return layer_; }

  /// Output of a hidden layer, pooled, kSlack bytes longer than its tensor. `input` and `shortcut` (null without one) have the slack, too.
  [[nodiscard]] std::vector<std::uint8_t> activations(const std::uint8_t* input, const std::uint8_t* shortcut) const;
  /// Output of the layer of the logits.
  [[nodiscard]] std::vector<std::int16_t> logits(const std::uint8_t* input) const;

 private:
  /// Digits that are multiplied at once.
  struct Group {
    std::vector<std::int8_t> weight;  // DotJob::weight
    int digits = 1;                   // of its weights
  };
  struct Scratch;

  [[nodiscard]] Group lay_out(const Network& network, const Layer& l, int first, int digits) const;
  [[nodiscard]] const std::uint8_t* padded(const std::uint8_t* input, std::vector<std::uint8_t>& buffer) const;
  void gather_windows(const std::uint8_t* input, int y, std::vector<std::uint8_t>& windows) const;
  void sum_row(const std::uint8_t* input, int y, Scratch& scratch) const;
  [[nodiscard]] bool needs_more() const { return layer_.shortcut || layer_.projection; }
  void add_shortcut(const std::uint8_t* row, double* more) const;

  const Kernels& kernels_;
  Layer layer_;  // without its stored bits
  int source_ = kNetworkInput;
  Shape shortcut_;  // of the tensor that the shortcut adds
  bool signed_shortcut_ = false;
  int rows_ = 1, quads_ = 1, blocks_ = 1;
  std::vector<Group> groups_;              // the most significant digits first
  std::vector<double> bias_, multiplier_;  // of every channel, filled up to whole blocks
};

}  // namespace flexor::golden
