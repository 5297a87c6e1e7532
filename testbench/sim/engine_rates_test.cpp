// SPDX-License-Identifier: Apache-2.0
// A dense layer at batch 1 is bound by its weights, so the time follows the rate: cycles of the RTL at n of 20 stored bits against
// plain 1-bit weights.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine_bench.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

constexpr int kInputs = 1000, kOutputs = 512;

std::uint64_t cycles_at(int n) {
  Random random(1);
  const auto& engine = find_configuration("base");
  const LayerSpec dense{LayerKind::Dense, kOutputs, 1, 1, 0, false, false, 0, 8};
  const Network network = random_network(random, {1, 1, kInputs}, {n == 20 ? identity_code(20) : nested_code(n)}, {dense});
  const auto bus = make_verilator_engine(engine, {});
  Driver driver(*bus, Loading::Windows);
  const MemoryImage image = compile(network, engine, 1);
  return expect_equal_job(driver, network, image, random_dataset(random, network.input, 1)).cycles;
}

TEST(EngineRates, ADenseLayerIsAsFastAsItsRate) {
  const auto plain = static_cast<double>(cycles_at(20));
  fmt::print("dense {} -> {}, batch 1, base: plain 1-bit weights {:.0f} cycles\n", kInputs, kOutputs, plain);
  for (const int n : {8, 12, 16}) {
    const auto cycles = static_cast<double>(cycles_at(n));
    fmt::print("n = {:2}: {:6.0f} cycles, {:.3f} times as fast; 20 / n = {:.3f}, ratio {:.3f}\n", n, cycles, plain / cycles, 20.0 / n,
               plain / cycles * n / 20);
    EXPECT_GE(plain / cycles, 0.95 * 20 / n);
  }
}

}  // namespace
}  // namespace flexor::test
