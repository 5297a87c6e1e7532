// SPDX-License-Identifier: Apache-2.0
// Residual networks with a rate of their own in every stage, whole, on the configuration base: every word of every layer boundary and
// every cycle. The images are those that ship with the project.
#include <gtest/gtest.h>

#include <filesystem>

#include "boundary_check.hpp"
#include "compare.hpp"
#include "compiler/compiler.hpp"
#include "driver.hpp"
#include "golden/golden.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

const std::filesystem::path kRoot = FLEXOR_SOURCE_DIR;

CompareOptions options(int images) {
  CompareOptions o;
  o.images = images;
  o.make_engine = [] { return make_verilator_engine(find_configuration("base"), {}); };
  return o;
}

class EngineResidual : public testing::TestWithParam<const char*> {
 protected:
  Network network_ = load_network(kRoot / "testbench/networks" / (std::string(GetParam()) + "-mixed.flexor"));
  Dataset images_ = load_sample(kRoot / "model/data/sample/cifar10-test-100.flxd");
};

TEST_P(EngineResidual, EqualsTheGoldenModelAndThePrediction) {
  const Comparison result = compare(network_, images_, find_configuration("base"), options(5));
  EXPECT_TRUE(result.equal()) << (result.first ? to_string(*result.first) : result.fault);
  std::uint64_t words = 0;
  for (const Layer& layer : network_.layers) words += static_cast<std::uint64_t>(5 * layer.output.size());
  EXPECT_EQ(result.words_compared, words);
  EXPECT_EQ(static_cast<std::int64_t>(result.cycles), result.predicted_cycles);
}

// A shortcut that the engine weighs 1/256 differently.
TEST_P(EngineResidual, AWrongShortcutIsSeen) {
  Network wrong = network_;
  for (Layer& layer : wrong.layers) {
    if (!layer.shortcut) continue;
    layer.shortcut->multiplier += 1;
    break;
  }
  const EngineParameters& engine = find_configuration("base");
  const MemoryImage right = compile(network_, engine, 1), other = compile(wrong, engine, 1);
  std::size_t words = 0;
  for (std::size_t i = 0; i < right.control.size(); ++i) words += right.control[i] != other.control[i] ? 1 : 0;
  EXPECT_EQ(words, 1U);
  const auto bus = make_verilator_engine(engine, {});
  Driver driver(*bus);
  const Golden golden(network_);
  BoundaryCheck check(network_, {golden.run(images_.image(0))}, 0);
  driver.load(other);
  driver.set_input(0, layout_input(network_, other, images_.image(0)));
  bus->on_write = [&check](const TraceWrite& write) { check.on_write(write); };
  driver.run();
  EXPECT_TRUE(check.first().has_value());
}

INSTANTIATE_TEST_SUITE_P(Networks, EngineResidual, testing::Values("resnet20", "resnet32"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace flexor::test
