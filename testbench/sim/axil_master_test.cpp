// SPDX-License-Identifier: Apache-2.0
// AxilMaster against a slave written here from the AXI4-Lite rules: order, data, stalls, stable valid.
#include "axil_master.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>

namespace flexor {
namespace {

// Takes address and data apart, answers later; remembers writes in the order of their responses.
class Slave {
 public:
  Slave(std::uint64_t seed, double slow) : random_(seed), slow_(slow) {}

  AxilResponse outputs() {
    AxilResponse out;
    out.aw_ready = chance();
    out.w_ready = chance();
    out.ar_ready = chance();
    b_valid_ = b_valid_ || (!address_.empty() && !data_.empty() && chance());
    r_valid_ = r_valid_ || (!reads_.empty() && chance());
    out.b_valid = b_valid_;
    out.b_response = static_cast<std::uint8_t>(b_valid_ && address_.front() == kForbidden ? kSlaveError : kOkay);
    out.r_valid = r_valid_;
    out.r_data = r_valid_ ? memory[reads_.front()] : 0;
    return out;
  }

  void clock(const AxilRequest& in, const AxilResponse& out) {
    check_stable(in);
    if (in.aw_valid && out.aw_ready) address_.push_back(in.aw_address);
    if (in.w_valid && out.w_ready) data_.push_back(in.w_data);
    if (in.ar_valid && out.ar_ready) reads_.push_back(in.ar_address);
    if (out.b_valid && in.b_ready) {
      memory[address_.front()] = data_.front();
      order.push_back(address_.front());
      address_.pop_front();
      data_.pop_front();
      b_valid_ = false;
    }
    if (out.r_valid && in.r_ready) {
      reads_.pop_front();
      r_valid_ = false;
    }
    previous_ = in;
    taken_aw_ = out.aw_ready;
    taken_w_ = out.w_ready;
    taken_ar_ = out.ar_ready;
  }

  static constexpr std::uint32_t kForbidden = 0x666;
  std::map<std::uint32_t, std::uint64_t> memory;
  std::vector<std::uint32_t> order;

 private:
  bool chance() { return std::uniform_real_distribution<double>(0, 1)(random_) >= slow_; }

  // AXI: once valid is high it stays with the same payload until ready.
  void check_stable(const AxilRequest& in) const {
    if (previous_.aw_valid && !taken_aw_) {
      EXPECT_TRUE(in.aw_valid && in.aw_address == previous_.aw_address);
    }
    if (previous_.w_valid && !taken_w_) {
      EXPECT_TRUE(in.w_valid && in.w_data == previous_.w_data && in.w_strobe == previous_.w_strobe);
    }
    if (previous_.ar_valid && !taken_ar_) {
      EXPECT_TRUE(in.ar_valid && in.ar_address == previous_.ar_address);
    }
  }

  std::mt19937_64 random_;
  double slow_;
  std::deque<std::uint32_t> address_, reads_;
  std::deque<std::uint64_t> data_;
  AxilRequest previous_;
  bool b_valid_ = false, r_valid_ = false, taken_aw_ = false, taken_w_ = false, taken_ar_ = false;
};

int cycles_until_done(AxilMaster& master, Slave& slave) {
  int cycles = 0;
  for (; master.busy() && cycles < 100000; ++cycles) {
    const AxilResponse out = slave.outputs();
    const AxilRequest in = master.request();
    slave.clock(in, out);
    master.clock(out);
  }
  EXPECT_FALSE(master.busy());
  return cycles;
}

std::vector<BusWrite> some_writes(int count) {
  std::vector<BusWrite> writes;
  for (int i = 0; i < count; ++i) {
    writes.push_back({static_cast<std::uint32_t>(8 * i), 0xFF, 1000003ULL * static_cast<std::uint64_t>(i) + 7});
  }
  return writes;
}

class AxilMasterStalls : public testing::TestWithParam<double> {};

TEST_P(AxilMasterStalls, WritesThenReadsTheSame) {
  AxilMaster master({GetParam(), GetParam(), 42});
  Slave slave(7, GetParam());
  const auto writes = some_writes(200);
  master.start(writes);
  cycles_until_done(master, slave);
  EXPECT_EQ(master.response(), kOkay);
  std::vector<std::uint32_t> addresses;
  for (const auto& write : writes) addresses.push_back(write.address);
  EXPECT_EQ(slave.order, addresses);
  std::vector<std::uint64_t> data(addresses.size());
  master.start(addresses, data);
  cycles_until_done(master, slave);
  for (std::size_t i = 0; i < writes.size(); ++i) EXPECT_EQ(data[i], writes[i].data);
}

INSTANTIATE_TEST_SUITE_P(Stalls, AxilMasterStalls, testing::Values(0.0, 0.25, 0.5, 0.75));

TEST(AxilMaster, TakesOneCycleForEachWriteWhenTheSlaveCan) {
  AxilMaster master({});
  Slave slave(1, 0);
  const auto writes = some_writes(500);
  master.start(writes);
  EXPECT_LE(cycles_until_done(master, slave), 503);
}

TEST(AxilMaster, StallsMakeTheSameWritesSlower) {
  AxilMaster fast({}), slow({0.75, 0.75, 3});
  Slave a(1, 0), b(1, 0);
  const auto writes = some_writes(100);
  fast.start(writes);
  slow.start(writes);
  EXPECT_LT(2 * cycles_until_done(fast, a), cycles_until_done(slow, b));
}

TEST(AxilMaster, KeepsTheFirstErrorAndFinishesTheList) {
  AxilMaster master({});
  Slave slave(1, 0);
  auto writes = some_writes(10);
  writes[3].address = Slave::kForbidden;
  master.start(writes);
  cycles_until_done(master, slave);
  EXPECT_EQ(master.response(), kSlaveError);
  EXPECT_EQ(slave.order.size(), 10U);
}

}  // namespace
}  // namespace flexor
