// SPDX-License-Identifier: Apache-2.0
#include "axil_master.hpp"

#include <algorithm>
#include <stdexcept>

namespace flexor {

namespace {
bool happens(std::mt19937_64& random, double probability) {
  return probability > 0 && static_cast<double>(random() >> 11) * 0x1p-53 < probability;
}
}  // namespace

AxilMaster::AxilMaster(const StallOptions& stalls) : stalls_(stalls), random_(stalls.seed) {}

void AxilMaster::start(std::span<const BusWrite> writes) {
  writes_ = writes;
  reads_ = {};
  data_ = {};
  aw_done_ = w_done_ = b_done_ = ar_done_ = r_done_ = 0;
  response_ = 0;
  choose();
}

void AxilMaster::start(std::span<const std::uint32_t> addresses, std::span<std::uint64_t> data) {
  if (data.size() < addresses.size()) {
    throw std::invalid_argument("AxilMaster: fewer places than addresses");
  }
  start(std::span<const BusWrite>{});
  reads_ = addresses;
  data_ = data;
  choose();
}

void AxilMaster::reset() {
  start(std::span<const BusWrite>{});
  request_ = {};
}

bool AxilMaster::wants(bool already, bool available) { return already || (available && !happens(random_, stalls_.idle)); }

void AxilMaster::choose() {
  const bool room = std::max(aw_done_, w_done_) - b_done_ < kOutstanding;
  request_.aw_valid = wants(request_.aw_valid, aw_done_ < writes_.size() && (room || aw_done_ < w_done_));
  request_.w_valid = wants(request_.w_valid, w_done_ < writes_.size() && (room || w_done_ < aw_done_));
  if (request_.aw_valid) {
    request_.aw_address = writes_[aw_done_].address;
  }
  if (request_.w_valid) {
    request_.w_data = writes_[w_done_].data;
    request_.w_strobe = writes_[w_done_].strobe;
  }
  request_.ar_valid = wants(request_.ar_valid, ar_done_ < reads_.size() && ar_done_ - r_done_ < kOutstanding);
  if (request_.ar_valid) {
    request_.ar_address = reads_[ar_done_];
  }
  request_.b_ready = b_done_ < writes_.size() && !happens(random_, stalls_.back_pressure);
  request_.r_ready = r_done_ < reads_.size() && !happens(random_, stalls_.back_pressure);
}

void AxilMaster::clock(const AxilResponse& in) {
  if (request_.aw_valid && in.aw_ready) {
    ++aw_done_;
    request_.aw_valid = false;
  }
  if (request_.w_valid && in.w_ready) {
    ++w_done_;
    request_.w_valid = false;
  }
  if (request_.b_ready && in.b_valid) {
    response_ = response_ != kOkay ? response_ : in.b_response;
    ++b_done_;
    if (b_done_ > aw_done_ || b_done_ > w_done_) {
      throw std::runtime_error("the engine answered a write before it had taken it");
    }
  }
  if (request_.ar_valid && in.ar_ready) {
    ++ar_done_;
    request_.ar_valid = false;
  }
  if (request_.r_ready && in.r_valid) {
    response_ = response_ != kOkay ? response_ : in.r_response;
    data_[r_done_++] = in.r_data;
    if (r_done_ > ar_done_) {
      throw std::runtime_error("the engine answered a read before it had taken it");
    }
  }
  choose();
}

}  // namespace flexor
