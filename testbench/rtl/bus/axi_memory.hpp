// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../port_bits.hpp"

/// AXI4 memories for the benches of bus masters: they answer in order, stall at random, misbehave when told to, and note every rule of the
/// protocol that the master breaks. Call drive() before the outputs of the cycle are looked at and sample() after, then clock.
namespace flexor::testbench {

/// What the master may do and how the memory behaves.
struct AxiSettings {
  unsigned data_bytes = 8, max_burst = 16, outstanding = 8;
  std::uint64_t window_first = 0, window_last = ~0ULL;
  unsigned stall = 0;                         ///< percent of cycles, each channel for itself
  unsigned latency_min = 1, latency_max = 1;  ///< cycles from a request to its first answer
};

/// Dead: no more addresses from number `at` on; Mute: no more answers; Deaf: no more write data.
enum class AxiFault { None, Slave, Decode, Last, Mute, Dead, Deaf };

/// One burst as the master asked for it.
struct AxiBurst {
  std::uint64_t address = 0;
  unsigned beats = 1;
  std::uint64_t ready = 0;  ///< first cycle in which it may be answered
};

/// What the read and the write memory have in common.
class AxiSlave {
 public:
  AxiSettings settings;
  std::vector<std::string> violations;
  unsigned stray = 0;               ///< percent of cycles in which an answer comes while none is owed
  std::uint64_t fault_address = 0;  ///< of the beat or burst that was answered wrongly

  explicit AxiSlave(unsigned seed) : random_(seed) {}

  /// From now on: the fault comes at address, beat or burst number `at` (as the fault counts).
  void arm(AxiFault fault, std::uint64_t at) {
    fault_ = fault;
    at_ = at;
    addresses_ = beats_ = answers_ = 0;
  }
  /// Bytes that nobody wrote.
  static std::uint8_t initial(std::uint64_t address) {
    return static_cast<std::uint8_t>(((address ^ (address >> 13)) * 0x9E3779B97F4A7C15ULL) >> 56);
  }

 protected:
  struct Held {
    bool waits = false;
    std::vector<std::uint64_t> payload;
  };

  /// A bounded number of stalls in a row: nothing here can look like a dead memory.
  bool stall(std::size_t channel) {
    unsigned& run = runs_[channel];
    run = run < 20 && random_() % 100 < settings.stall ? run + 1 : 0;
    return run != 0;
  }
  unsigned latency() { return settings.latency_min + static_cast<unsigned>(random_() % (settings.latency_max - settings.latency_min + 1)); }
  [[nodiscard]] bool at(AxiFault fault, std::uint64_t number) const { return fault_ == fault && number == at_; }
  [[nodiscard]] bool past(AxiFault fault, std::uint64_t number) const { return fault_ == fault && number >= at_; }
  unsigned response(std::uint64_t number) const { return at(AxiFault::Slave, number) ? 2U : at(AxiFault::Decode, number) ? 3U : 0U; }

  void rule(bool holds, const std::string& text) {
    if (!holds) violations.push_back(text);
  }
  /// What is offered and not taken stays.
  void hold(Held& held, bool valid, bool ready, std::vector<std::uint64_t> payload, const std::string& channel) {
    if (held.waits) rule(valid, channel + " withdrawn");
    if (held.waits && valid) rule(payload == held.payload, channel + " changed while it waits");
    held = {valid && !ready, std::move(payload)};
  }
  /// One burst is legal by itself.
  void burst_rules(std::uint64_t address, unsigned length, unsigned size, unsigned type) {
    const std::uint64_t last = address + std::uint64_t{length + 1} * settings.data_bytes - 1;
    rule(1U << size == settings.data_bytes, "wrong size");
    rule(type == 1, "not INCR");
    rule(length + 1 <= settings.max_burst, "burst too long");
    rule(address % settings.data_bytes == 0, "not aligned");
    rule(address / 4096 == last / 4096, "crosses 4 KiB");
    rule(address >= settings.window_first && last <= settings.window_last, "outside the window");
  }

  std::mt19937_64 random_;
  AxiFault fault_ = AxiFault::None;
  std::uint64_t at_ = 0, now_ = 0, addresses_ = 0, beats_ = 0, answers_ = 0;
  std::array<unsigned, 3> runs_{};
};

/// AR and R. Faults count addresses (Dead) or beats (all others).
template <class Top>
class AxiReadMemory : public AxiSlave {
 public:
  using AxiSlave::AxiSlave;
  std::uint64_t flip = ~0ULL;  ///< byte address whose bit 0 is read wrong

  void drive(Top& top) {
    top.m_axi_arready_i = !past(AxiFault::Dead, addresses_) && !stall(0);
    if (!offered_ && !bursts_.empty() && now_ >= bursts_.front().ready && !past(AxiFault::Mute, beats_)) offered_ = !stall(1);
    top.m_axi_rvalid_i = offered_ || (bursts_.empty() && random_() % 100 < stray);
    const AxiBurst burst = offered_ ? bursts_.front() : AxiBurst{};
    for (unsigned i = 0; i < settings.data_bytes; ++i) {
      const std::uint64_t byte = burst.address + i;
      set_bits(top.m_axi_rdata_i, static_cast<int>(8 * i), 8, offered_ ? initial(byte) ^ (byte == flip ? 1U : 0U) : random_() & 0xFF);
    }
    top.m_axi_rresp_i = static_cast<std::uint8_t>(offered_ ? response(beats_) : random_() & 3);
    top.m_axi_rlast_i = offered_ ? (burst.beats == 1) != at(AxiFault::Last, beats_) : (random_() & 1) != 0;
  }

  void sample(const Top& top) {
    const bool valid = top.m_axi_arvalid_o != 0, ready = top.m_axi_arready_i != 0;
    hold(held_, valid, ready, {top.m_axi_araddr_o, top.m_axi_arlen_o, top.m_axi_arsize_o, top.m_axi_arburst_o}, "AR");
    if (offered_) rule(top.m_axi_rready_o != 0, "R not taken");
    if (offered_ && top.m_axi_rready_o != 0) {
      offered_ = false;
      AxiBurst& burst = bursts_.front();
      if (at_ == beats_) fault_address = burst.address;
      ++beats_;
      burst.address += settings.data_bytes;
      if (--burst.beats == 0) bursts_.pop_front();
    }
    if (valid && ready) {
      burst_rules(top.m_axi_araddr_o, top.m_axi_arlen_o, top.m_axi_arsize_o, top.m_axi_arburst_o);
      ++addresses_;
      bursts_.push_back({top.m_axi_araddr_o, top.m_axi_arlen_o + 1U, now_ + latency()});
      rule(bursts_.size() <= settings.outstanding, "too many outstanding");
    }
    ++now_;
  }

  /// Forgets every request, as after a reset; no fault is armed.
  void reset() {
    bursts_.clear();
    offered_ = false;
    held_ = {};
    arm(AxiFault::None, 0);
  }
  [[nodiscard]] bool owes() const { return !bursts_.empty(); }
  /// Address of the beat that comes next.
  [[nodiscard]] std::uint64_t next_address() const { return bursts_.front().address; }

 private:
  std::deque<AxiBurst> bursts_;
  bool offered_ = false;
  Held held_;
};

/// AW, W and B. Faults count addresses (Dead), beats (Deaf) or bursts (all others).
template <class Top>
class AxiWriteMemory : public AxiSlave {
 public:
  using AxiSlave::AxiSlave;
  std::map<std::uint64_t, std::uint8_t> written;
  /// 0: AWREADY and WREADY know nothing of each other; 1: AWREADY waits for data; 2: WREADY waits for the address.
  int order = 0;

  void drive(Top& top) {
    const bool data_seen = saw_data_ || filled_ > accepted_ || (filled_ == accepted_ && beat_ != 0);
    top.m_axi_awready_i = !past(AxiFault::Dead, addresses_) && !stall(0) && (order != 1 || data_seen);
    top.m_axi_wready_i = !past(AxiFault::Deaf, beats_) && !stall(1) && (order != 2 || accepted_ > filled_);
    if (!offered_ && accepted_ > 0 && filled_ > 0 && now_ >= bursts_.front().ready && !past(AxiFault::Mute, answers_)) offered_ = !stall(2);
    top.m_axi_bvalid_i = offered_ || ((accepted_ == 0 || filled_ == 0) && random_() % 100 < stray);
    top.m_axi_bresp_i = static_cast<std::uint8_t>(offered_ ? response(answers_) : random_() & 3);
  }

  void sample(const Top& top) {
    const bool address = top.m_axi_awvalid_o != 0, address_ready = top.m_axi_awready_i != 0;
    if (address && !held_address_.waits) {
      burst_rules(top.m_axi_awaddr_o, top.m_axi_awlen_o, top.m_axi_awsize_o, top.m_axi_awburst_o);
      bursts_.push_back({top.m_axi_awaddr_o, top.m_axi_awlen_o + 1U, 0});
      rule(bursts_.size() <= settings.outstanding, "too many outstanding");
    }
    hold(held_address_, address, address_ready, {top.m_axi_awaddr_o, top.m_axi_awlen_o, top.m_axi_awsize_o, top.m_axi_awburst_o}, "AW");
    data(top);
    if (offered_) rule(top.m_axi_bready_o != 0, "B not taken");
    if (offered_ && top.m_axi_bready_o != 0) {
      offered_ = false;
      if (at_ == answers_) fault_address = bursts_.front().address;
      ++answers_;
      bursts_.pop_front();
      --accepted_;
      --filled_;
    }
    if (address && address_ready) {
      ++addresses_;
      if (++accepted_ <= filled_) bursts_[accepted_ - 1].ready = now_ + latency();
    }
    ++now_;
  }

  /// Forgets every request, as after a reset; no fault is armed.
  void reset() {
    bursts_.clear();
    accepted_ = filled_ = beat_ = 0;
    offered_ = saw_data_ = false;
    held_address_ = held_data_ = {};
    arm(AxiFault::None, 0);
  }
  [[nodiscard]] bool owes() const { return !bursts_.empty(); }
  /// Address of the burst that is answered next.
  [[nodiscard]] std::uint64_t next_address() const { return bursts_.front().address; }

 private:
  void data(const Top& top) {
    const bool valid = top.m_axi_wvalid_o != 0, ready = top.m_axi_wready_i != 0;
    std::vector<std::uint64_t> payload{top.m_axi_wstrb_o, top.m_axi_wlast_o};
    for (unsigned i = 0; i < settings.data_bytes; i += 4) payload.push_back(get_bits(top.m_axi_wdata_o, static_cast<int>(8 * i), 32));
    hold(held_data_, valid, ready, std::move(payload), "W");
    saw_data_ = valid;
    if (!valid) return;
    if (filled_ >= bursts_.size()) {
      rule(false, "data before its address");
      return;
    }
    if (!ready) return;
    AxiBurst& burst = bursts_[filled_];
    for (unsigned i = 0; i < settings.data_bytes; ++i) {
      if (((top.m_axi_wstrb_o >> i) & 1U) == 0) continue;
      const std::uint64_t byte = burst.address + std::uint64_t{beat_} * settings.data_bytes + i;
      written[byte] = static_cast<std::uint8_t>(get_bits(top.m_axi_wdata_o, static_cast<int>(8 * i), 8));
    }
    ++beats_;
    ++beat_;
    rule((top.m_axi_wlast_o != 0) == (beat_ == burst.beats), "WLAST in the wrong place");
    if (beat_ == burst.beats) {
      beat_ = 0;
      if (++filled_ <= accepted_) burst.ready = now_ + latency();
    }
  }

  std::deque<AxiBurst> bursts_;            // offered addresses without a response
  std::size_t accepted_ = 0, filled_ = 0;  // of them: address taken; data complete
  unsigned beat_ = 0;                      // beats of burst number filled_ that have come
  bool offered_ = false, saw_data_ = false;
  Held held_address_, held_data_;
};

}  // namespace flexor::testbench
