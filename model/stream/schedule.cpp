// SPDX-License-Identifier: Apache-2.0
#include "stream/schedule.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "stream/registers.hpp"
#include "stream/tape.hpp"

namespace flexor::stream {
namespace {

constexpr int kSettledResults = 2;  // results that must have come after one before it is surely written
constexpr int kLookAhead = 12;      // computations whose fills are looked at
constexpr int kMargin = 4;          // cycles that the stream is to be back before a row ends
constexpr int kLeastGroups = 4;     // of a BITS that is not the end of its weights
constexpr int kLeastPart = 6;       // words of a row that are filled by themselves
constexpr int kMostGroups = 512;    // of a BITS

// lows[i]: the lowest address that computation i or a later one reads.
template <typename Low>
std::vector<Address> suffix_lows(const std::vector<Compute>& computes, const Low& low) {
  std::vector<Address> lows(computes.size() + 1, std::numeric_limits<Address>::max() / 2);
  for (std::size_t i = computes.size(); i-- > 0;) lows[i] = std::min(lows[i + 1], low(computes[i]));
  return lows;
}

class Scheduler {
 public:
  Scheduler(const Plan& plan, const Parameters& parameters)
      : plan_(plan),
        parameters_(parameters),
        line_lows_(suffix_lows(plan.computes, [](const Compute& c) { return c.line_low; })),
        weight_lows_(suffix_lows(plan.computes, [](const Compute& c) { return c.weight; })),
        entry_lows_(suffix_lows(plan.computes, [](const Compute& c) { return c.entry; })),
        parameter_lows_(
            suffix_lows(plan.computes, [&](const Compute& c) { return plan.passes[static_cast<std::size_t>(c.pass)].parameters; })),
        tape_(parameters),
        registers_(parameters, tape_) {}

  Schedule run() {
    registers_.set(SetLine{0});
    take_fill();
    for (std::size_t k = 0; k < plan_.computes.size(); ++k) {
      while (next_fill_ < plan_.computes[k].fills) force_fill();
      while (next_load_ < plan_.loads.size() && plan_.loads[next_load_].before <= static_cast<int>(k)) force_load();
      go(k);
      work_beside(k);
    }
    tape_.add(End{});
    schedule_.cycles = clock().now() - 1;
    schedule_.instructions = tape_.finish();
    return std::move(schedule_);
  }

 private:
  [[nodiscard]] const CycleModel& clock() const { return tape_.clock(); }

  // ---- what is over ------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] std::size_t done() const { return static_cast<std::size_t>(done_); }
  void wait_for_compute() {
    registers_.repeat_weight();
    done_ = issued_;
  }
  void wait_for_drain() {
    registers_.repeat_scale();
    done_ = written_ = issued_;
  }

  // ---- fills -------------------------------------------------------------------------------------------------------------------------
  // What is left of the next fill.
  [[nodiscard]] const Fill& fill() const { return fill_; }
  void take_fill() {
    has_fill_ = next_fill_ < static_cast<int>(plan_.fills.size());
    if (has_fill_) fill_ = plan_.fills[static_cast<std::size_t>(next_fill_)];
  }
  [[nodiscard]] bool has_space() const { return fill().line + fill().length() - parameters_.LineWords <= line_lows_[done()]; }
  [[nodiscard]] bool may_fill() const { return has_fill_ && fill().after < written_ && has_space(); }

  // Whether the drain of a pass uses the bank that the next fill reads.
  [[nodiscard]] bool shares_bank(const Pass& pass) const {
    if (fill().zeros) return false;
    return fill().layout.bank == pass.result_bank || fill().layout.bank == pass.addend_bank;
  }
  // When `words` and `pad` more words would be there if they were filled as soon as possible.
  [[nodiscard]] CycleModel::Cycle fill_end(int words, int pad) const {
    const CycleModel::Cycle at = std::max(clock().now(), clock().fill_idle());
    return clock().fill_end(at, fill().zeros ? FillKind::Zeros : FillKind::Row, fill().layout, {words, pad});
  }
  [[nodiscard]] bool fits() const { return fill_end(fill().words, fill().pad) <= clock().compute_idle(); }
  // Words of the next row that are there before the row being computed ends; 0 where it is not worth it.
  [[nodiscard]] int fitting_words() const {
    if (fill().zeros || fill().layout.group > 1) return 0;
    int low = 0;
    for (int high = fill().words; low < high;) {
      const int middle = (low + high + 1) / 2;
      fill_end(middle, 0) + 2 <= clock().compute_idle() ? low = middle : high = middle - 1;
    }
    return low < kLeastPart || fill().words - low < kLeastPart ? 0 : low;
  }
  void fill_alone() {
    tape_.add(Go{false, registers_.prepare(fill()), ResultKind::Each});
    filled();
  }
  void fill_part(int words) {
    Fill part = fill();
    part.words = words;
    part.pad = 0;
    tape_.add(Go{false, registers_.prepare(part), ResultKind::Each});
    fill_.words -= words;
    fill_.source += words;
    fill_.line += words;
  }
  void filled() {
    ++next_fill_;
    take_fill();
  }
  void force_fill() {
    if (fill().after >= written_) wait_for_drain();
    if (!has_space()) wait_for_compute();
    if (!may_fill()) throw std::logic_error("a row has no place in the line buffer");
    fill_alone();
  }

  // ---- loads -------------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] const Load& load() const { return plan_.loads[next_load_]; }

  // Groups of the load that may be decrypted now.
  [[nodiscard]] int free_groups() const {
    const Address words = std::min(load().to, weight_lows_[done()] + parameters_.WeightWords) - load().from;
    return static_cast<int>(words) * parameters_.word_groups() - groups_done_;
  }
  [[nodiscard]] bool may_copy() const {
    switch (load().what) {
      case Load::What::Microcode:
        return load().to - parameters_.Entries <= entry_lows_[done()];
      case Load::What::Parameters:
        return load().to - parameters_.Channels <= parameter_lows_[static_cast<std::size_t>(written_)];
      default:
        return true;
    }
  }
  [[nodiscard]] int copy_cycles() const { return static_cast<int>(load().data.size()) + 4; }
  void copy() {
    const int count = static_cast<int>(load().to - load().from);
    const bool code = load().what == Load::What::Columns;
    const Table table = code ? Table::Code : load().what == Load::What::Microcode ? Table::Microcode : Table::Parameters;
    const int size = code ? parameters_.Columns : table == Table::Microcode ? parameters_.Entries : parameters_.Channels;
    tape_.add(Copy{table, static_cast<int>(load().from % size), count, load().data});
    ++next_load_;
  }
  void decrypt(int groups) {
    registers_.set(load().code);
    Bits bits{groups, registers_.pack(load(), groups_done_, groups)};
    schedule_.layer_of_bits.push_back(load().layer);
    tape_.add(std::move(bits));
    groups_done_ += groups;
    if (groups_done_ == static_cast<int>(load().to - load().from) * parameters_.word_groups()) {
      groups_done_ = 0;
      ++next_load_;
    }
  }
  void force_load() {
    if (load().what != Load::What::Weights) {
      if (!may_copy()) load().what == Load::What::Microcode ? wait_for_compute() : wait_for_drain();
      if (!may_copy()) throw std::logic_error("a table has no place");
      copy();
      return;
    }
    if (free_groups() <= 0) wait_for_compute();
    if (free_groups() <= 0) throw std::logic_error("weights have no place in the cache");
    decrypt(std::min(free_groups(), kMostGroups));
  }

  // ---- computations ------------------------------------------------------------------------------------------------------------------
  void go(std::size_t k) {
    const Compute& c = plan_.computes[k];
    const Pass& pass = plan_.passes[static_cast<std::size_t>(c.pass)];
    const Compute* next = k + 1 < plan_.computes.size() && plan_.computes[k + 1].pass == c.pass ? &plan_.computes[k + 1] : nullptr;
    done_ = static_cast<int>(k);  // when the GO is taken
    const bool drains = registers_.changes(c, pass);
    drains ? static_cast<void>(written_ = done_) : settle(k);
    Go go{true, FillKind::Nothing, c.results};
    if (may_fill() && !shares_bank(pass)) {
      go.fill = registers_.prepare(fill());
      filled();
    }
    registers_.prepare(c, next);
    registers_.prepare(c, pass);
    tape_.add(go);
    issued_ = static_cast<int>(k) + 1;
    registers_.computed(c, pass);
  }

  // Computations before written_ have given all their results to memory when number k goes.
  void settle(std::size_t k) {
    int results = 0;
    for (int w = static_cast<int>(k); w > written_; --w) {
      if (results >= kSettledResults) {
        written_ = w;
        return;
      }
      results += plan_.computes[static_cast<std::size_t>(w) - 1].written;
    }
  }

  // Whether the next computation waits for the next fill.
  [[nodiscard]] bool needs_fill(std::size_t k) const { return plan_.computes[k + 1].fills > next_fill_; }

  // Whether the GOs to come, each of which may take one fill with it, would be too late with the next one.
  [[nodiscard]] bool late_with_fill(std::size_t k) const {
    if (shares_bank(plan_.passes[static_cast<std::size_t>(plan_.computes[k].pass)])) return true;
    const std::size_t end = std::min(k + kLookAhead, plan_.computes.size());
    for (std::size_t j = k + 2; j < end; ++j) {
      if (plan_.computes[j].fills - next_fill_ > static_cast<int>(j - 1 - k)) return true;
    }
    return false;
  }

  // Issues the next fill, or a part of it, by itself while row k is computed, if that is of use. False: nothing done.
  bool fill_beside(std::size_t k) {
    if (!may_fill()) return false;
    if (needs_fill(k) || (late_with_fill(k) && fits())) {
      fill_alone();
      return true;
    }
    const int words = late_with_fill(k) ? fitting_words() : 0;
    if (words == 0) return false;
    fill_part(words);
    return true;
  }

  void work_beside(std::size_t k) {
    if (k + 1 == plan_.computes.size()) return;
    const bool drains = plan_.computes[k + 1].pass != plan_.computes[k].pass;
    for (;;) {
      const CycleModel::Cycle end = (drains ? clock().drain_idle() : clock().compute_idle()) - kMargin;
      if (clock().now() >= clock().fill_idle() && fill_beside(k)) continue;
      const bool wants = may_fill() && clock().now() < clock().fill_idle() && (needs_fill(k) || late_with_fill(k));
      if (load_beside(wants ? std::min(clock().fill_idle(), end) : end)) continue;
      if (!wants || !fill_beside(k)) return;
    }
  }

  // A part of the next load that ends before `end`.
  bool load_beside(CycleModel::Cycle end) {
    const int left = static_cast<int>(end - clock().now());
    if (next_load_ >= plan_.loads.size()) return false;
    if (load().what != Load::What::Weights) {
      if (!may_copy() || copy_cycles() > left) return false;
      copy();
      return true;
    }
    const int all = static_cast<int>(load().to - load().from) * parameters_.word_groups() - groups_done_;
    const int groups = std::min({free_groups(), (left - 2) / load().code.stored_bits, kMostGroups});
    if (groups < std::min(all, kLeastGroups)) return false;
    decrypt(groups);
    return true;
  }

  const Plan& plan_;
  const Parameters& parameters_;
  std::vector<Address> line_lows_, weight_lows_, entry_lows_, parameter_lows_;
  Schedule schedule_;
  Tape tape_;
  Registers registers_;
  int issued_ = 0;   // computations whose GO is in the stream
  int done_ = 0;     // computations before this one have surely ended
  int written_ = 0;  // and their results are in memory
  int next_fill_ = 0;
  bool has_fill_ = false;
  Fill fill_;  // what is left of that one
  std::size_t next_load_ = 0;
  int groups_done_ = 0;  // of that load
};

}  // namespace

Schedule schedule(const Plan& plan, const Parameters& parameters) { return Scheduler(plan, parameters).run(); }

}  // namespace flexor::stream
