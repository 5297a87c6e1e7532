// SPDX-License-Identifier: Apache-2.0
#include "stream/registers.hpp"

namespace flexor::stream {
namespace {

constexpr int kHalfwordBits = 16;

int modulo(Address value, int size) { return static_cast<int>((value % size + size) % size); }

}  // namespace

template <typename Value>
bool Registers::update(std::optional<Value>& held, const Value& value) {
  if (held == value) return false;
  held = value;
  tape_.add(value);
  return true;
}

int Registers::line(Address address) const { return modulo(address, parameters_.LineWords); }

void Registers::set(const SetLine& line) { tape_.add(line); }

void Registers::set(const SetCode& code) { update(code_, code); }

FillKind Registers::prepare(const Fill& fill) {
  if (fill.zeros) {
    if (!row_ || row_->words + row_->pad != fill.length()) update(row_, SetRow{fill.length(), 0});
    return FillKind::Zeros;
  }
  update(fill_, fill.layout);
  update(row_, SetRow{fill.words, fill.pad});
  update(source_, SetSource{fill.source});
  if (fill.goes_on) {
    source_ = SetSource{modulo(fill.source + fill.words, parameters_.bank_words())};
  } else {
    source_.reset();
  }
  return FillKind::Row;
}

bool Registers::prepare(const Compute& compute, const Compute* next) {
  bool wrote = update(pixels_, SetPixels{compute.runs, compute.step});
  wrote |= update(base_, SetBase{line(compute.base)});
  wrote |= update(entry_, SetEntry{modulo(compute.entry, parameters_.Entries)});
  wrote |= update(weight_, SetWeight{modulo(compute.weight, parameters_.WeightWords)});
  const Address last = compute.base + static_cast<Address>(compute.runs - 1) * compute.step;
  if (next != nullptr) wrote |= update(next_, SetNext{line(next->base - last)});
  base_.reset();
  if (next_) base_ = SetBase{line(last + next_->words)};
  return wrote;
}

SetAddend Registers::addend(const Compute& compute, const Pass& pass) const {
  if (pass.adds()) return {pass.addend_bank, compute.addend};
  return addend_ && addend_->bank == pass.addend_bank ? *addend_ : SetAddend{pass.addend_bank, 0};
}

void Registers::prepare(const Compute& compute, const Pass& pass) {
  update(output_, pass.output);
  update(steps_, pass.steps);
  update(scale_, pass.scale);
  if (compute.results == ResultKind::None) return;
  update(result_, SetResult{pass.result_bank, compute.result});
  if (!pass.output.maximum) update(addend_, addend(compute, pass));
}

bool Registers::changes(const Compute& compute, const Pass& pass) const {
  if (output_ != pass.output || steps_ != pass.steps || scale_ != pass.scale) return true;
  if (compute.results == ResultKind::None) return false;
  if (result_ != SetResult{pass.result_bank, compute.result}) return true;
  return !pass.output.maximum && addend_ != addend(compute, pass);
}

void Registers::computed(const Compute& compute, const Pass& pass) {
  if (compute.results == ResultKind::None) return;
  const int words = parameters_.bank_words();
  result_->address = modulo(compute.result + compute.advances * pass.steps.result, words);
  if (pass.output.maximum) addend_.reset();  // it goes on, unused
  if (addend_ && !pass.output.logits) addend_->address = modulo(addend_->address + compute.advances * pass.steps.addend, words);
}

void Registers::repeat_weight() { tape_.add(*weight_); }

void Registers::repeat_scale() { tape_.add(*scale_); }

std::vector<std::uint16_t> Registers::pack(const Load& load, int first, int count) const {
  std::vector<std::uint16_t> data(static_cast<std::size_t>(bits_halfwords(count, parameters_.D, load.code.stored_bits)), 0);
  int at = 0;
  for (int group = first; group < first + count; ++group) {
    for (int j = 0; j < load.code.stored_bits; ++j) {
      for (int s = 0; s < parameters_.D; ++s, ++at) {
        const std::uint32_t bits = load.slices[static_cast<std::size_t>(group * parameters_.D + s)];
        auto& halfword = data[static_cast<std::size_t>(at / kHalfwordBits)];
        halfword = static_cast<std::uint16_t>(halfword | (bits >> j & 1U) << at % kHalfwordBits);
      }
    }
  }
  return data;
}

}  // namespace flexor::stream
