// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "network/network.hpp"

namespace flexor {

/// Which weights the slices of a layer hold (docs/architecture.md, "Layout of weights"): the only place that knows it.
///
/// A slice stands for one word of `inputs` weights of each of `channels` output channels. Words are numbered over all inputs of a channel:
/// - 10 inputs: 10 neighbours of a string (a kernel row), group after group, string after string.
/// - 16 inputs (aligned words): 16 neighbouring channels of one pixel, in the order ky, kx, group of channels; of a dense layer the pixels
///   are those of the tensor that it flattens. Of a row-stacked layer: 16 neighbours of kernel_width columns of P bytes,
///   P = kernel_height * C_in rounded up to an even number.
/// Slices stand in the order channel group, word (word fastest).
class SliceLayout {
 public:
  /// `flattened`: the tensor whose NHWC flattening a dense layer reads; not looked at for other layers.
  SliceLayout(const SliceShape& slice, const Layer& layer, const Shape& flattened);

  /// Words of one channel.
  [[nodiscard]] int words() const { return words_; }
  /// Slices of one plane; 0 for a pooling layer.
  [[nodiscard]] int slices() const { return groups_of_channels_ * words_; }
  /// The input of a channel at lane 0 .. slice.inputs - 1 of a word, string * string_length + k as in decrypt_weights(), or -1: a hole.
  [[nodiscard]] int input(int word, int lane) const;

  /// A weight: its channel and input, both -1 where a bit of a slice is no weight (a hole, or a channel past the last).
  struct Weight {
    int channel = -1;
    int input = -1;
  };
  /// The weight that is output bit 0 .. slice.weights() - 1 of a slice.
  [[nodiscard]] Weight weight(int slice, int bit) const;

 private:
  SliceShape slice_;
  int channels_;            // output channels
  int groups_of_channels_;  // of slice_.channels
  int length_;              // inputs of a run: string, pixel or column of a row-stacked layer
  int stride_;              // lanes from one run to the next: whole words, or P
  int inputs_;              // of a channel
  int words_;
};

/// The layout of a layer of network.layers (not of a copy: its place in the network tells what a dense layer flattens).
SliceLayout slice_layout(const Network& network, const Layer& layer);

}  // namespace flexor
