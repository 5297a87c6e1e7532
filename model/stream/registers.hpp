// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "stream/instruction.hpp"
#include "stream/parameters.hpp"
#include "stream/plan.hpp"
#include "stream/tape.hpp"

namespace flexor::stream {

/// The registers of the engine as the stream leaves them: writes an instruction only where a value changes.
class Registers {
 public:
  /// Instructions go to `tape`.
  Registers(const Parameters& parameters, Tape& tape) : parameters_(parameters), tape_(tape) {}

  void set(const SetLine& line);
  void set(const SetCode& code);
  /// Registers for a fill; returns what GO is to say.
  FillKind prepare(const Fill& fill);
  /// Registers of the compute unit for a row, NEXT for the one after it (or none). True when it wrote any: the unit was idle then.
  bool prepare(const Compute& compute, const Compute* next);
  /// Registers of the drain for a row.
  void prepare(const Compute& compute, const Pass& pass);
  /// Whether that will write any: everything is written then.
  [[nodiscard]] bool changes(const Compute& compute, const Pass& pass) const;
  /// The row's GO is in the stream: what goes on by itself has gone on.
  void computed(const Compute& compute, const Pass& pass);
  /// WEIGHT once more: waits until the compute unit is idle.
  void repeat_weight();
  /// SCALE once more: waits until everything is written.
  void repeat_scale();
  /// Stored bits of groups first .. first + count - 1 of a load, as BITS wants them.
  [[nodiscard]] std::vector<std::uint16_t> pack(const Load& load, int first, int count) const;

 private:
  [[nodiscard]] SetAddend addend(const Compute& compute, const Pass& pass) const;
  template <typename Value>
  bool update(std::optional<Value>& held, const Value& value);
  [[nodiscard]] int line(Address address) const;

  const Parameters& parameters_;
  Tape& tape_;
  std::optional<SetSource> source_;
  std::optional<SetFill> fill_;
  std::optional<SetRow> row_;
  std::optional<SetPixels> pixels_;
  std::optional<SetBase> base_;
  std::optional<SetNext> next_;
  std::optional<SetEntry> entry_;
  std::optional<SetWeight> weight_;
  std::optional<SetResult> result_;
  std::optional<SetAddend> addend_;
  std::optional<SetOutput> output_;
  std::optional<SetSteps> steps_;
  std::optional<SetScale> scale_;
  std::optional<SetCode> code_;
};

}  // namespace flexor::stream
