// SPDX-License-Identifier: Apache-2.0
#include "stream/schedule.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <stdexcept>
#include <utility>

#include "stream/registers.hpp"

namespace flexor::stream {
namespace {

constexpr int kSettledResults = 2;  // results that must have come after one before it is surely written
constexpr int kMargin = 6;          // cycles that the stream is to be back before a row ends
constexpr int kLeastGroups = 4;     // of a BITS that is not the end of its weights
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
        registers_(parameters, schedule_.instructions) {}

  Schedule run() {
    registers_.set(SetLine{0});
    for (std::size_t k = 0; k < plan_.computes.size(); ++k) {
      while (next_fill_ < plan_.computes[k].fills) force_fill();
      while (next_load_ < plan_.loads.size() && plan_.loads[next_load_].before <= static_cast<int>(k)) force_load();
      go(k);
      work_beside(k);
    }
    emit(End{});
    return std::move(schedule_);
  }

 private:
  // ---- time, about -------------------------------------------------------------------------------------------------------------------
  void emit(Instruction instruction) {
    schedule_.instructions.push_back(std::move(instruction));
    ++now_;
  }
  [[nodiscard]] int fill_cycles(const Fill& fill) const {
    if (fill.zeros) return fill.length() + 2;
    return fill.words * parameters_.word_halfwords() + fill.pad + 2;
  }

  // ---- what is over ------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] std::size_t done() const { return static_cast<std::size_t>(done_); }
  void wait_for_compute() {
    registers_.repeat_weight();
    compute_waited();
  }
  void compute_waited() {
    now_ = std::max(now_ + 1, compute_end_ + 1);
    done_ = issued_;
  }
  void wait_for_drain() {
    registers_.repeat_scale();
    drain_waited();
  }
  void drain_waited() {
    now_ = std::max(now_ + 1, drain_end_ + 1);
    done_ = written_ = issued_;
  }

  // ---- fills -------------------------------------------------------------------------------------------------------------------------
  [[nodiscard]] bool has_fill() const { return next_fill_ < static_cast<int>(plan_.fills.size()); }
  [[nodiscard]] const Fill& fill() const { return plan_.fills[static_cast<std::size_t>(next_fill_)]; }
  [[nodiscard]] bool has_space() const { return fill().line + fill().length() - parameters_.LineWords <= line_lows_[done()]; }
  [[nodiscard]] bool may_fill() const { return has_fill() && fill().after < written_ && has_space(); }

  // Registers of the next fill; its GO is to follow.
  FillKind prepare_fill() {
    const int before = static_cast<int>(schedule_.instructions.size());
    const FillKind kind = registers_.prepare(fill());
    const int count = static_cast<int>(schedule_.instructions.size()) - before;
    if (count > 0) now_ = std::max(now_, fill_end_) + count;
    return kind;
  }
  void fill_goes() {
    fill_end_ = now_ + fill_cycles(fill());
    ++next_fill_;
  }
  void fill_alone() {
    const FillKind kind = prepare_fill();
    now_ = std::max(now_, fill_end_);
    emit(Go{false, kind, ResultKind::Each});
    fill_goes();
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
    now_ += copy_cycles();
    emit(Copy{table, static_cast<int>(load().from % size), count, load().data});
    ++next_load_;
  }
  void decrypt(int groups) {
    registers_.set(load().code);
    Bits bits{groups, registers_.pack(load(), groups_done_, groups)};
    now_ += 2 + groups * load().code.stored_bits;
    schedule_.layer_of_bits.push_back(load().layer);
    emit(std::move(bits));
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
    if (registers_.prepare(c, next)) compute_waited();
    if (registers_.prepare(c, pass)) drain_waited();
    done_ = std::max(done_, static_cast<int>(k));
    settle(k);
    Go go{true, FillKind::Nothing, c.results};
    const bool fills = may_fill();
    if (fills) go.fill = prepare_fill();
    now_ = std::max({now_, compute_end_, fill_end_}) + 1;
    emit(go);
    if (fills) fill_goes();
    compute_end_ = now_ + c.cycles + 3;
    drain_end_ = compute_end_ + 30;
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

  // Whether the stream should issue the next fill by itself while row k is computed: a later GO takes one with it.
  [[nodiscard]] bool wants_fill(std::size_t k) const {
    if (!may_fill() || k + 1 >= plan_.computes.size()) return false;
    if (plan_.computes[k + 1].fills > next_fill_) return true;
    const std::size_t ahead = std::min(k + 2, plan_.computes.size() - 1);
    const bool behind = plan_.computes[ahead].fills > next_fill_ + 1;
    return behind && std::max(now_, fill_end_) + fill_cycles(fill()) <= compute_end_;
  }

  void work_beside(std::size_t k) {
    for (;;) {
      const bool wants = wants_fill(k);
      if (wants && now_ >= fill_end_) {
        fill_alone();
        continue;
      }
      if (load_beside(wants ? std::min(fill_end_, compute_end_ - kMargin) : compute_end_ - kMargin)) continue;
      if (!wants) return;
      fill_alone();
    }
  }

  // A part of the next load that ends before `end`.
  bool load_beside(int end) {
    if (next_load_ >= plan_.loads.size()) return false;
    if (load().what != Load::What::Weights) {
      if (!may_copy() || now_ + copy_cycles() > end) return false;
      copy();
      return true;
    }
    const int all = static_cast<int>(load().to - load().from) * parameters_.word_groups() - groups_done_;
    const int groups = std::min({free_groups(), (end - now_ - 4) / load().code.stored_bits, kMostGroups});
    if (groups < std::min(all, kLeastGroups)) return false;
    decrypt(groups);
    return true;
  }

  const Plan& plan_;
  const Parameters& parameters_;
  std::vector<Address> line_lows_, weight_lows_, entry_lows_, parameter_lows_;
  Schedule schedule_;
  Registers registers_;
  int issued_ = 0;   // computations whose GO is in the stream
  int done_ = 0;     // computations before this one have surely ended
  int written_ = 0;  // and their results are in memory
  int next_fill_ = 0;
  std::size_t next_load_ = 0;
  int groups_done_ = 0;  // of that load
  int now_ = 0, fill_end_ = 0, compute_end_ = 0, drain_end_ = 0;
};

}  // namespace

Schedule schedule(const Plan& plan, const Parameters& parameters) { return Scheduler(plan, parameters).run(); }

}  // namespace flexor::stream
