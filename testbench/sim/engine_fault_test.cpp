// SPDX-License-Identifier: Apache-2.0
// Faults of external memory, aborts, and transfer lists that make no sense: the engine stops, says why, leaves a legal bus, and runs the
// next job right. FLEXOR_SEED replays a printed seed, FLEXOR_FAULTS says how many faults a case injects.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

constexpr std::uint32_t kTimeout = 3000;

int chosen_faults(int usual) {
  const char* given = std::getenv("FLEXOR_FAULTS");
  return given != nullptr ? std::atoi(given) : usual;
}

/// A network with its input in external memory, and what the engine must say of it.
class Bench {
 public:
  Bench(const char* configuration, std::uint64_t seed, double stall)
      : engine_(find_configuration(configuration)),
        random_(seed),
        bus_(make_verilator_engine(engine_, {{}, {}, {}, {1 + static_cast<int>(random_.below(40)), stall, seed}})),
        driver_(*bus_) {
    driver_.write_register(Register::Timeout, kTimeout);
    next_network();
  }

  void next_network() {
    network_ = draw_fitting(random_, engine_);
    image_ = compile(network_, engine_, 1);
    pixels_ = random_image(random_, network_.input);
    expected_ = Golden(network_).run(pixels_.data()).back();
    driver_.load(image_);
    load_input();
  }
  void load_input() {
    if (!driver_.finds_inputs()) driver_.set_input(0, layout_input(network_, image_, pixels_.data()));
  }

  /// Error code of a run; None: it ended well, and its logits are right. `follows`: it brings the input of the next one where it can.
  EngineError run(bool follows = false) {
    if (follows && driver_.takes_following()) driver_.set_following_input(0, layout_input(network_, image_, pixels_.data()));
    try {
      (void)driver_.run();
    } catch (const EngineFault& fault) {
      EXPECT_NE(fault.code(), EngineError::None) << fault.what();
      return fault.code();
    }
    EXPECT_EQ(driver_.logits(0), expected_) << "logits of a job that reported nothing";
    return EngineError::None;
  }

  /// After a fault: the memory is mended, and forgotten when it still owes something.
  void mend() {
    ExternalMemory& memory = *bus_->memory();
    memory.arm(MemoryFault::None, 0);
    bus_->run(200);
    if (memory.owes()) {
      EXPECT_EQ(run(), EngineError::MemoryOwes);
      memory.reset();
      driver_.write_register(Register::Control, 8);
    }
  }

  Random& random() { return random_; }
  ExternalMemory& memory() { return *bus_->memory(); }
  EngineBus& bus() { return *bus_; }
  Driver& driver() { return driver_; }
  const EngineParameters& engine() { return engine_; }
  const MemoryImage& image() { return image_; }
  std::string name() { return describe(network_); }

 private:
  const EngineParameters& engine_;
  Random random_;
  std::unique_ptr<EngineBus> bus_;
  Driver driver_;
  Network network_;
  MemoryImage image_;
  std::vector<std::uint8_t> pixels_;
  std::vector<std::int16_t> expected_;
};

struct Kind {
  MemoryFault fault;
  const char* name;
  std::set<EngineError> codes;
  bool read;  ///< counts read beats or addresses
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {MemoryFault::ReadSlave, "SLVERR on a read", {EngineError::MemorySlave}, true},
      {MemoryFault::ReadDecode, "DECERR on a read", {EngineError::MemoryDecode}, true},
      {MemoryFault::WriteSlave, "SLVERR on a write", {EngineError::MemorySlave}, false},
      {MemoryFault::WriteDecode, "DECERR on a write", {EngineError::MemoryDecode}, false},
      {MemoryFault::ReadLast, "RLAST in the wrong place", {EngineError::MemoryLast}, true},
      {MemoryFault::ReadFlip, "a flipped bit", {EngineError::Checksum, EngineError::Transfer}, true},
      {MemoryFault::ReadMute, "no answer to a read", {EngineError::MemoryTimeout}, true},
      {MemoryFault::WriteMute, "no answer to a write", {EngineError::MemoryTimeout}, false},
      {MemoryFault::AddressDeaf, "an address that is not taken", {EngineError::MemoryTimeout}, true},
      {MemoryFault::DataDeaf, "data that is not taken", {EngineError::MemoryTimeout}, false},
  };
  return all;
}

struct Case {
  const char* configuration;
  int faults;
};

// One that can show: what the engine itself stores and reads again, in strips, has no sums (decision 0218), so no flipped bit there does.
const Kind& draw_kind(Random& random, const MemoryImage& image) {
  while (true) {
    const Kind& kind = kinds()[random.below(kinds().size())];
    if (kind.fault != MemoryFault::ReadFlip || image.moves.empty()) return kind;
  }
}

class EngineFaults : public testing::TestWithParam<Case> {};

TEST_P(EngineFaults, OfExternalMemoryAreReportedAndTheNextJobIsRight) {
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  Bench bench(GetParam().configuration, seed, 0.2);
  const int faults = chosen_faults(GetParam().faults);
  int fired = 0;
  for (int i = 0; i < faults && !HasFailure(); ++i) {
    if (i % 20 == 19) bench.next_network();
    const Kind& kind = draw_kind(bench.random(), bench.image());
    const ExternalImage external = lay_out_external(bench.image(), bench.engine());
    const std::uint64_t span = kind.read ? external.size / static_cast<std::uint64_t>(bench.engine().AxiBytes) / (i % 2 == 0 ? 8 : 1) : 3;
    const std::uint64_t at = bench.random().below(span + 1);
    SCOPED_TRACE(fmt::format("FLEXOR_SEED={} fault {}: {} at {} of {}", seed, i, kind.name, at, bench.name()));
    bench.memory().arm(kind.fault, at);
    const EngineError code = bench.run(bench.random().below(2) == 0);
    const bool happened = bench.memory().fired();
    fired += happened ? 1 : 0;
    EXPECT_EQ(happened, code != EngineError::None) << "error code " << static_cast<int>(code);
    EXPECT_TRUE(!happened || kind.codes.contains(code)) << "error code " << static_cast<int>(code);
    bench.mend();
    bench.load_input();
    EXPECT_EQ(bench.run(), EngineError::None) << "the next job";
  }
  fmt::print("{} faults injected, {} met by the job\n", faults, fired);
}

TEST_P(EngineFaults, AbortsEndInTheMiddleOfAnything) {
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  Bench bench(GetParam().configuration, seed, 0.2);
  EXPECT_EQ(bench.run(), EngineError::None);
  for (int i = 0; i < GetParam().faults / 4 && !HasFailure(); ++i) {
    SCOPED_TRACE(fmt::format("FLEXOR_SEED={} abort {} of {}", seed, i, bench.name()));
    bench.driver().write_register(Register::Transfers, 0);
    bench.driver().write_register(Register::Control, 5);
    bench.bus().run(bench.random().below(static_cast<std::size_t>(3 * bench.image().predicted_cycles())));
    bench.driver().write_register(Register::Control, 2);
    (void)bench.bus().wait(100000);
    const std::uint32_t status = bench.driver().read_register(Register::Status);
    EXPECT_EQ(status & 1U, 0U) << "busy after an abort";
    EXPECT_TRUE(status >> 8 == 0 || status >> 8 == static_cast<std::uint32_t>(EngineError::Aborted)) << status;
    bench.driver().load(bench.image());
    bench.load_input();
    EXPECT_EQ(bench.run(), EngineError::None) << "the next job";
  }
}

// Entries that are whole but say something else: any error or none, but never a hang, and the next job is right.
TEST_P(EngineFaults, WrongListsNeverHang) {
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  Bench bench(GetParam().configuration, seed, 0);
  for (int i = 0; i < GetParam().faults / 2 && !HasFailure(); ++i) {
    if (i % 20 == 19) bench.next_network();
    ExternalImage external = lay_out_external(bench.image(), bench.engine());
    for (Transfer& transfer : external.first) transfer.check = transfer.check && transfer.kind != TransferKind::Activation;
    Transfer& t = external.first[bench.random().below(external.first.size())];
    const std::uint32_t any = static_cast<std::uint32_t>(bench.random().below(1U << 30)) >> bench.random().below(30);
    const std::size_t what = bench.random().below(8);
    switch (what) {
      case 0:
        t.kind = static_cast<TransferKind>(bench.random().below(8));
        break;
      case 1:
        t.starts = !t.starts;
        break;
      case 2:
        t.last = !t.last;
        break;
      case 3:
        t.after = static_cast<int>(any & 0xFFFFU);
        break;
      case 4:
        t.address = any;
        break;
      case 5:
        t.chip_address = any;
        break;
      case 6:
        t.count = any;
        break;
      default:
        t.beats = any;
        break;
    }
    SCOPED_TRACE(fmt::format("FLEXOR_SEED={} list {}: field {} = {} of {}", seed, i, what, any, bench.name()));
    std::uint32_t at = 0;
    for (const Transfer& transfer : external.first) {
      const auto entry = encode(transfer);
      std::copy(entry.begin(), entry.end(), bench.memory().bytes().begin() + at);
      at += 32;
    }
    bench.driver().write_register(Register::Transfers, 0);
    bench.driver().write_register(Register::Control, 5);
    (void)bench.bus().wait(cycle_limit(bench.image()));
    EXPECT_EQ(bench.driver().read_register(Register::Status) & 1U, 0U) << "still busy";
    bench.driver().load(bench.image());
    bench.load_input();
    EXPECT_EQ(bench.run(), EngineError::None) << "the next job";
  }
}

TEST_P(EngineFaults, WindowIsKept) {
  Bench bench(GetParam().configuration, 1, 0);
  const ExternalImage external = lay_out_external(bench.image(), bench.engine());
  bench.driver().write_register(Register::WindowLast, external.output - 1);
  EXPECT_EQ(bench.run(), EngineError::Window);
  EXPECT_EQ(bench.driver().read_register(Register::ErrorAddress), external.output);
  bench.driver().write_register(Register::WindowLast, external.size - 1);
  bench.driver().write_register(Register::WindowFirst, 32);
  EXPECT_EQ(bench.run(), EngineError::Window);
  EXPECT_EQ(bench.driver().read_register(Register::ErrorAddress), 0U);
  bench.driver().write_register(Register::WindowFirst, 0);
  EXPECT_EQ(bench.run(), EngineError::None);
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineFaults, testing::Values(Case{"tiny", 200}, Case{"base", 20}),
                         [](const auto& info) { return std::string(info.param.configuration); });

}  // namespace
}  // namespace flexor::test
