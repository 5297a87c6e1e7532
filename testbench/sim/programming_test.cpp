// SPDX-License-Identifier: Apache-2.0
// The programmer's guide (docs/programming.md) as a program: registers and external memory only, no Driver. The page quotes this file.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "driver.hpp"
#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

using namespace register_field;

constexpr std::uint64_t kTooLong = 10'000'000;  // cycles; the engine's own time-out comes first

/// Software of an engine with external memory.
class Software {
 public:
  explicit Software(EngineBus& bus) : bus_(bus) {}

  void identify() {
    const EngineParameters& engine = bus_.parameters();
    ASSERT_EQ(read(Register::Id), 0x464C5852U);
    ASSERT_EQ(read(Register::Version), kInterfaceVersion);
    const std::uint32_t geometry = read(Register::Geometry);
    ASSERT_EQ(geometry_lanes.of(geometry), static_cast<std::uint32_t>(engine.K));
    ASSERT_EQ(geometry_channels.of(geometry), static_cast<std::uint32_t>(engine.M));
  }

  void load(const Network& network) {
    image_ = compile(network, bus_.parameters(), 1);
    external_ = lay_out_external(image_, bus_.parameters());
    bus_.memory()->resize(external_.size);
    std::copy(external_.bytes.begin(), external_.bytes.end(), bus_.memory()->bytes().begin());
    write(Register::WindowFirst, 0);
    write(Register::WindowLast, external_.size - 1);
    write(Register::Timeout, 10000);
    write(Register::Descriptor, image_.descriptor);
    fresh_ = true;
  }

  void set_input(std::span<const std::uint8_t> tensor) {
    const auto bytes = bus_.memory()->bytes();
    std::copy(tensor.begin(), tensor.end(), bytes.begin() + external_.input);
    std::uint32_t at = fresh_ ? external_.first_list : external_.next_list;
    for (Transfer transfer : fresh_ ? external_.first : external_.next) {
      if (transfer.kind == TransferKind::Activation) {
        const int beat = bus_.parameters().AxiBytes;
        const BeatSums sums = beat_sums(bytes.subspan(transfer.address, static_cast<std::size_t>(beat) * transfer.beats), beat);
        transfer.sum1 = sums.sum1;
        transfer.sum2 = sums.sum2;
        const auto entry = encode(transfer);
        std::copy(entry.begin(), entry.end(), bytes.begin() + at);
      }
      at += 32;
    }
  }

  void start() {
    write(Register::Transfers, fresh_ ? external_.first_list : external_.next_list);
    write(Register::Interrupt, interrupt_enable.mask());
    write(Register::Control, control_start.mask() | control_transfers.mask());
  }

  EngineError finish() {
    bus_.wait(kTooLong);
    const std::uint32_t status = read(Register::Status);
    EXPECT_TRUE(bus_.interrupt() && status_done.of(status) == 1 && status_busy.of(status) == 0);
    write(Register::Interrupt, interrupt_enable.mask() | interrupt_pending.mask());
    const auto error = static_cast<EngineError>(status_error.of(status));
    fresh_ = error != EngineError::None;
    return error;
  }

  std::vector<std::int16_t> logits() {
    const auto bytes = bus_.memory()->bytes().subspan(external_.output);
    std::vector<std::int16_t> values(static_cast<std::size_t>(image_.classes));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int16_t>(bytes[2 * i] | bytes[2 * i + 1] << 8);
    return values;
  }

  void abort() { write(Register::Control, control_abort.mask()); }

  void reset_memory() {
    bus_.memory()->reset();
    write(Register::Control, control_forget.mask());
  }

  [[nodiscard]] const MemoryImage& image() const { return image_; }

 private:
  std::uint32_t read(Register which) {
    std::uint64_t value = 0;
    EXPECT_EQ(bus_.read(bus_address(which), value), kOkay);
    return static_cast<std::uint32_t>(value);
  }
  void write(Register which, std::uint32_t value) { EXPECT_EQ(bus_.write(bus_address(which), value), kOkay); }

  EngineBus& bus_;
  MemoryImage image_;
  ExternalImage external_;
  bool fresh_ = true;  ///< the engine does not hold the network
};

/// The guide on a random network, and what the golden model says of it.
class Guide : public testing::Test {
 protected:
  void SetUp() override {
    fmt::print("FLEXOR_SEED={}\n", seed_);
    software_.identify();
    software_.load(network_);
    next_input();
  }

  void next_input() {
    const auto pixels = random_image(random_, network_.input);
    software_.set_input(layout_input(network_, software_.image(), pixels.data()));
    expected_ = Golden(network_).run(pixels.data()).back();
  }

  void expect_job() {
    software_.start();
    EXPECT_EQ(software_.finish(), EngineError::None);
    EXPECT_EQ(software_.logits(), expected_);
  }

  std::uint64_t seed_ = chosen_seed();
  Random random_{seed_};
  const EngineParameters& engine_ = find_configuration("tiny");
  std::unique_ptr<EngineBus> bus_ = make_verilator_engine(engine_);
  Network network_ = draw_fitting(random_, engine_);
  Software software_{*bus_};
  std::vector<std::int16_t> expected_;
};

TEST_F(Guide, FromResetToLogitsAndOn) {
  for (int job = 0; job < 3; ++job) {
    expect_job();
    next_input();
  }
}

// The engine alone gets another image, one whose logits differ by the golden model.
TEST_F(Guide, AChangedPixelIsSeen) {
  std::vector<std::int16_t> other;
  std::vector<std::uint8_t> pixels;
  do {
    pixels = random_image(random_, network_.input);
    other = Golden(network_).run(pixels.data()).back();
  } while (other == expected_);
  software_.set_input(layout_input(network_, software_.image(), pixels.data()));
  software_.start();
  EXPECT_EQ(software_.finish(), EngineError::None);
  EXPECT_NE(software_.logits(), expected_);
}

TEST_F(Guide, AfterAnAbortTheNetworkIsLoadedAgain) {
  software_.start();
  bus_->run(random_.below(500));
  software_.abort();
  const EngineError error = software_.finish();
  EXPECT_TRUE(error == EngineError::Aborted || error == EngineError::None);
  next_input();
  expect_job();
}

TEST_F(Guide, MemoryThatNeverAnswersIsResetAndForgotten) {
  bus_->memory()->arm(MemoryFault::ReadMute, 0);
  software_.start();
  EXPECT_EQ(software_.finish(), EngineError::MemoryTimeout);
  software_.start();
  EXPECT_EQ(software_.finish(), EngineError::MemoryOwes);
  software_.reset_memory();
  next_input();
  expect_job();
}

}  // namespace
}  // namespace flexor::test
