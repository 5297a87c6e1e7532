// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "code/random.hpp"

namespace flexor::test {

/// What the stream engine does, halfword by halfword, written from docs/stream_engine.md alone: it shares nothing with the compiler.
///
/// Units that may run beside the stream do their work at once, or as late as the instructions allow: the results must be the same.
class StreamInterpreter {
 public:
  enum class When : std::uint8_t { AtOnce, Late, Random };
  enum class End : std::uint8_t { None = 0, Instruction = 1, StreamEnd = 2, TimeOut = 3 };
  static constexpr int kHalfwords = 16384;

  /// A halfword that the drain wrote.
  struct Write {
    int bank = 0;
    int address = 0;
    std::uint16_t value = 0;
  };

  StreamInterpreter(int acc_width, When when, std::uint64_t seed = 1);

  std::array<std::vector<std::uint16_t>, 4> bank;

  /// Runs a job from halfword `start` of bank 2; `upper`: the image stands in the upper half of bank 3. Always returns.
  End run(int start, bool upper = false);

  [[nodiscard]] const std::vector<Write>& writes() const { return writes_; }
  /// Products of a word of the line buffer and a word of the weight cache.
  [[nodiscard]] std::int64_t entries() const { return entry_count_; }

 private:
  struct Stop {
    End why;
  };
  using Word = std::array<std::uint8_t, 16>;
  using Weights = std::array<std::array<bool, 16>, 16>;  // [channel][lane]
  using Sums = std::array<std::int64_t, 16>;
  struct Row {
    int results = 0;
  };

  int next();
  void instruction(int h);
  void action(int h);
  void go(int h);
  void decrypt(int groups);
  void copy(int table);
  void fill_row();
  void fill_zeros(int words);
  void compute_row();
  void accumulate(int offset, bool twice);
  void drain_one();
  void finish_fill();
  void finish_compute();
  void finish_drain(std::size_t left);
  [[nodiscard]] std::int64_t hold(std::int64_t value) const;
  [[nodiscard]] int requantise(int channel, std::int64_t sum, int addend) const;
  [[nodiscard]] bool late();
  void step();

  int acc_width_;
  When when_;
  Random random_;
  bool upper_ = false;
  int at_ = 0;
  std::int64_t steps_ = 0, entry_count_ = 0;

  // Registers, as instructions give them.
  int source_ = 0, fill_bank_ = 0, group_ = 0, valid_ = 0, fill_step_ = 0, row_ = 0, pad_ = 0, line_ = 0;
  int runs_ = 0, step_ = 0, base_ = 0, next_ = 0, entry_ = 0, weight_ = 0;
  int result_bank_ = 0, result_ = 0, addend_bank_ = 0, addend_ = 0, max_ = 0, result_step_ = 0, addend_step_ = 0, tile_ = 0, scale_ = 0;
  bool logits_ = false, projection_ = false, signed_ = false, maximum_ = false;
  int bits_ = 1, column_ = 0;

  // Memories.
  std::array<Word, 256> lines_{};
  std::array<Weights, 256> cache_{};
  std::array<std::uint16_t, 256> microcode_{};
  std::array<std::uint32_t, 256> columns_{};
  std::array<std::array<std::uint16_t, 3>, 256> parameters_{};

  // Units.
  int written_groups_ = 0;
  int weight_at_ = 0;
  bool pixel_begins_ = true, sum_begins_ = true;
  Sums sums_{};
  int window_ = 0;
  std::optional<int> pending_fill_;     // 1 a row, 2 zeros
  std::optional<int> pending_compute_;  // results
  std::deque<Sums> results_;
  std::vector<Write> writes_;
};

}  // namespace flexor::test
