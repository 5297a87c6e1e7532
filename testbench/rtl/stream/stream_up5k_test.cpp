// SPDX-License-Identifier: Apache-2.0
// stream_up5k through its SPI pins alone, as a host does it: a whole ResNet-20 with random weights, the next image while a job runs, logits and
// cycles read back against the golden model and the compiler; writes that come at a bad time, abort.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>
#include <vector>

#include "Vstream_up5k.h"
#include "golden/golden.hpp"
#include "model/stream/stream_networks.hpp"
#include "stream/program.hpp"

namespace flexor::testbench {
namespace {

constexpr unsigned kWrite = 8, kStart = 16, kAbort = 32, kRegisters = 4;

/// An SPI master of mode 0. `divider`: clocks of the engine in half a period of sck.
class Board {
 public:
  Board() {
    top_.spi_cs_ni = 1;
    clock(64);
  }

  /// One transfer: command, address, data out; returns what came back in their place, the status first.
  std::vector<std::uint16_t> transfer(unsigned command, unsigned address, const std::vector<std::uint16_t>& data, int divider) {
    top_.spi_cs_ni = 0;
    clock(4);
    std::vector<std::uint16_t> back{word(command, divider), word(address, divider)};
    for (std::uint16_t value : data) back.push_back(word(value, divider));
    clock(4);
    top_.spi_cs_ni = 1;
    clock(8);
    return back;
  }
  void write(unsigned bank, unsigned address, const std::vector<std::uint16_t>& data) { transfer(kWrite | bank, address, data, 1); }
  std::vector<std::uint16_t> read(unsigned region, unsigned address, std::size_t count) {
    const auto back = transfer(region, address, std::vector<std::uint16_t>(count), 3);
    return {back.begin() + 2, back.end()};
  }
  unsigned status() { return transfer(0, 0, {}, 3)[0]; }
  void wait() {
    for (int i = 0; i < 20'000'000 && top_.idle_o == 0; ++i) clock(1);
    ASSERT_NE(top_.idle_o, 0);
  }
  [[nodiscard]] bool idle() const { return top_.idle_o != 0; }
  void clock(int cycles) {
    for (int i = 0; i < cycles; ++i) {
      top_.clk_i = 0;
      top_.eval();
      top_.clk_i = 1;
      top_.eval();
    }
  }

 private:
  std::uint16_t word(unsigned out, int divider) {
    unsigned in = 0;
    for (int bit = 15; bit >= 0; --bit) {
      top_.spi_mosi_i = out >> bit & 1U;
      clock(divider);
      in = in << 1 | top_.spi_miso_o;
      top_.spi_sck_i = 1;
      top_.eval();
      clock(divider);
      top_.spi_sck_i = 0;
      top_.eval();
    }
    return static_cast<std::uint16_t>(in);
  }

  Vstream_up5k top_;
};

class StreamUp5k : public ::testing::Test {
 protected:
  StreamUp5k() { std::cout << "seed " << seed_ << '\n'; }
  std::vector<std::uint8_t> image(const Network& network) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(network.input.size()));
    for (auto& p : pixels) p = static_cast<std::uint8_t>(draw_());
    return pixels;
  }
  std::uint32_t seed_ = std::random_device{}();
  std::mt19937 draw_{seed_};
};

TEST_F(StreamUp5k, ResNet20OverSpi) {
  Random random(seed_);
  const Network network = test::random_resnet20(random);
  const stream::Program program = stream::compile(network);
  const Golden golden(network);
  const auto first = image(network), second = image(network);
  Board board;
  EXPECT_EQ(board.status(), 0xA100U);
  board.write(2, static_cast<unsigned>(program.start), program.stream);
  board.write(3, 0, stream::layout_input(program.input, first.data()));
  board.transfer(kStart, static_cast<unsigned>(program.start), {}, 1);
  EXPECT_FALSE(board.idle());
  EXPECT_EQ(board.status(), 0xA108U);
  ASSERT_TRUE(program.input.half);
  board.write(3, 8192, stream::layout_input(program.input, second.data()));  // while the first one runs
  for (const auto* pixels : {&first, &second}) {
    board.wait();
    EXPECT_EQ(board.status(), 0xA100U);
    const auto logits = board.read(0, static_cast<unsigned>(program.logits_address), static_cast<std::size_t>(program.classes));
    const auto expected = golden.logits(pixels->data());
    for (std::size_t c = 0; c < expected.size(); ++c) EXPECT_EQ(static_cast<std::int16_t>(logits[c]), expected[c]) << "class " << c;
    const auto cycles = board.read(kRegisters, 0, 2);
    EXPECT_EQ(cycles[0] | static_cast<std::int64_t>(cycles[1]) << 16, program.predicted_cycles);
    if (pixels == &first) board.transfer(kStart, static_cast<unsigned>(program.start) | 0x8000U, {}, 1);
  }
}

TEST_F(StreamUp5k, LostWritesAndAbortAreReported) {
  Board board;
  // A job that only waits for its time-out: a fill that a table without an end follows.
  board.write(2, 0, {0xF400, 0x0001, 0, 0, 0x4000, 0xF001, 0xF600});
  board.transfer(kStart, 0, {}, 1);
  EXPECT_EQ(board.status(), 0xA108U);
  board.write(2, 100, {1, 2});  // the stream's bank, while it runs: the second one finds the first one waiting
  EXPECT_TRUE(board.idle());
  EXPECT_EQ(board.status(), 0xA104U);
  board.transfer(kStart, 0, {}, 1);
  EXPECT_EQ(board.status(), 0xA108U);
  board.transfer(kAbort, 0, {}, 1);
  EXPECT_EQ(board.status(), 0xA105U);
  board.write(2, 0, {0xF800});  // END alone
  board.transfer(kStart, 0, {}, 1);
  board.wait();
  EXPECT_EQ(board.status(), 0xA100U);
  EXPECT_EQ(board.read(kRegisters, 0, 1)[0], 3);
}

}  // namespace
}  // namespace flexor::testbench
