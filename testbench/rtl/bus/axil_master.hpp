// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <random>
#include <stdexcept>
#include <vector>

#include "../port_bits.hpp"

namespace flexor::testbench {

/// One AXI4-Lite transaction and, once it has ended, its answer.
struct Transfer {
  bool write = false;
  std::uint32_t address = 0;
  std::uint64_t data = 0;
  std::uint8_t strobe = 0xFF;
  int response = -1;  ///< 0 OKAY, 2 SLVERR, -1 none yet
};

/// AXI4-Lite master on the ports s_axil_* of Top: random waits on all five channels, and the protocol rules a slave must keep.
/// `hold` is the probability in 1/16 that a channel rests in a cycle.
template <class Top>
class AxilMaster {
 public:
  AxilMaster(Top& top, unsigned seed) : top_(top), random_(seed) {}

  int hold = 6;
  int faults = 0;  ///< answers that nobody asked for, or that changed before they were taken

  /// Starts transfers; addresses, data and reads go out in the order given, each channel on its own.
  void start(std::vector<Transfer>& transfers) {
    for (Transfer& t : transfers) {
      if (t.write) {
        addresses_.push_back(&t);
        data_.push_back(&t);
      } else {
        reads_.push_back(&t);
      }
    }
  }
  [[nodiscard]] bool done() const { return addresses_.empty() && data_.empty() && reads_.empty() && answers_.empty() && results_.empty(); }

  /// Before the clock edge: drive the master's side.
  void drive() {
    top_.s_axil_awvalid_i = offer(aw_, !addresses_.empty());
    top_.s_axil_wvalid_i = offer(w_, !data_.empty());
    top_.s_axil_arvalid_i = offer(ar_, !reads_.empty());
    top_.s_axil_awaddr_i = static_cast<IData>(aw_ ? addresses_.front()->address : random_() & 0xFFFFFFF);
    top_.s_axil_araddr_i = static_cast<IData>(ar_ ? reads_.front()->address : random_() & 0xFFFFFFF);
    top_.s_axil_wdata_i = static_cast<decltype(+top_.s_axil_wdata_i)>(w_ ? data_.front()->data : random_());
    top_.s_axil_wstrb_i = static_cast<CData>((w_ ? data_.front()->strobe : random_()) & kStrobes);
    top_.s_axil_bready_i = !rests();
    top_.s_axil_rready_i = !rests();
    top_.eval();
  }

  /// At the clock edge: see what is taken.
  void sample() {
    // An answer stays as it is until it is taken.
    if (b_held_ && (top_.s_axil_bvalid_o == 0 || top_.s_axil_bresp_o != b_response_)) ++faults;
    if (r_held_ && (top_.s_axil_rvalid_o == 0 || top_.s_axil_rresp_o != r_response_ || top_.s_axil_rdata_o != r_data_)) ++faults;
    b_held_ = top_.s_axil_bvalid_o != 0 && top_.s_axil_bready_i == 0;
    r_held_ = top_.s_axil_rvalid_o != 0 && top_.s_axil_rready_i == 0;
    b_response_ = top_.s_axil_bresp_o;
    r_response_ = top_.s_axil_rresp_o;
    r_data_ = top_.s_axil_rdata_o;
    if (top_.s_axil_bvalid_o != 0 && top_.s_axil_bready_i != 0) finish(answers_, b_response_);
    if (top_.s_axil_rvalid_o != 0 && top_.s_axil_rready_i != 0) {
      if (!results_.empty()) results_.front()->data = r_data_;
      finish(results_, r_response_);
    }
    if (aw_ && top_.s_axil_awready_o != 0) {
      addresses_.pop_front();
      aw_ = false;
    }
    if (w_ && top_.s_axil_wready_o != 0) {
      // Both halves are there by now or the slave keeps them apart; the answer comes after the later one.
      answers_.push_back(data_.front());
      data_.pop_front();
      w_ = false;
    }
    if (ar_ && top_.s_axil_arready_o != 0) {
      results_.push_back(reads_.front());
      reads_.pop_front();
      ar_ = false;
    }
  }

 private:
  static constexpr unsigned kStrobes = (1U << sizeof(std::declval<Top>().s_axil_wdata_i)) - 1;

  bool rests() { return static_cast<int>(random_() % 16) < hold; }
  /// A valid that was not accepted stays.
  bool offer(bool& valid, bool pending) {
    valid = valid || (pending && !rests());
    return valid;
  }
  void finish(std::deque<Transfer*>& waiting, int response) {
    if (waiting.empty()) {
      ++faults;
      return;
    }
    waiting.front()->response = response;
    waiting.pop_front();
  }

  Top& top_;
  std::mt19937_64 random_;
  std::deque<Transfer*> addresses_, data_, reads_, answers_, results_;
  bool aw_ = false, w_ = false, ar_ = false, b_held_ = false, r_held_ = false;
  int b_response_ = 0, r_response_ = 0;
  std::uint64_t r_data_ = 0;
};

}  // namespace flexor::testbench
