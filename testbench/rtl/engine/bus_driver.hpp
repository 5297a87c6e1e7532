// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>

#include "../port_bits.hpp"

namespace flexor::testbench {

/// A Verilated engine with an AXI4-Lite master that does one access at a time, with random gaps.
template <class Top>
class BusDriver {
 public:
  explicit BusDriver(unsigned seed) : random_(seed) { reset(); }

  Top& top() { return *top_; }
  /// Called in every cycle just before the clock edge.
  std::function<void(Top&)> observe;

  void reset() {
    top_->rst_ni = 0;
    top_->s_axil_awvalid_i = top_->s_axil_wvalid_i = top_->s_axil_arvalid_i = 0;
    top_->s_axil_bready_i = top_->s_axil_rready_i = 0;
    for (int i = 0; i < 3; ++i) cycle();
    top_->rst_ni = 1;
  }

  void cycle() {
    top_->eval();
    if (observe) observe(*top_);
    clock_edge(*top_);
  }

  int write(std::uint32_t address, std::uint64_t data, unsigned strobe = 0xFF) {
    bool address_done = false, data_done = false;
    top_->s_axil_awaddr_i = address;
    top_->s_axil_wdata_i = static_cast<std::remove_reference_t<decltype(top_->s_axil_wdata_i)>>(data);
    top_->s_axil_wstrb_i = static_cast<std::uint8_t>(strobe & ((1U << sizeof(top_->s_axil_wdata_i)) - 1));
    for (int t = 0; t < kLimit; ++t) {
      if (!gap()) top_->s_axil_awvalid_i = !address_done;
      if (!gap()) top_->s_axil_wvalid_i = !data_done;
      if (!gap()) top_->s_axil_bready_i = 1;
      top_->eval();
      const bool aw = top_->s_axil_awvalid_i && top_->s_axil_awready_o, w = top_->s_axil_wvalid_i && top_->s_axil_wready_o;
      const bool b = top_->s_axil_bvalid_o && top_->s_axil_bready_i;
      const int response = top_->s_axil_bresp_o;
      cycle();
      if (aw) address_done = true, top_->s_axil_awvalid_i = 0;
      if (w) data_done = true, top_->s_axil_wvalid_i = 0;
      if (b) return top_->s_axil_bready_i = 0, response;
    }
    throw std::runtime_error("no write response");
  }

  std::uint64_t read(std::uint32_t address) {
    bool address_done = false;
    top_->s_axil_araddr_i = address;
    for (int t = 0; t < kLimit; ++t) {
      if (!gap()) top_->s_axil_arvalid_i = !address_done;
      if (!gap()) top_->s_axil_rready_i = 1;
      top_->eval();
      const bool ar = top_->s_axil_arvalid_i && top_->s_axil_arready_o, r = top_->s_axil_rvalid_o && top_->s_axil_rready_i;
      const std::uint64_t data = top_->s_axil_rdata_o;
      last_response_ = top_->s_axil_rresp_o;
      cycle();
      if (ar) address_done = true, top_->s_axil_arvalid_i = 0;
      if (r) return top_->s_axil_rready_i = 0, data;
    }
    throw std::runtime_error("no read response");
  }

  [[nodiscard]] int last_response() const { return last_response_; }

 private:
  static constexpr int kLimit = 1000;
  bool gap() { return random_() % 4 == 0; }

  std::unique_ptr<Top> top_ = std::make_unique<Top>();
  std::mt19937 random_;
  int last_response_ = 0;
};

}  // namespace flexor::testbench
