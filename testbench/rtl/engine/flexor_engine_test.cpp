// SPDX-License-Identifier: Apache-2.0
// flexor_engine: random networks against plain loops, word for word at every layer boundary; errors, abort, counters.
#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <string>
#include <tuple>

#include "Vflexor_engine_base.h"
#include "Vflexor_engine_exact.h"
#include "Vflexor_engine_nano.h"
#include "Vflexor_engine_single.h"
#include "Vflexor_engine_small.h"
#include "Vflexor_engine_tiny.h"
#include "Vflexor_engine_wide.h"
#include "Vflexor_engine_wired.h"
#include "bus_driver.hpp"
#include "engine_parameters.hpp"
#include "random_network.hpp"

namespace flexor::testbench {
namespace {

const EngineParameters& configuration(std::string_view name) {
  for (const auto& c : kConfigurations) {
    if (c.name == name) return c;
  }
  throw std::runtime_error("no such configuration");
}

struct Tiny {
  using Top = Vflexor_engine_tiny;
  static EngineParameters parameters() { return configuration("tiny"); }
};
struct Nano {
  using Top = Vflexor_engine_nano;
  static EngineParameters parameters() { return configuration("nano"); }
};
struct Small {
  using Top = Vflexor_engine_small;
  static EngineParameters parameters() { return configuration("small"); }
};
struct Base {
  using Top = Vflexor_engine_base;
  static EngineParameters parameters() { return configuration("base"); }
};
/// small with one weight buffer, one accumulator buffer, plain weights, four groups a tile.
struct Single {
  using Top = Vflexor_engine_single;
  static EngineParameters parameters() {
    EngineParameters p = configuration("small");
    p.WeightBuffers = p.AccBuffers = 1;
    p.Decryption = static_cast<int>(Decryption::Plain);
    p.D = 6;
    return p;
  }
};

/// base with pooling and fewer lanes than a word of activation memory has bytes.
struct Wide {
  using Top = Vflexor_engine_wide;
  static EngineParameters parameters() {
    EngineParameters p = configuration("base");
    p.K = 40;
    p.D = 32;
    p.Windows = 1;
    return p;
  }
};

/// tiny with the wired code in place of a code memory.
struct Wired {
  using Top = Vflexor_engine_wired;
  static EngineParameters parameters() {
    EngineParameters p = configuration("tiny");
    p.Decryption = static_cast<int>(Decryption::Fixed);
    return p;
  }
};

/// The same without pooling windows: every layer has the code's twelve stored bits.
struct Exact {
  using Top = Vflexor_engine_exact;
  static EngineParameters parameters() {
    EngineParameters p = Wired::parameters();
    p.Windows = 0;
    return p;
  }
};

constexpr std::uint32_t address_of(Region region, std::uint32_t offset) { return static_cast<std::uint32_t>(region) << 24 | offset; }
constexpr std::uint32_t address_of(Register r) { return 8 * static_cast<std::uint32_t>(r); }

template <class Engine>
class FlexorEngine : public ::testing::Test {
 protected:
  using Top = typename Engine::Top;

  FlexorEngine() : random_(seed_), bus_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
    std::cout << "seed " << seed_ << " (FLEXOR_SEED repeats it)\n";
    bus_.observe = [this](Top& top) { watch(top); };
  }

  /// Every word that the trace shows, once; and the cycles by stage.
  void watch(Top& top) {
    if (!top.rst_ni) return;
    ++stages_[top.trace_stage_o];
    if (!top.trace_valid_o) return;
    for (int r = 0; r < parameters_.R; ++r) {
      if ((top.trace_mask_o >> r & 1) == 0) continue;
      const auto key = std::tuple(int{top.trace_layer_o}, static_cast<int>(top.trace_pixel_o), static_cast<int>(top.trace_channel_o) + r);
      const auto value = static_cast<std::int16_t>(get_bits(top.trace_data_o, 16 * r, 16));
      EXPECT_TRUE(trace_.emplace(key, value).second) << "written twice";
    }
  }

  [[nodiscard]] Geometry geometry() const {
    return {parameters_.K,
            parameters_.WordBytes,
            parameters_.M,
            parameters_.D,
            parameters_.Decryption,
            parameters_.PeStyle,
            parameters_.AccWidth,
            parameters_.PMax,
            parameters_.ActRows,
            parameters_.WeightWords,
            parameters_.ControlWords,
            parameters_.CodeWords,
            parameters_.R,
            parameters_.Digits,
            parameters_.SumBits,
            parameters_.ResidualWords,
            parameters_.Windows};
  }

  void load(const NetworkCase& network, const JobImage& image) {
    for (std::size_t i = 0; i < image.control.size(); ++i) put(Region::Control, static_cast<std::uint32_t>(8 * i), image.control[i]);
    for (std::size_t i = 0; i < image.code.size(); ++i) put(Region::Code, static_cast<std::uint32_t>(8 * i), image.code[i]);
    for (std::size_t i = 0; i < image.weight.size(); ++i) put(Region::Weight, static_cast<std::uint32_t>(8 * i), image.weight[i]);
    const auto step = static_cast<std::size_t>(parameters_.BusBytes);
    for (std::size_t i = 0; i < network.input.size(); i += step) {
      std::uint64_t data = random_() | static_cast<std::uint64_t>(random_()) << 32;
      unsigned strobe = 0;
      for (std::size_t b = 0; b < step && i + b < network.input.size(); ++b) {
        data = (data & ~(0xFFULL << (8 * b))) | static_cast<std::uint64_t>(network.input[i + b]) << (8 * b);
        strobe |= 1U << b;
      }
      put(Region::Activation, to_pair(static_cast<long>(i), parameters_.WordBytes), data, strobe);
    }
  }

  void put(Region region, std::uint32_t offset, std::uint64_t data, unsigned strobe = 0xFF) {
    ASSERT_EQ(bus_.write(address_of(region, offset), data, strobe), 0);
  }

  void start(int base) {
    trace_.clear();
    stages_.clear();
    ASSERT_EQ(bus_.write(address_of(Register::Descriptor), static_cast<std::uint64_t>(base)), 0);
    ASSERT_EQ(bus_.write(address_of(Register::Control), 1), 0);
  }

  /// Runs to the end; returns the status register. The longest job that random_network() can draw takes less than half of these reads.
  std::uint64_t finish() {
    for (int t = 0; t < 5000000; ++t) {
      const std::uint64_t status = bus_.read(address_of(Register::Status));
      if ((status & 1) == 0) return status;
    }
    ADD_FAILURE() << "the job does not end";
    return 0;
  }

  /// Words of the trace and bytes of the memory that differ from the reference.
  int compare(const NetworkCase& network, const JobImage& image) {
    int differing = 0;
    std::size_t words = 0;
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const auto& expected = network.boundary[l];
      const int channels = network.layers[l].out_channels;
      words += expected.size();
      for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto found = trace_.find({static_cast<int>(l), static_cast<int>(i) / channels, static_cast<int>(i) % channels});
        if (found == trace_.end() || found->second != expected[i]) {
          if (differing++ == 0) {
            std::cout << "first difference: layer " << l << " pixel " << i / static_cast<std::size_t>(channels) << " channel "
                      << i % static_cast<std::size_t>(channels) << " expected " << expected[i] << " found "
                      << (found == trace_.end() ? std::string("nothing") : std::to_string(found->second)) << "\n";
          }
        }
      }
      for (std::size_t n = 0; n < 20 && !network.layers[l].projection; ++n) {
        const std::size_t i = random_() % expected.size();
        const int bytes = network.layers[l].logits ? 2 : 1;
        const std::uint64_t data = bus_.read(
            address_of(Region::Activation, to_pair(image.output_address[l] + static_cast<long>(i) * bytes, parameters_.WordBytes)));
        differing += bytes == 2 ? static_cast<std::int16_t>(data) != expected[i] : static_cast<std::uint8_t>(data) != expected[i];
      }
    }
    EXPECT_EQ(trace_.size(), words);
    return differing;
  }

  EngineParameters parameters_ = Engine::parameters();
  unsigned seed_ = test_seed();
  std::mt19937 random_;
  BusDriver<Top> bus_;
  std::map<std::tuple<int, int, int>, int> trace_;
  std::map<int, std::uint64_t> stages_;
};

using Engines = ::testing::Types<Tiny, Nano, Small, Base, Single, Wide, Wired, Exact>;
TYPED_TEST_SUITE(FlexorEngine, Engines);

TYPED_TEST(FlexorEngine, RandomNetworksMatchWordForWord) {
  for (int n = 0; n < 12 && !this->HasFailure(); ++n) {
    const NetworkCase network = random_network(this->geometry(), this->random_);
    const int base = static_cast<int>(this->random_() % 32);
    const JobImage image = lay_out(network, this->geometry(), base);
    this->load(network, image);
    this->start(base);
    EXPECT_EQ(this->finish(), 2U) << "done, no error";
    EXPECT_EQ(this->compare(network, image), 0) << "network " << n;
    EXPECT_EQ(this->bus_.read(address_of(Register::Compute)), image.pixel_steps);
    EXPECT_EQ(this->bus_.read(address_of(Register::WeightStall)), this->stages_[static_cast<int>(Stage::WeightStall)]);
    EXPECT_EQ(this->bus_.read(address_of(Register::DrainStall)), this->stages_[static_cast<int>(Stage::DrainStall)]);
  }
}

// What the random networks must contain for the test above to mean anything; always the same networks.
TYPED_TEST(FlexorEngine, RandomNetworksHoldEverythingThatTheEngineHas) {
  std::mt19937 random(1);
  int digits = 0, averages = 0, shortcuts = 0, strided = 0, moved = 0, projections = 0, planes = 0, maxima = 0, sums = 0;
  for (int n = 0; n < 600; ++n) {
    for (const LayerCase& layer : random_network(this->geometry(), random).layers) {
      digits += layer.digits > 1;
      averages += layer.average && layer.pixels() > 1;
      shortcuts += layer.shortcut.has_value();
      projections += layer.projection;
      planes += layer.projection && layer.kernel_width == 3 && layer.shortcut;
      maxima += layer.window && layer.maximum;
      sums += layer.window && !layer.maximum;
      strided += layer.shortcut && layer.shortcut->stride == 2 && layer.out_width() > 1;
      moved += layer.shortcut && layer.shortcut->offset > 0 && layer.shortcut->offset < layer.out_channels;
    }
  }
  const EngineParameters& p = this->parameters_;
  EXPECT_EQ(digits > 10, p.Digits > 1) << digits;
  EXPECT_EQ(averages > 10, p.SumBits > 0) << averages;
  EXPECT_EQ(shortcuts > 10, p.ResidualWords > 0) << shortcuts;
  EXPECT_EQ(projections > 10, p.ResidualWords > 0) << projections;
  EXPECT_EQ(planes > 10, p.ResidualWords > 0) << planes;
  EXPECT_EQ(maxima > 10, p.Windows > 0) << maxima;
  EXPECT_EQ(sums > 10, p.Windows > 0) << sums;
  EXPECT_EQ(strided > 3, p.ResidualWords > 0) << strided;
  EXPECT_EQ(moved > 3, p.ResidualWords > 0) << moved;
}

// A network in which no wrong stored bit of channel 0 is hidden: telling_network().
TYPED_TEST(FlexorEngine, OneWrongStoredBitIsSeen) {
  for (int n = 0; n < 10; ++n) {
    const NetworkCase network = telling_network(this->geometry(), this->random_);
    const JobImage image = lay_out(network, this->geometry(), 0);
    this->load(network, image);
    const std::size_t word = this->random_() % 10;  // bit 0: a stored bit of slice 0
    this->put(Region::Weight, static_cast<std::uint32_t>(8 * word), image.weight[word] ^ 1U);
    this->start(0);
    EXPECT_EQ(this->finish(), 2U);
    EXPECT_GT(this->compare(network, image), 0) << "word " << word;
  }
}

TYPED_TEST(FlexorEngine, IllegalDescriptorsStopWithErrorOneAndTheNextJobRuns) {
  struct Change {
    int word;
    std::uint32_t mask, value;
  };
  const NetworkCase network = random_network(this->geometry(), this->random_);
  const JobImage image = lay_out(network, this->geometry(), 0);
  this->load(network, image);
  const int last = 32 * (static_cast<int>(network.layers.size()) - 1);
  const auto decryption = static_cast<Decryption>(this->parameters_.Decryption);
  const int most_bits = decryption == Decryption::Fixed ? 13 : decryption == Decryption::Plain ? 21 : 33;
  const int too_few = decryption == Decryption::Fixed && this->parameters_.Windows == 0 ? most_bits - 2 : 0;
  for (const Change& c : {Change{0, 0x003F0000, 0},
                          Change{0, 0x003F0000, static_cast<std::uint32_t>(most_bits) << 16},
                          Change{0, 0x003F0000, static_cast<std::uint32_t>(too_few) << 16},
                          Change{2, 0xFFFF0000, 0},
                          Change{3, 0xFFF, 0},
                          Change{3, 0xFF000, 0},
                          Change{3, 0xFFF00000, 0},
                          Change{8, 0xFFFFFFFF, 0},
                          Change{8, 0xFFFFFFFF, 0x80000000},
                          Change{9, 0xFFFF, 0},
                          Change{9, 0xFFFF, static_cast<std::uint32_t>(this->parameters_.PMax + 4)},
                          Change{10, 0xFFFF, 0},
                          Change{10, 0xFFFF0000, 0},
                          Change{10, 0xFFFF, 1024},
                          Change{10, 0xFFFF0000, 1024U << 16},
                          Change{18, 0xFFFF0000, 1024U << 16},
                          Change{19, 0xF, 0},
                          Change{19, 0xF, static_cast<std::uint32_t>(this->parameters_.Digits + 1)},
                          Change{19, 0xFFFF0000, 0},
                          Change{19, 0xFFFF0000, ((1U << this->parameters_.SumBits) + 1) << 16},
                          Change{19, 0x20, 0x20},
                          Change{19, 0x70, this->parameters_.ResidualWords > 0 ? 0x40U : 0x20U}}) {
    const auto at = static_cast<std::size_t>(last + c.word);
    this->put(Region::Control, static_cast<std::uint32_t>(8 * at), (image.control[at] & ~c.mask) | c.value);
    this->start(0);
    EXPECT_EQ(this->finish(), 2U | 1U << 8) << "word " << c.word;
    this->put(Region::Control, static_cast<std::uint32_t>(8 * at), image.control[at]);
  }
  this->start(0);
  EXPECT_EQ(this->finish(), 2U);
  EXPECT_EQ(this->compare(network, image), 0);
}

TYPED_TEST(FlexorEngine, AbortAnywhereLeavesACleanEngine) {
  const NetworkCase network = random_network(this->geometry(), this->random_);
  const JobImage image = lay_out(network, this->geometry(), 0);
  this->load(network, image);
  this->start(0);
  this->finish();
  const std::uint64_t cycles = this->bus_.read(address_of(Register::Cycles));
  for (int n = 0; n < 30; ++n) {
    this->start(0);
    const std::uint64_t wait = this->random_() % cycles;
    for (std::uint64_t t = 0; t < wait; ++t) this->bus_.cycle();
    this->bus_.write(address_of(Register::Control), 2);
    const std::uint64_t status = this->finish();
    EXPECT_TRUE(status == (2U | 2U << 8) || status == 2U) << status;
    this->start(0);
    EXPECT_EQ(this->finish(), 2U);
    ASSERT_EQ(this->compare(network, image), 0) << "after an abort " << wait << " cycles after start";
  }
}

}  // namespace
}  // namespace flexor::testbench
