// SPDX-License-Identifier: Apache-2.0
#include "stream/cycle_model.hpp"

#include <algorithm>
#include <variant>

#include "stream/fields.hpp"

namespace flexor::stream {
namespace {

// Cycles from the cycle in which GO is taken.
constexpr int kAfterGo = 2;     // to the next instruction, and to the first one in which a row is filled
constexpr int kFirstEntry = 3;  // to the first entry
// Cycles from the cycle in which an entry is accepted.
constexpr int kFlight = 8;        // until it is in the accumulators
constexpr int kShortcutRead = 7;  // first one, then every second
constexpr int kMaximumRead = 11;
constexpr int kWrite = 14;
constexpr int kLogitWrite = 13;  // first one, then every cycle
constexpr int kDrained = 29;
constexpr int kResultGap = 16;  // results are 16, 18, 20 or at least 22 cycles apart
constexpr int kAnyGap = 22;
constexpr int kInputBank = 3;

bool has(std::uint16_t entry, const Field& flag) { return (entry >> flag.low & 1) != 0; }

template <typename... Kinds>
bool is_any(const Instruction& instruction) {
  return (std::holds_alternative<Kinds>(instruction) || ...);
}

}  // namespace

CycleModel::Cycle CycleModel::ready(const Instruction& instruction) const {
  if (is_any<SetSource, SetFill, SetRow, SetLine>(instruction)) return fill_idle_;
  if (is_any<SetPixels, SetBase, SetNext, SetEntry, SetWeight>(instruction)) return compute_idle_;
  if (is_any<SetResult, SetAddend, SetOutput, SetSteps, SetScale>(instruction)) return std::max(compute_idle_, drain_idle_);
  if (const auto* go = std::get_if<Go>(&instruction)) return go->compute ? std::max(fill_idle_, compute_idle_) : fill_idle_;
  if (is_any<Wait, End>(instruction)) return std::max({fill_idle_, compute_idle_, drain_idle_});
  return 0;
}

CycleModel::Cycle CycleModel::take(const Instruction& instruction) {
  const Cycle at = std::max(next_, ready(instruction));
  next_ = at + 1;
  apply(instruction, at);
  return at;
}

void CycleModel::apply(const Instruction& instruction, Cycle at) {
  const auto keep = [&instruction](auto& held) {
    const auto* value = std::get_if<std::decay_t<decltype(held)>>(&instruction);
    if (value != nullptr) held = *value;
  };
  keep(fill_);
  keep(row_);
  keep(pixels_);
  keep(entry_);
  keep(result_);
  keep(addend_);
  keep(output_);
  keep(code_);
  if (const auto* go = std::get_if<Go>(&instruction)) {
    next_ = at + kAfterGo;
    if (go->compute) compute(at, go->results);
    if (go->fill != FillKind::Nothing) fill_idle_ = fill_end(at, go->fill, fill_, row_);
  } else if (const auto* bits = std::get_if<Bits>(&instruction)) {
    next_ = at + 1 + Cycle{bits->groups} * code_.stored_bits;
  } else if (const auto* copy = std::get_if<Copy>(&instruction)) {
    next_ = at + 2 + static_cast<Cycle>(copy->data.size());
    if (copy->table != Table::Microcode) return;
    for (std::size_t i = 0; i < copy->data.size(); ++i) {
      microcode_[(static_cast<std::size_t>(copy->first) + i) % microcode_.size()] = copy->data[i];
    }
  }
}

void CycleModel::use(int bank, Cycle at) {
  auto& cycles = used_[static_cast<std::size_t>(bank)];
  const auto i = static_cast<std::size_t>(at);
  if (cycles.size() <= i) cycles.resize(std::max(i + 1, 2 * cycles.size()), false);
  cycles[i] = true;
}

bool CycleModel::used(int bank, Cycle at) const {
  if (bank == kInputBank) return false;
  const auto& cycles = used_[static_cast<std::size_t>(bank)];
  return static_cast<std::size_t>(at) < cycles.size() && cycles[static_cast<std::size_t>(at)];
}

// The first cycle from `at` on in which results may be accepted; the drain then uses its banks.
CycleModel::Cycle CycleModel::accept_result(Cycle at) {
  const Cycle gap = std::max<Cycle>(at - last_result_, kResultGap);
  const bool odd = gap < kAnyGap && gap % 2 != 0;
  at = last_result_ + gap + (odd ? 1 : 0);
  last_result_ = at;
  const int halfwords = parameters_.word_halfwords();
  if (output_.logits) {
    for (int i = 0; i < parameters_.M; ++i) use(result_.bank, at + kLogitWrite + i);
    return at;
  }
  const int first_read = output_.maximum ? kMaximumRead : kShortcutRead;
  for (int i = 0; i < halfwords; ++i) {
    use(output_.maximum ? result_.bank : addend_.bank, at + first_read + 2 * i);
    use(result_.bank, at + kWrite + 2 * i);
  }
  return at;
}

void CycleModel::compute(Cycle at, ResultKind results) {
  Cycle accepted = at + kFirstEntry - 1;
  int pointer = entry_.address;
  bool ends = false;
  for (int left = pixels_.count; left > 0 || ends;) {
    const std::uint16_t entry = microcode_[static_cast<std::size_t>(pointer)];
    const bool last_run = left == (ends ? 0 : 1);
    const bool gives = has(entry, field::kEntryLast) && (results == ResultKind::Each || (results == ResultKind::Last && last_run));
    accepted = gives ? accept_result(accepted + 1) : accepted + 1;
    ++entries_;
    pointer = ends ? entry_.address : (pointer + 1) % parameters_.Entries;
    ends = has(entry, field::kEntryEnd);
    if (ends) --left;
  }
  compute_idle_ = accepted + 1;
  drain_idle_ = std::max(accepted + kFlight, last_result_ + kDrained);
}

CycleModel::Cycle CycleModel::fill_end(Cycle at, FillKind kind, const SetFill& fill, const SetRow& row) const {
  Cycle cycle = at + kAfterGo;
  if (kind == FillKind::Zeros) return cycle + row.words + row.pad;
  const int halfwords = parameters_.word_halfwords();
  for (int word = 0; word < row.words; ++word) {
    const int read = word % fill.group == fill.group - 1 ? fill.tail : halfwords;
    for (int i = 0; i < read; ++i, ++cycle) {
      while (used(fill.bank, cycle)) ++cycle;
    }
    cycle += halfwords - read;
  }
  return cycle + row.pad;
}

Prediction predict(std::span<const Instruction> instructions, const Parameters& parameters) {
  CycleModel model(parameters);
  Prediction prediction;
  for (const Instruction& instruction : instructions) {
    prediction.cycles = model.take(instruction);
    const auto* go = std::get_if<Go>(&instruction);
    if (go != nullptr && go->compute) prediction.rows.push_back(prediction.cycles);
  }
  prediction.entries = model.entries();
  return prediction;
}

}  // namespace flexor::stream
