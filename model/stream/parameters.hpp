// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <string_view>

namespace flexor::stream {

/// One configuration of the stream engine: the names and sizes of docs/stream_engine.md.
struct Parameters {
  std::string_view name;
  int K = 16;                 ///< lanes: bytes of a word
  int M = 16;                 ///< output channels of an m-tile
  int D = 2;                  ///< slices that are decrypted at a time
  int R = 1;                  ///< channels that the drain takes a cycle
  int AccWidth = 22;          ///< bits of an accumulator
  int Shift = 16;             ///< of requantise
  int Halfwords = 16384;      ///< of a bank
  int InputHalfwords = 8192;  ///< of half of the input bank
  int LineWords = 256;        ///< line buffer
  int WeightWords = 256;      ///< weight cache
  int Entries = 256;          ///< microcode
  int Columns = 256;          ///< code columns
  int Channels = 256;         ///< channel parameters

  /// Weights of a slice.
  [[nodiscard]] int slice_weights() const { return K * 2; }
  /// Slices of a word of the weight cache.
  [[nodiscard]] int word_slices() const { return M / 2; }
  /// Groups of D slices of a word of the weight cache.
  [[nodiscard]] int word_groups() const { return word_slices() / D; }
  /// Halfwords of a word.
  [[nodiscard]] int word_halfwords() const { return K / 2; }
  /// Words of a bank.
  [[nodiscard]] int bank_words() const { return Halfwords / word_halfwords(); }
};

/// 256 multiply-accumulators on an iCE40 UP5K.
inline constexpr Parameters kMicro16{.name = "micro16"};

inline constexpr std::array<Parameters, 1> kConfigurations{kMicro16};

}  // namespace flexor::stream
