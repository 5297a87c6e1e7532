// SPDX-License-Identifier: Apache-2.0
// Whole engine behind its registers: jobs back to back, start while busy, abort, error codes, interrupt, refused accesses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_bench.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

constexpr std::uint32_t kBusy = 1, kDone = 2;

class EngineControl : public testing::TestWithParam<const char*> {
 protected:
  EngineControl() : engine_(find_configuration(GetParam())), bus_(make_verilator_engine(engine_)), driver_(*bus_) {}

  MemoryImage load_network(std::uint64_t seed) {
    Random random(seed);
    network_ = draw_fitting(random, engine_);
    const MemoryImage image = compile(network_, engine_, 1);
    driver_.load(image);
    return image;
  }

  [[nodiscard]] std::uint32_t status() { return driver_.read_register(Register::Status); }
  [[nodiscard]] std::uint32_t error() { return status() >> 8 & 0xFF; }
  int start() { return bus_->write(bus_address(Register::Control), 1); }

  void expect_runs_right(std::uint64_t seed) {
    Random random(seed);
    const Network network = draw_fitting(random, engine_);
    const MemoryImage image = compile(network, engine_, 1);
    SCOPED_TRACE(describe(network));
    expect_equal_job(driver_, network, image, random_dataset(random, network.input, 1));
  }

  const EngineParameters& engine_;
  std::unique_ptr<EngineBus> bus_;
  Driver driver_;
  Network network_;
};

TEST_P(EngineControl, RunsJobsBackToBackWithoutReset) {
  for (std::uint64_t seed = 100; seed < 106; ++seed) expect_runs_right(seed);
}

// A 3x3 layer of `planes` planes on 6x6 pixels, and a dense one.
Network network_of(const Code& code, int planes) {
  Random random(9);
  const LayerSpec conv{LayerKind::Convolution, 5, 3, 1, 1, false, planes == 1, 0, 8};
  const LayerSpec dense{LayerKind::Dense, 7, 1, 1, 0, false, false, 0, 8};
  std::vector<LayerSpec> layers(static_cast<std::size_t>(planes), conv);
  layers.push_back(dense);
  Network network = random_network(random, {6, 6, 5}, {code}, layers);
  for (int p = 1; p < planes; ++p) {
    Layer& before = network.layers[static_cast<std::size_t>(p - 1)];
    before.projection = true;
    before.activation_max = 127;
    network.layers[static_cast<std::size_t>(p)].source = kNetworkInput;
    network.layers[static_cast<std::size_t>(p)].shortcut = Shortcut{.source = p - 1, .multiplier = 512, .real_multiplier = 2};
  }
  return network;
}

TEST_P(EngineControl, RunsEveryKindOfCodeAndTwoPlanesBackToBackWithoutReset) {
  std::vector<Network> networks;
  for (const Code& code : {random_tap_code(20, 8, 2, 5), nested_code(13), dense_code(20, 16, 6), identity_code(20), nested_code(8)}) {
    networks.push_back(network_of(code, 1));
  }
  if (engine_.ResidualWords > 0) networks.push_back(network_of(nested_code(12), 2));
  networks.push_back(networks.front());
  for (const Network& network : networks) {
    Random random(10);
    SCOPED_TRACE(describe(network));
    expect_equal_job(driver_, network, compile(network, engine_), random_dataset(random, network.input, 16));
  }
}

TEST_P(EngineControl, RefusesMemoryAndStartWhileBusyAndFinishesTheJob) {
  Random random(7);
  const LayerSpec conv{LayerKind::Convolution, 6, 3, 1, 1, false, false, 0, 8};
  const LayerSpec dense{LayerKind::Dense, 3, 1, 1, 0, false, false, 0, 8};
  const Network network = random_network(random, {8, 8, 4}, {nested_code(8)}, {conv, dense});
  const MemoryImage image = compile(network, engine_, 1);
  const Dataset data = random_dataset(random, network.input, 1);
  expect_equal_job(driver_, network, image, data);
  const auto before = driver_.logits(0);

  driver_.set_input(0, layout_input(network, image, data.image(0)));
  ASSERT_EQ(start(), kOkay);
  ASSERT_EQ(status() & kBusy, kBusy);
  EXPECT_EQ(start(), kSlaveError);
  for (const Region region : {Region::Control, Region::Code, Region::Weight, Region::Activation}) {
    EXPECT_EQ(bus_->write(bus_address(region, 0), 0), kSlaveError) << static_cast<int>(region);
  }
  ASSERT_EQ(status() & kBusy, kBusy) << "the job is too short for this test";
  bus_->wait(1000000);
  EXPECT_EQ(status() & 0xFF03, kDone);
  EXPECT_EQ(driver_.logits(0), before);
}

TEST_P(EngineControl, AbortStopsTheJobAndTheNextOneIsRight) {
  load_network(11);
  ASSERT_EQ(start(), kOkay);
  bus_->run(20);
  driver_.write_register(Register::Control, 2);
  bus_->wait(100000);
  EXPECT_EQ(status() & kBusy, 0U);
  EXPECT_EQ(error(), static_cast<std::uint32_t>(EngineError::Aborted));
  expect_runs_right(12);
}

TEST_P(EngineControl, RefusesIllegalDescriptors) {
  struct Bad {
    DescriptorField field;
    std::uint32_t value;
  };
  const auto above_p_max = static_cast<std::uint32_t>(engine_.PMax + 4);
  for (const Bad& bad :
       {Bad{descriptor::stored_bits, 0}, Bad{descriptor::stored_bits, 33}, Bad{descriptor::block_pixels, 0},
        Bad{descriptor::block_pixels, above_p_max}, Bad{descriptor::m_tiles, 0}, Bad{descriptor::strings, 0}, Bad{descriptor::chunks, 0},
        Bad{descriptor::pixels, 0}, Bad{descriptor::channels, static_cast<std::uint32_t>(engine_.ControlWords)},
        Bad{descriptor::m_tiles, static_cast<std::uint32_t>(engine_.ControlWords)}, Bad{descriptor::columns, 1U << engine_.CountWidth},
        Bad{descriptor::rows, 1U << engine_.CountWidth}, Bad{descriptor::height, 1U << engine_.CountWidth}}) {
    const MemoryImage image = load_network(21);
    const auto word = image.descriptor + static_cast<std::uint32_t>(bad.field.word);
    const std::uint32_t mask = (bad.field.width == 32 ? ~0U : (1U << bad.field.width) - 1) << bad.field.low;
    const std::uint32_t value = (image.control[word] & ~mask) | bad.value << bad.field.low;
    ASSERT_EQ(bus_->write(bus_address(Region::Control, word), value), kOkay);
    ASSERT_EQ(start(), kOkay);
    bus_->wait(100000);
    EXPECT_EQ(status() & kBusy, 0U);
    EXPECT_EQ(error(), static_cast<std::uint32_t>(EngineError::Descriptor)) << "word " << bad.field.word << " = " << bad.value;
  }
  expect_runs_right(22);
}

TEST_P(EngineControl, RaisesAndClearsTheInterrupt) {
  load_network(31);
  driver_.write_register(Register::Interrupt, 1);
  ASSERT_EQ(start(), kOkay);
  EXPECT_FALSE(bus_->interrupt());
  bus_->wait(1000000);
  bus_->run(2);
  EXPECT_TRUE(bus_->interrupt());
  EXPECT_EQ(driver_.read_register(Register::Interrupt) & 3, 3U);
  driver_.write_register(Register::Interrupt, 3);
  bus_->run(2);
  EXPECT_FALSE(bus_->interrupt());
}

TEST_P(EngineControl, RefusesUnknownAddressesAndReadOnlyRegisters) {
  for (const Register which : {Register::Id, Register::Version, Register::Geometry, Register::Status, Register::Cycles}) {
    EXPECT_EQ(bus_->write(bus_address(which), 1), kSlaveError) << static_cast<int>(which);
  }
  std::uint64_t data = 0;
  const std::uint32_t registers = engine_.AxiBytes == 0 ? 12 : 20;
  for (const std::uint32_t address : {0x5000000U, 0xF000000U, 8 * registers, 8U * 200}) {
    EXPECT_EQ(bus_->read(address, data), kSlaveError) << address;
    EXPECT_EQ(bus_->write(address, 0), kSlaveError) << address;
  }
  if (engine_.ReadCycles > 1) {
    for (const std::uint32_t place : {1U, 2U, 0x10FU}) {
      EXPECT_EQ(bus_->read(bus_address(Region::Activation, 0) | place, data), kSlaveError) << "no multiple of four bytes: " << place;
    }
  }
  EXPECT_EQ(driver_.read_register(Register::Id), 0x464C5852U);
}

TEST_P(EngineControl, KeepsTheRegistersOfExternalMemory) {
  if (engine_.AxiBytes == 0) GTEST_SKIP() << "no external memory";
  EXPECT_EQ(driver_.read_register(Register::WindowFirst), 0U);
  EXPECT_EQ(driver_.read_register(Register::WindowLast), 0xFFFFFFFFU);
  EXPECT_EQ(driver_.read_register(Register::Timeout), 65535U);
  for (const Register which : {Register::Transfers, Register::WindowFirst, Register::WindowLast}) {
    driver_.write_register(which, 0x89ABCDE0);
    EXPECT_EQ(driver_.read_register(which), 0x89ABCDE0U) << static_cast<int>(which);
  }
  driver_.write_register(Register::Timeout, 0x1000000);
  EXPECT_EQ(driver_.read_register(Register::Timeout), 0xFFFFFFU) << "saturates";
  EXPECT_EQ(bus_->write(bus_address(Register::Transfers), 4), kSlaveError) << "not a multiple of a beat";
  for (const Register which : {Register::ErrorAddress, Register::BytesRead, Register::BytesWritten, Register::TransferStall}) {
    EXPECT_EQ(bus_->write(bus_address(which), 1), kSlaveError) << static_cast<int>(which);
  }
}

TEST_P(EngineControl, RefusesTransfersWithoutExternalMemory) {
  if (engine_.AxiBytes != 0) GTEST_SKIP() << "has external memory";
  EXPECT_EQ(bus_->write(bus_address(Register::Control), 5), kSlaveError);
  EXPECT_EQ(bus_->write(bus_address(Register::Control), 8), kSlaveError);
  EXPECT_EQ(driver_.read_register(Register::Status) & 1U, 0U);
}

TEST_P(EngineControl, ActivationWindowKeepsEveryByte) {
  const auto size = static_cast<std::size_t>(engine_.activation_bytes());
  std::vector<std::uint8_t> bytes(size);
  Random random(41);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random.below(256));
  driver_.write_activations(0, bytes);
  bytes[5] ^= 0xFF;
  driver_.write_activations(5, std::span(bytes).subspan(5, 1));
  EXPECT_EQ(driver_.read_activations(0, size), bytes);
}

// A job of 17,858,981 cycles on an engine with counters of 24 bits.
TEST(Unwrapped, NarrowCountersAreWholeAgain) {
  EXPECT_EQ(unwrapped(1081765, 17858981, 24), 17858981U);
  for (const std::uint64_t cycles :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0xFFFFFF}, std::uint64_t{0x1000000}, std::uint64_t{0xFF'FFFF'FFFF}}) {
    for (const int width : {20, 24, 32}) {
      const auto counter = static_cast<std::uint32_t>(cycles & ((std::uint64_t{1} << width) - 1));
      for (const std::int64_t off : {-1000, -1, 0, 1, 1000}) {
        const auto about = static_cast<std::uint64_t>(std::max<std::int64_t>(0, static_cast<std::int64_t>(cycles) + off));
        EXPECT_EQ(unwrapped(counter, about, width), cycles) << about << " in " << width << " bits";
      }
    }
  }
  EXPECT_NE(unwrapped(0, 1U << 23, 24), 0U) << "half of the counter's range away";
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineControl, testing::Values("tiny", "nano", "micro", "base"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace flexor::test
