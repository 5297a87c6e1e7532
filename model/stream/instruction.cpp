// SPDX-License-Identifier: Apache-2.0
#include "stream/instruction.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "code/integer.hpp"
#include "stream/fields.hpp"

namespace flexor::stream {
namespace {

constexpr int kStepsAHalfword = 8;  // two bits each

int put(const Field& field, int value) {
  const int low = field.is_signed ? -(1 << (field.width - 1)) : 0;
  const int high = low + (1 << field.width) - 1;
  if (value < low || value > high) {
    throw std::logic_error(fmt::format("stream field {} cannot hold {}; it takes {} to {}", field.name, value, low, high));
  }
  return (value & ((1 << field.width) - 1)) << field.low;
}

int get(const Field& field, int halfword) {
  const int value = halfword >> field.low & ((1 << field.width) - 1);
  const bool negative = field.is_signed && (value >> (field.width - 1) & 1) != 0;
  return negative ? value - (1 << field.width) : value;
}

int head(Opcode code) { return put(field::kOpcode, static_cast<int>(code)); }
int head(Action action) { return head(Opcode::Action) | put(field::kAction, static_cast<int>(action)); }

struct Encode {
  std::vector<std::uint16_t>& out;

  void add(int halfword) const { out.push_back(static_cast<std::uint16_t>(halfword)); }
  void operator()(const SetSource& i) const { add(head(Opcode::Source) | put(field::kSourceAddress, i.address)); }
  void operator()(const SetFill& i) const {
    add(head(Opcode::Fill) | put(field::kFillBank, i.bank) | put(field::kFillGroup, i.group - 1) | put(field::kFillTail, i.tail - 1) |
        put(field::kFillStep, i.step));
  }
  void operator()(const SetRow& i) const { add(head(Opcode::Row) | put(field::kRowWords, i.words - 1) | put(field::kRowPad, i.pad)); }
  void operator()(const SetLine& i) const { add(head(Opcode::Line) | put(field::kLineAddress, i.address)); }
  void operator()(const SetPixels& i) const {
    add(head(Opcode::Pixels) | put(field::kPixelsCount, i.count - 1) | put(field::kPixelsStep, i.step));
  }
  void operator()(const SetBase& i) const { add(head(Opcode::Base) | put(field::kBaseAddress, i.address)); }
  void operator()(const SetNext& i) const { add(head(Opcode::Next) | put(field::kNextWords, i.words)); }
  void operator()(const SetEntry& i) const { add(head(Opcode::Entry) | put(field::kEntryAddress, i.address)); }
  void operator()(const SetWeight& i) const { add(head(Opcode::Weight) | put(field::kWeightAddress, i.address)); }
  void operator()(const SetResult& i) const {
    add(head(Opcode::Result) | put(field::kResultBank, i.bank) | put(field::kResultAddress, i.address));
  }
  void operator()(const SetAddend& i) const {
    add(head(Opcode::Addend) | put(field::kAddendBank, i.bank) | put(field::kAddendAddress, i.address));
  }
  void operator()(const SetOutput& i) const {
    add(head(Opcode::Output) | put(field::kOutputMax, i.activation_max) | put(field::kOutputLogits, i.logits ? 1 : 0) |
        put(field::kOutputProjection, i.projection ? 1 : 0) | put(field::kOutputSigned, i.signed_shortcut ? 1 : 0) |
        put(field::kOutputMaximum, i.maximum ? 1 : 0));
  }
  void operator()(const SetSteps& i) const {
    add(head(Opcode::Steps) | put(field::kStepsResult, i.result) | put(field::kStepsAddend, i.addend) |
        put(field::kStepsParameters, i.parameters));
  }
  void operator()(const SetScale& i) const { add(head(Opcode::Scale) | put(field::kScaleMultiplier, i.multiplier)); }
  void operator()(const SetCode& i) const {
    add(head(Opcode::Code) | put(field::kCodeBits, i.stored_bits - 1) | put(field::kCodeBlock, i.block));
  }
  void operator()(const Go& i) const {
    add(head(Action::Go) | put(field::kGoCompute, i.compute ? 1 : 0) | put(field::kGoFill, static_cast<int>(i.fill)) |
        put(field::kGoResults, static_cast<int>(i.results)));
  }
  void operator()(const Bits& i) const {
    add(head(Action::Bits) | put(field::kBitsGroups, i.groups - 1));
    out.insert(out.end(), i.data.begin(), i.data.end());
  }
  void operator()(const Copy& i) const {
    add(head(Action::Copy) | put(field::kCopyTable, static_cast<int>(i.table)));
    add(put(field::kCopyFirst, i.first) | put(field::kCopyLast, i.first + i.count - 1));
    if (i.data.size() != static_cast<std::size_t>(i.count * table_halfwords(i.table))) throw std::logic_error("COPY with other data");
    out.insert(out.end(), i.data.begin(), i.data.end());
  }
  void operator()(const Wait&) const { add(head(Action::Wait)); }
  void operator()(const End&) const { add(head(Action::End)); }
};

// Reads a stream from the front.
class Decoder {
 public:
  Decoder(std::span<const std::uint16_t> stream, int slices) : stream_(stream), slices_(slices) {}

  Instruction next() {
    const int h = halfword();
    switch (static_cast<Opcode>(get(field::kOpcode, h))) {
      case Opcode::Source:
        return SetSource{get(field::kSourceAddress, h)};
      case Opcode::Fill:
        return SetFill{get(field::kFillBank, h), get(field::kFillGroup, h) + 1, get(field::kFillTail, h) + 1, get(field::kFillStep, h)};
      case Opcode::Row:
        return SetRow{get(field::kRowWords, h) + 1, get(field::kRowPad, h)};
      case Opcode::Line:
        return SetLine{get(field::kLineAddress, h)};
      case Opcode::Pixels:
        return SetPixels{get(field::kPixelsCount, h) + 1, get(field::kPixelsStep, h)};
      case Opcode::Base:
        return SetBase{get(field::kBaseAddress, h)};
      case Opcode::Next:
        return SetNext{get(field::kNextWords, h)};
      case Opcode::Entry:
        return SetEntry{get(field::kEntryAddress, h)};
      case Opcode::Weight:
        return SetWeight{get(field::kWeightAddress, h)};
      case Opcode::Result:
        return SetResult{get(field::kResultBank, h), get(field::kResultAddress, h)};
      case Opcode::Addend:
        return SetAddend{get(field::kAddendBank, h), get(field::kAddendAddress, h)};
      case Opcode::Output:
        return SetOutput{get(field::kOutputMax, h), get(field::kOutputLogits, h) != 0, get(field::kOutputProjection, h) != 0,
                         get(field::kOutputSigned, h) != 0, get(field::kOutputMaximum, h) != 0};
      case Opcode::Steps:
        return SetSteps{get(field::kStepsResult, h), get(field::kStepsAddend, h), get(field::kStepsParameters, h)};
      case Opcode::Scale:
        return SetScale{get(field::kScaleMultiplier, h)};
      case Opcode::Code:
        stored_bits_ = get(field::kCodeBits, h) + 1;
        return SetCode{stored_bits_, get(field::kCodeBlock, h)};
      case Opcode::Action:
        break;
    }
    return action(h);
  }

 private:
  int halfword() {
    if (at_ >= stream_.size()) throw std::invalid_argument("the stream ends without END");
    return stream_[at_++];
  }
  std::vector<std::uint16_t> data(int count) {
    std::vector<std::uint16_t> words;
    for (int i = 0; i < count; ++i) words.push_back(static_cast<std::uint16_t>(halfword()));
    return words;
  }
  Instruction action(int h) {
    switch (get(field::kAction, h)) {
      case static_cast<int>(Action::Go):
        return Go{get(field::kGoCompute, h) != 0, static_cast<FillKind>(get(field::kGoFill, h)),
                  static_cast<ResultKind>(get(field::kGoResults, h))};
      case static_cast<int>(Action::Bits): {
        const int groups = get(field::kBitsGroups, h) + 1;
        return Bits{groups, data(bits_halfwords(groups, slices_, stored_bits_))};
      }
      case static_cast<int>(Action::Copy): {
        const Table table = static_cast<Table>(get(field::kCopyTable, h));
        const int place = halfword();
        const int first = get(field::kCopyFirst, place);
        const int count = (get(field::kCopyLast, place) - first) % (1 << field::kCopyLast.width) + 1;
        return Copy{table, first, count, data(count * table_halfwords(table))};
      }
      case static_cast<int>(Action::Wait):
        return Wait{};
      case static_cast<int>(Action::End):
        return End{};
      default:
        throw std::invalid_argument(fmt::format("0x{:04X} is no instruction", h));
    }
  }

  std::span<const std::uint16_t> stream_;
  int slices_;
  std::size_t at_ = 0;
  int stored_bits_ = 1;
};

}  // namespace

int table_halfwords(Table table) {
  switch (table) {
    case Table::Microcode:
      return 1;
    case Table::Code:
      return 2;
    case Table::Parameters:
      return 3;
  }
  throw std::invalid_argument("a table that does not exist");
}

int bits_halfwords(int groups, int slices, int stored_bits) { return ceil_div(groups * stored_bits * slices, kStepsAHalfword * 2); }

void append(std::vector<std::uint16_t>& stream, const Instruction& instruction) { std::visit(Encode{stream}, instruction); }

std::vector<Instruction> decode(std::span<const std::uint16_t> stream, int slices) {
  Decoder decoder(stream, slices);
  std::vector<Instruction> instructions;
  do instructions.push_back(decoder.next());
  while (!std::holds_alternative<End>(instructions.back()));
  return instructions;
}

}  // namespace flexor::stream
