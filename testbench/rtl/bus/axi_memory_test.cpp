// SPDX-License-Identifier: Apache-2.0
// The memories of axi_memory.hpp see every rule broken: a master made of plain fields breaks one at a time.
#include "axi_memory.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace flexor::testbench {
namespace {

/// The ports of both masters.
struct Ports {
  std::uint8_t m_axi_arvalid_o = 0, m_axi_arready_i = 0, m_axi_arlen_o = 3, m_axi_arsize_o = 3, m_axi_arburst_o = 1;
  std::uint8_t m_axi_awvalid_o = 0, m_axi_awready_i = 0, m_axi_awlen_o = 3, m_axi_awsize_o = 3, m_axi_awburst_o = 1;
  std::uint8_t m_axi_rvalid_i = 0, m_axi_rready_o = 1, m_axi_rresp_i = 0, m_axi_rlast_i = 0;
  std::uint8_t m_axi_wvalid_o = 0, m_axi_wready_i = 0, m_axi_wlast_o = 0, m_axi_wstrb_o = 0xFF;
  std::uint8_t m_axi_bvalid_i = 0, m_axi_bready_o = 1, m_axi_bresp_i = 0;
  std::uint64_t m_axi_araddr_o = 0x1000, m_axi_awaddr_o = 0x1000, m_axi_rdata_i = 0, m_axi_wdata_o = 0;
};

template <class Memory>
struct Bench {
  Bench() { memory.settings.outstanding = 2; }
  /// One cycle.
  void step() {
    memory.drive(ports);
    memory.sample(ports);
  }
  /// Nothing but this was broken.
  void expect(const std::string& rule) { EXPECT_EQ(memory.violations, std::vector<std::string>{rule}); }
  Ports ports;
  Memory memory{1};
};
using Read = Bench<AxiReadMemory<Ports>>;
using Write = Bench<AxiWriteMemory<Ports>>;

TEST(AxiMemory, LegalReadAndWrite) {
  Read read;
  read.ports.m_axi_arvalid_o = 1;
  read.step();
  read.ports.m_axi_arvalid_o = 0;
  for (int i = 0; i < 10; ++i) read.step();
  EXPECT_FALSE(read.memory.owes());
  EXPECT_TRUE(read.memory.violations.empty());

  Write write;
  write.ports.m_axi_awvalid_o = write.ports.m_axi_wvalid_o = 1;
  for (int i = 0; i < 4; ++i) {
    write.ports.m_axi_wlast_o = i == 3;
    write.step();
    write.ports.m_axi_awvalid_o = 0;
  }
  write.ports.m_axi_wvalid_o = 0;
  for (int i = 0; i < 5; ++i) write.step();
  EXPECT_FALSE(write.memory.owes());
  EXPECT_TRUE(write.memory.violations.empty());
  EXPECT_EQ(write.memory.written.size(), 32U);
}

TEST(AxiMemory, OneBurst) {
  struct Case {
    std::uint64_t address;
    std::uint8_t length, size, type;
    const char* rule;
  };
  for (const Case& c : {Case{0x1000, 3, 2, 1, "wrong size"}, Case{0x1000, 3, 3, 2, "not INCR"}, Case{0x1000, 16, 3, 1, "burst too long"},
                        Case{0x1004, 3, 3, 1, "not aligned"}, Case{0x1FF0, 3, 3, 1, "crosses 4 KiB"},
                        Case{0x0FE0, 3, 3, 1, "outside the window"}, Case{0x3000, 3, 3, 1, "outside the window"}}) {
    Read read;
    read.memory.settings.window_first = 0x1000;
    read.memory.settings.window_last = 0x2FFF;
    read.ports.m_axi_arvalid_o = 1;
    read.ports.m_axi_araddr_o = c.address;
    read.ports.m_axi_arlen_o = c.length;
    read.ports.m_axi_arsize_o = c.size;
    read.ports.m_axi_arburst_o = c.type;
    read.step();
    read.expect(c.rule);
    Write write;
    write.memory.settings.window_first = 0x1000;
    write.memory.settings.window_last = 0x2FFF;
    write.ports.m_axi_awvalid_o = 1;
    write.ports.m_axi_awaddr_o = c.address;
    write.ports.m_axi_awlen_o = c.length;
    write.ports.m_axi_awsize_o = c.size;
    write.ports.m_axi_awburst_o = c.type;
    write.step();
    write.expect(c.rule);
  }
}

TEST(AxiMemory, ValidStays) {
  for (const bool withdraws : {false, true}) {
    const std::string what = withdraws ? " withdrawn" : " changed while it waits";
    Read read;
    read.memory.arm(AxiFault::Dead, 0);
    read.ports.m_axi_arvalid_o = 1;
    read.step();
    withdraws ? read.ports.m_axi_arvalid_o = 0 : read.ports.m_axi_araddr_o += 8;
    read.step();
    read.expect("AR" + what);

    Write address;
    address.memory.arm(AxiFault::Dead, 0);
    address.ports.m_axi_awvalid_o = 1;
    address.step();
    withdraws ? address.ports.m_axi_awvalid_o = 0 : address.ports.m_axi_awaddr_o += 8;
    address.step();
    address.expect("AW" + what);

    Write data;
    data.memory.arm(AxiFault::Deaf, 0);
    data.ports.m_axi_awvalid_o = data.ports.m_axi_wvalid_o = 1;
    data.step();
    data.ports.m_axi_awvalid_o = 0;
    withdraws ? data.ports.m_axi_wvalid_o = 0 : data.ports.m_axi_wdata_o ^= 1;
    data.step();
    data.expect("W" + what);
  }
}

TEST(AxiMemory, TooManyOutstanding) {
  Read read;
  read.memory.arm(AxiFault::Mute, 0);
  Write write;
  write.memory.arm(AxiFault::Mute, 0);
  for (unsigned i = 0; i < 3; ++i) {
    read.ports.m_axi_arvalid_o = write.ports.m_axi_awvalid_o = 1;
    EXPECT_TRUE(read.memory.violations.empty() && write.memory.violations.empty());
    read.step();
    write.step();
  }
  read.expect("too many outstanding");
  write.expect("too many outstanding");
}

TEST(AxiMemory, AnswerNotTaken) {
  Read read;
  read.ports.m_axi_arvalid_o = 1;
  read.step();
  read.ports.m_axi_arvalid_o = read.ports.m_axi_rready_o = 0;
  read.step();
  read.expect("R not taken");

  Write write;
  write.ports.m_axi_awvalid_o = write.ports.m_axi_wvalid_o = write.ports.m_axi_wlast_o = 1;
  write.ports.m_axi_awlen_o = write.ports.m_axi_bready_o = 0;
  write.step();
  write.ports.m_axi_awvalid_o = write.ports.m_axi_wvalid_o = 0;
  write.step();
  write.expect("B not taken");
}

TEST(AxiMemory, WriteData) {
  Write early;
  early.ports.m_axi_wvalid_o = 1;
  early.step();
  early.expect("data before its address");
  for (const bool before : {false, true}) {
    Write last;
    last.ports.m_axi_awvalid_o = last.ports.m_axi_wvalid_o = 1;
    last.ports.m_axi_awlen_o = before ? 1 : 0;
    last.ports.m_axi_wlast_o = before;
    last.step();
    last.expect("WLAST in the wrong place");
  }
}

}  // namespace
}  // namespace flexor::testbench
