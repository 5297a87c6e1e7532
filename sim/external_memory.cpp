// SPDX-License-Identifier: Apache-2.0
#include "external_memory.hpp"

#include <algorithm>

namespace flexor {

namespace {
constexpr int kOkay = 0, kSlaveError = 2, kDecodeError = 3;  // AXI4 responses
}

ExternalMemory::ExternalMemory(int beat_bytes, const MemoryOptions& options) : beat_(beat_bytes), options_(options), random_(options.seed) {
  choose();
}

void ExternalMemory::reset() {
  reads_.clear();
  writes_.clear();
  filling_ = 0;
  reply_ = {};
  arm(MemoryFault::None, 0);
  choose();
}

void ExternalMemory::arm(MemoryFault fault, std::uint64_t at) {
  fault_ = fault;
  at_ = at;
  read_beats_ = write_beats_ = read_addresses_ = responses_ = 0;
  fired_ = false;
}

bool ExternalMemory::stalls() { return options_.stall > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < options_.stall; }

bool ExternalMemory::hits(MemoryFault fault, std::uint64_t number) {
  const bool hit = fault_ == fault && number == at_;
  fired_ = fired_ || hit;
  return hit;
}

bool ExternalMemory::past(MemoryFault fault, std::uint64_t number) {
  const bool hit = fault_ == fault && number >= at_;
  fired_ = fired_ || hit;
  return hit;
}

void ExternalMemory::offer_read() {
  if (reads_.empty() || now_ < reads_.front().ready || past(MemoryFault::ReadMute, read_beats_) || stalls()) return;
  const Burst& burst = reads_.front();
  reply_.r_valid = true;
  reply_.r_last = (burst.beats == 1) != hits(MemoryFault::ReadLast, read_beats_);
  const bool inside = holds(burst.address);
  reply_.r_response = static_cast<std::uint8_t>(!inside || hits(MemoryFault::ReadDecode, read_beats_) ? kDecodeError
                                                : hits(MemoryFault::ReadSlave, read_beats_)           ? kSlaveError
                                                                                                      : kOkay);
  if (inside) std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(burst.address), beat_, reply_.r_data.begin());
  if (hits(MemoryFault::ReadFlip, read_beats_))
    reply_.r_data[random_() % static_cast<unsigned>(beat_)] ^= static_cast<std::uint8_t>(1U << (random_() % 8));
}

// What is offered stays until it is taken.
void ExternalMemory::choose() {
  reply_.ar_ready = !(fault_ == MemoryFault::AddressDeaf && read_addresses_ >= at_) && !stalls();
  reply_.aw_ready = !stalls();
  reply_.w_ready = filling_ < writes_.size() && !past(MemoryFault::DataDeaf, write_beats_) && !stalls();
  if (!reply_.r_valid) offer_read();
  if (!reply_.b_valid && !writes_.empty() && writes_.front().complete && now_ >= writes_.front().ready &&
      !past(MemoryFault::WriteMute, responses_) && !stalls()) {
    reply_.b_valid = true;
    reply_.b_response = static_cast<std::uint8_t>(writes_.front().outside || hits(MemoryFault::WriteDecode, responses_) ? kDecodeError
                                                  : hits(MemoryFault::WriteSlave, responses_)                           ? kSlaveError
                                                                                                                        : kOkay);
  }
}

void ExternalMemory::write_beat(const MemoryRequest& request) {
  Burst& burst = writes_[filling_];
  burst.outside = burst.outside || !holds(burst.address);
  for (int i = 0; i < beat_ && holds(burst.address); ++i) {
    if ((request.w_strobe >> i & 1U) != 0)
      bytes_[burst.address + static_cast<std::uint64_t>(i)] = request.w_data[static_cast<std::size_t>(i)];
  }
  burst.address += static_cast<std::uint64_t>(beat_);
  ++write_beats_;
  if (--burst.beats != 0) return;
  burst.complete = true;
  burst.ready = now_ + static_cast<std::uint64_t>(options_.latency);
  ++filling_;
}

void ExternalMemory::clock(const MemoryRequest& in) {
  if (reply_.r_valid && in.r_ready) {
    reply_.r_valid = false;
    ++read_beats_;
    Burst& burst = reads_.front();
    burst.address += static_cast<std::uint64_t>(beat_);
    if (--burst.beats == 0) reads_.pop_front();
  }
  if (reply_.b_valid && in.b_ready) {
    reply_.b_valid = false;
    ++responses_;
    writes_.pop_front();
    --filling_;
  }
  if (in.w_valid && reply_.w_ready) write_beat(in);
  const std::uint64_t ready = now_ + static_cast<std::uint64_t>(options_.latency);
  if (in.ar_valid) (void)past(MemoryFault::AddressDeaf, read_addresses_);
  if (in.ar_valid && reply_.ar_ready) {
    ++read_addresses_;
    reads_.push_back({in.ar_address, in.ar_length + 1, ready, false, false});
  }
  if (in.aw_valid && reply_.aw_ready) writes_.push_back({in.aw_address, in.aw_length + 1, 0, false, false});
  ++now_;
  choose();
}

}  // namespace flexor
