// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

namespace flexor::stream {

/// Bits 15:12 of an instruction.
enum class Opcode : std::uint8_t {
  Source,
  Fill,
  Row,
  Line,
  Pixels,
  Base,
  Next,
  Entry,
  Weight,
  Result,
  Addend,
  Output,
  Steps,
  Scale,
  Code,
  Action
};

/// Bits 11:9 of an action.
enum class Action : std::uint8_t { Go, Bits, Copy, Wait, End };
/// What a GO fills.
enum class FillKind : std::uint8_t { Nothing, Row, Zeros };
/// Which sums a GO gives to the drain.
enum class ResultKind : std::uint8_t { Each, None, Last };
/// What a COPY fills.
enum class Table : std::uint8_t { Microcode, Code, Parameters };

/// One struct an instruction, fields in their own units (docs/stream_engine.md, "Instructions"): counts are counts, not counts less one.
struct SetSource {
  int address = 0;  ///< word of the bank
  friend bool operator==(const SetSource&, const SetSource&) = default;
};
struct SetFill {
  int bank = 0;
  int group = 1;  ///< words
  int tail = 8;   ///< halfwords of the last one that are read
  int step = 1;   ///< halfwords from the last one read to the first one of the next group
  friend bool operator==(const SetFill&, const SetFill&) = default;
};
struct SetRow {
  int words = 1;
  int pad = 0;
  friend bool operator==(const SetRow&, const SetRow&) = default;
};
struct SetLine {
  int address = 0;
  friend bool operator==(const SetLine&, const SetLine&) = default;
};
struct SetPixels {
  int count = 1;
  int step = 0;  ///< words
  friend bool operator==(const SetPixels&, const SetPixels&) = default;
};
struct SetBase {
  int address = 0;
  friend bool operator==(const SetBase&, const SetBase&) = default;
};
struct SetNext {
  int words = 0;  ///< modulo the line buffer
  friend bool operator==(const SetNext&, const SetNext&) = default;
};
struct SetEntry {
  int address = 0;
  friend bool operator==(const SetEntry&, const SetEntry&) = default;
};
struct SetWeight {
  int address = 0;
  friend bool operator==(const SetWeight&, const SetWeight&) = default;
};
struct SetResult {
  int bank = 0;
  int address = 0;
  friend bool operator==(const SetResult&, const SetResult&) = default;
};
struct SetAddend {
  int bank = 0;
  int address = 0;
  friend bool operator==(const SetAddend&, const SetAddend&) = default;
};
struct SetOutput {
  int activation_max = 255;
  bool logits = false;
  bool projection = false;
  bool signed_shortcut = false;
  bool maximum = false;
  friend bool operator==(const SetOutput&, const SetOutput&) = default;
};
struct SetSteps {
  int result = 0;
  int addend = 0;      ///< with a maximum: places of a window - 1
  int parameters = 0;  ///< first channel / 16
  friend bool operator==(const SetSteps&, const SetSteps&) = default;
};
struct SetScale {
  int multiplier = 0;  ///< of the shortcut in 1/256; 0: none
  friend bool operator==(const SetScale&, const SetScale&) = default;
};
struct SetCode {
  int stored_bits = 1;  ///< a slice
  int block = 0;        ///< of 32 columns
  friend bool operator==(const SetCode&, const SetCode&) = default;
};
struct Go {
  bool compute = false;
  FillKind fill = FillKind::Nothing;
  ResultKind results = ResultKind::Each;
  friend bool operator==(const Go&, const Go&) = default;
};
struct Bits {
  int groups = 1;
  std::vector<std::uint16_t> data;
  friend bool operator==(const Bits&, const Bits&) = default;
};
struct Copy {
  Table table = Table::Microcode;
  int first = 0;
  int count = 1;
  std::vector<std::uint16_t> data;
  friend bool operator==(const Copy&, const Copy&) = default;
};
struct Wait {
  friend bool operator==(const Wait&, const Wait&) = default;
};
struct End {
  friend bool operator==(const End&, const End&) = default;
};

using Instruction = std::variant<SetSource, SetFill, SetRow, SetLine, SetPixels, SetBase, SetNext, SetEntry, SetWeight, SetResult,
                                 SetAddend, SetOutput, SetSteps, SetScale, SetCode, Go, Bits, Copy, Wait, End>;

/// Halfwords of an element of a table.
[[nodiscard]] int table_halfwords(Table table);
/// Halfwords of the stored bits of `groups` groups of `slices` slices of `stored_bits` bits.
[[nodiscard]] int bits_halfwords(int groups, int slices, int stored_bits);

/// Appends an instruction with its data. Throws std::logic_error for a value that its field cannot hold.
void append(std::vector<std::uint16_t>& stream, const Instruction& instruction);

/// Instructions of a stream up to and with END. `slices`: of a group. Throws std::invalid_argument for an instruction that does not exist
/// or a stream without END.
[[nodiscard]] std::vector<Instruction> decode(std::span<const std::uint16_t> stream, int slices);

}  // namespace flexor::stream
