// SPDX-License-Identifier: Apache-2.0
// spi_bridge: an SPI master on the pins (sck at a quarter of the clock and slower, random gaps), a random AXI4-Lite slave behind, plain
// maps.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "../port_bits.hpp"
#include "Vspi_bridge_nano.h"

namespace flexor::testbench {
namespace {

constexpr std::uint32_t kK = 20;  // lanes of the variant
constexpr std::uint32_t kActivation = 4;

class SpiBridge : public ::testing::Test {
 protected:
  SpiBridge() : seed_(test_seed()), random_(seed_), top_(std::make_unique<Vspi_bridge_nano>()) {
    std::cout << "seed " << seed_ << '\n';
    top_->rst_ni = 0;
    top_->spi_cs_ni = 1;
    clock(2);
    top_->rst_ni = 1;
    clock(8);
  }

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }

  /// The slave: takes each channel after random waits of at most `longest_` cycles, answers SLVERR where refused_ says so.
  void clock(int cycles) {
    for (; cycles > 0; --cycles) {
      top_->m_axil_awready_i = aw_ && ready(0);
      top_->m_axil_wready_i = w_ && ready(1);
      top_->m_axil_arready_i = ar_ && ready(2);
      top_->m_axil_bvalid_i = b_;
      top_->m_axil_bresp_i = static_cast<CData>(refused(write_address_) ? 2 : 0);
      top_->m_axil_rvalid_i = r_;
      top_->m_axil_rresp_i = static_cast<CData>(refused(read_address_) ? 2 : 0);
      top_->m_axil_rdata_i = r_ ? read_word(read_address_) : static_cast<IData>(random_());
      top_->eval();
      rules();
      if (top_->m_axil_awvalid_o != 0 && top_->m_axil_awready_i != 0) {
        write_address_ = top_->m_axil_awaddr_o;
        got_address_ = true;
      }
      if (top_->m_axil_wvalid_o != 0 && top_->m_axil_wready_i != 0) {
        write_data_ = top_->m_axil_wdata_o;
        write_strobe_ = top_->m_axil_wstrb_o;
        got_data_ = true;
      }
      if (b_ && top_->m_axil_bready_o != 0) b_ = false;
      if (r_ && top_->m_axil_rready_o != 0) r_ = false;
      if (got_address_ && got_data_ && ready(3)) {
        got_address_ = got_data_ = false;
        b_ = true;
        ++writes_;
        if (!refused(write_address_)) store(write_address_, write_data_, write_strobe_);
      }
      if (got_read_ && ready(4)) {
        got_read_ = false;
        r_ = true;
      }
      if (top_->m_axil_arvalid_o != 0 && top_->m_axil_arready_i != 0) {
        read_address_ = top_->m_axil_araddr_o;
        got_read_ = true;
      }
      clock_edge(*top_);
      aw_ = top_->m_axil_awvalid_o != 0;
      w_ = top_->m_axil_wvalid_o != 0;
      ar_ = top_->m_axil_arvalid_o != 0;
    }
  }

  bool ready(int channel) {
    int& rested = rested_[static_cast<std::size_t>(channel)];
    rested = rested >= longest_ || below(wait_) == 0 ? 0 : rested + 1;
    return rested == 0;
  }

  /// A valid that was not taken stays with what it carries.
  void rules() {
    const std::vector<std::uint32_t> now{top_->m_axil_awvalid_o, top_->m_axil_awaddr_o,  top_->m_axil_wvalid_o, top_->m_axil_wdata_o,
                                         top_->m_axil_wstrb_o,   top_->m_axil_arvalid_o, top_->m_axil_araddr_o};
    if (aw_waits_ && (now[0] != before_[0] || now[1] != before_[1])) ++faults_;
    if (w_waits_ && (now[2] != before_[2] || now[3] != before_[3] || now[4] != before_[4])) ++faults_;
    if (ar_waits_ && (now[5] != before_[5] || now[6] != before_[6])) ++faults_;
    aw_waits_ = now[0] != 0 && top_->m_axil_awready_i == 0;
    w_waits_ = now[2] != 0 && top_->m_axil_wready_i == 0;
    ar_waits_ = now[5] != 0 && top_->m_axil_arready_i == 0;
    before_ = now;
  }

  /// Activations are bytes, everything else words 8 apart.
  static std::uint64_t byte_of(std::uint32_t address) { return 1ULL << 40 | ((address >> 8) & 0xFFFF) * kK + (address & 0xFF); }
  void store(std::uint32_t address, std::uint32_t data, std::uint32_t strobe) {
    if (address >> 24 == kActivation) {
      for (std::uint32_t i = 0; i < 4; ++i) {
        if (((strobe >> i) & 1) != 0) memory_[byte_of(address) + i] = (data >> (8 * i)) & 0xFF;
      }
    } else {
      EXPECT_EQ(strobe, 0xFU);
      memory_[address] = data;
    }
  }
  std::uint32_t read_word(std::uint32_t address) {
    if (address >> 24 != kActivation) return static_cast<std::uint32_t>(memory_[address]);
    std::uint32_t word = 0;
    for (std::uint32_t i = 0; i < 4; ++i) word |= static_cast<std::uint32_t>(memory_[byte_of(address) + i]) << (8 * i);
    return word;
  }
  [[nodiscard]] bool refused(std::uint32_t address) const { return address >= refused_from_; }

  /// One transfer: sends bytes, returns what came back. MISO is sampled at the rising edge.
  std::vector<std::uint8_t> transfer(const std::vector<std::uint8_t>& bytes) {
    std::vector<std::uint8_t> back;
    top_->spi_cs_ni = 0;
    clock(4 + static_cast<int>(below(3)));
    for (const std::uint8_t byte : bytes) {
      std::uint8_t in = 0;
      for (int bit = 7; bit >= 0; --bit) {
        top_->spi_mosi_i = (byte >> bit) & 1;
        clock(2 + gap());
        in = static_cast<std::uint8_t>(in << 1 | top_->spi_miso_o);
        top_->spi_sck_i = 1;
        clock(2 + gap());
        top_->spi_sck_i = 0;
      }
      back.push_back(in);
    }
    clock(2 + gap());
    top_->spi_cs_ni = 1;
    clock(16);
    return back;
  }
  int gap() { return gaps_ && below(4) == 0 ? static_cast<int>(below(5)) : 0; }

  static std::vector<std::uint8_t> header(bool read, int size, std::uint32_t address) {
    return {static_cast<std::uint8_t>((read ? 0x80 : 0) | (size - 1)), static_cast<std::uint8_t>(address),
            static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address >> 16), static_cast<std::uint8_t>(address >> 24)};
  }
  std::uint32_t random_address() {
    const std::uint32_t region = below(5);
    return region << 24 | (region == kActivation ? below(500) << 8 | below(kK) : below(1U << 20) << 3);
  }
  static std::uint32_t next(std::uint32_t address, std::uint32_t size) {
    if (address >> 24 != kActivation) return address + 8;
    const std::uint32_t byte = ((address >> 8) & 0xFFFF) * kK + (address & 0xFF) + size;
    return kActivation << 24 | byte / kK << 8 | byte % kK;
  }

  unsigned seed_;
  std::mt19937_64 random_;
  std::unique_ptr<Vspi_bridge_nano> top_;
  std::map<std::uint64_t, std::uint64_t> memory_;
  std::uint32_t wait_ = 3, refused_from_ = ~0U;
  std::uint32_t write_address_ = 0, write_data_ = 0, write_strobe_ = 0, read_address_ = 0;
  bool aw_ = false, w_ = false, ar_ = false, b_ = false, r_ = false, got_address_ = false, got_data_ = false, got_read_ = false;
  bool aw_waits_ = false, w_waits_ = false, ar_waits_ = false, gaps_ = true;
  std::vector<std::uint32_t> before_ = std::vector<std::uint32_t>(7);
  int faults_ = 0, writes_ = 0, longest_ = 5;
  std::array<int, 5> rested_{};
};

TEST_F(SpiBridge, RandomTransfers) {
  std::map<std::uint64_t, std::uint64_t> expected;
  for (int round = 0; round < 150; ++round) {
    gaps_ = round % 3 != 0;
    wait_ = 1 + below(4);
    const int size = 1 + static_cast<int>(below(4));
    const std::uint32_t start = random_address();
    const int words = 1 + static_cast<int>(below(12));
    std::vector<std::uint8_t> bytes = header(false, size, start);
    std::vector<std::uint8_t> sent;
    std::uint32_t address = start;
    for (int w = 0; w < words; ++w, address = next(address, static_cast<std::uint32_t>(size))) {
      std::uint32_t value = 0;
      for (int i = 0; i < size; ++i) {
        sent.push_back(static_cast<std::uint8_t>(random_()));
        value |= static_cast<std::uint32_t>(sent.back()) << (8 * i);
        if (start >> 24 == kActivation) expected[byte_of(address) + static_cast<std::uint32_t>(i)] = sent.back();
      }
      if (start >> 24 != kActivation) expected[address] = value;
    }
    bytes.insert(bytes.end(), sent.begin(), sent.end());
    ASSERT_EQ(transfer(bytes)[0], 0xA0);
    ASSERT_EQ(memory_, expected) << "round " << round;
    std::vector<std::uint8_t> ask = header(true, size, start);
    ask.resize(6 + sent.size());
    const std::vector<std::uint8_t> back = transfer(ask);
    ASSERT_EQ(back[0], 0xA0);
    ASSERT_EQ(std::vector<std::uint8_t>(back.begin() + 6, back.end()), sent) << "round " << round;
    // Reading made entries of what it ran ahead to; forget them.
    memory_ = expected;
    ASSERT_EQ(faults_, 0);
  }
}

TEST_F(SpiBridge, OneWrongBitOnTheWireIsSeen) {
  std::vector<std::uint8_t> bytes = header(false, 4, 1U << 24 | 16);
  bytes.insert(bytes.end(), {0x11, 0x22, 0x33, 0x44});
  const std::map<std::uint64_t, std::uint64_t> expected{{1U << 24 | 16, 0x44332211}};
  transfer(bytes);
  ASSERT_EQ(memory_, expected);
  for (std::size_t bit = 0; bit < 32; ++bit) {
    std::vector<std::uint8_t> wrong = bytes;
    wrong[5 + bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    transfer(wrong);
    EXPECT_NE(memory_, expected) << "bit " << bit;
  }
}

TEST_F(SpiBridge, RefusalsAreReportedOnce) {
  const std::uint32_t last = 1U << 24 | 16;
  refused_from_ = last + 8;
  std::vector<std::uint8_t> bytes = header(false, 4, last);
  bytes.resize(5 + 8, 0x11);
  EXPECT_EQ(transfer(bytes)[0], 0xA0);
  EXPECT_EQ(memory_.size(), 1U);
  EXPECT_EQ(transfer({0x80})[0], 0xA1);
  EXPECT_EQ(transfer({0x80})[0], 0xA0);
  // Reading the last legal word runs ahead into the refused one: no report. Reading that one: a report.
  std::vector<std::uint8_t> ask = header(true, 4, last);
  ask.resize(6 + 4);
  const std::vector<std::uint8_t> back = transfer(ask);
  EXPECT_EQ(std::vector<std::uint8_t>(back.begin() + 6, back.end()), std::vector<std::uint8_t>(4, 0x11));
  EXPECT_EQ(transfer({0x80})[0], 0xA0);
  ask.resize(6 + 5);
  transfer(ask);
  EXPECT_EQ(transfer({0x80})[0], 0xA1);
}

TEST_F(SpiBridge, BadCommandAndAddress) {
  std::vector<std::uint8_t> bytes = header(false, 4, 1U << 24);
  bytes.resize(9, 0x22);
  bytes[0] |= 0x10;
  transfer(bytes);
  EXPECT_EQ(transfer({0x00})[0], 0xA4);
  bytes[0] = 3;
  bytes[4] |= 0x80;
  transfer(bytes);
  EXPECT_EQ(transfer({0x00})[0], 0xA4);
  EXPECT_EQ(transfer({0x00})[0], 0xA0);
}

TEST_F(SpiBridge, ShortWordIsDropped) {
  std::vector<std::uint8_t> bytes = header(false, 4, 1U << 24);
  bytes.resize(5 + 7, 0x33);
  transfer(bytes);
  EXPECT_EQ(writes_, 1);
  EXPECT_EQ(memory_.size(), 1U);
}

TEST_F(SpiBridge, SlowBusIsReported) {
  gaps_ = false;
  wait_ = longest_ = 400;
  std::vector<std::uint8_t> bytes = header(false, 1, 1U << 24);
  bytes.resize(5 + 20, 0x44);
  transfer(bytes);
  wait_ = 1;
  clock(20);
  EXPECT_EQ(transfer({0x00})[0], 0xA2);
  EXPECT_EQ(faults_, 0);
}

}  // namespace
}  // namespace flexor::testbench
