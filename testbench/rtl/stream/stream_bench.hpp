// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "Vstream_engine.h"

namespace flexor::testbench {

/// The stream engine behind its host port; remembers every halfword that the drain writes.
class StreamBench {
 public:
  struct Write {
    int bank = 0;
    int address = 0;
    std::uint16_t data = 0;
    std::uint64_t cycle = 0;
    friend bool operator==(const Write& a, const Write& b) { return a.bank == b.bank && a.address == b.address && a.data == b.data; }
  };

  StreamBench() : top_(std::make_unique<Vstream_engine>()) {
    top_->rst_ni = 0;
    for (int i = 0; i < 4; ++i) clock();
    top_->rst_ni = 1;
    clock();
  }

  void write(int bank, int address, const std::vector<std::uint16_t>& data) {
    top_->host_valid_i = 1;
    top_->host_write_i = 1;
    top_->host_bank_i = static_cast<std::uint8_t>(bank);
    for (std::uint16_t value : data) {
      top_->host_address_i = static_cast<std::uint16_t>(address++);
      top_->host_data_i = value;
      for (;;) {
        top_->eval();
        const bool granted = top_->host_grant_o != 0;
        clock();
        if (granted) break;
      }
    }
    top_->host_valid_i = 0;
    top_->host_write_i = 0;
  }

  /// Halfwords of bank 0, between jobs.
  std::vector<std::uint16_t> read(int address, int count) {
    std::vector<std::uint16_t> result;
    top_->host_valid_i = 1;
    top_->host_bank_i = 0;
    for (int i = 0; i < count; ++i) {
      top_->host_address_i = static_cast<std::uint16_t>(address + i);
      clock();
      result.push_back(top_->host_data_o);
    }
    top_->host_valid_i = 0;
    return result;
  }

  /// Runs a job to its end; returns the cycles of the counter.
  std::uint64_t run(int stream, bool upper = false, std::uint64_t limit = 20'000'000) {
    writes.clear();
    rows.clear();
    top_->start_i = 1;
    top_->start_address_i = static_cast<std::uint16_t>(stream);
    top_->start_upper_i = upper;
    clock();
    top_->start_i = 0;
    top_->eval();
    std::uint64_t cycles = 0;
    while (top_->running_o != 0) {
      if (++cycles > limit) throw std::runtime_error("the job does not end");
      clock(cycles);
    }
    return top_->cycles_o;
  }

  void abort_after(std::uint64_t cycles) { abort_at_ = cycles; }
  [[nodiscard]] int error() const { return top_->error_o; }

  std::vector<Write> writes;        ///< of the last job, in order
  std::vector<std::uint64_t> rows;  ///< cycle in which each row's computation began

 private:
  void clock(std::uint64_t cycle = 0) {
    top_->abort_i = abort_at_ != 0 && cycle == abort_at_;
    top_->clk_i = 0;
    top_->eval();
    if (top_->trace_write_o != 0) writes.push_back({top_->trace_write_o == 2 ? 1 : 0, top_->trace_address_o, top_->trace_data_o, cycle});
    if (top_->trace_row_o != 0) rows.push_back(cycle);
    top_->clk_i = 1;
    top_->eval();
  }

  std::unique_ptr<Vstream_engine> top_;
  std::uint64_t abort_at_ = 0;
};

}  // namespace flexor::testbench
