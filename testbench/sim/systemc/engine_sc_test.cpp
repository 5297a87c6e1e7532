// SPDX-License-Identifier: Apache-2.0
// The engine in SystemC, with random stalls on every handshake: random networks, and the shipped LeNet-5 with the shipped images, every
// word of every layer boundary against the golden model. One elaboration serves all tests of a program; FLEXOR_SEED replays a seed.
#include "systemc/engine_sc.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "boundary_check.hpp"
#include "configuration.hpp"
#include "engine_bench.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"

namespace flexor::test {
namespace {

constexpr double kStall = 0.3;

std::uint64_t seed() {
  static const char* fixed = std::getenv("FLEXOR_SEED");
  static const std::uint64_t chosen = fixed != nullptr ? std::strtoull(fixed, nullptr, 0) : std::random_device{}();
  return chosen;
}

EngineBus& engine() {
  static SystemcEngine one(find_configuration(FLEXOR_SYSTEMC_CONFIGURATION), {kStall, kStall, seed()});
  return one;
}

TEST(EngineSc, RunsRandomNetworksLikeTheGoldenModel) {
  fmt::print("FLEXOR_SEED={}\n", seed());
  engine().reset();
  Driver driver(engine());
  Random random(seed());
  for (int i = 0; i < 8 && !HasFailure(); ++i) {
    const Network network = draw_fitting(random, engine().parameters());
    const MemoryImage image = compile(network, engine().parameters());
    SCOPED_TRACE(fmt::format("FLEXOR_SEED={} network {}: {}", seed(), i, describe(network)));
    expect_equal_job(driver, network, image, random_dataset(random, network.input, image.batch));
  }
}

TEST(EngineSc, RunsTheShippedNetworkOnShippedImages) {
  engine().reset();
  Driver driver(engine());
  const Network network = load_network(std::filesystem::path(FLEXOR_SOURCE_DIR) / FLEXOR_SHIPPED_MODEL);
  const Dataset data = load_sample(std::filesystem::path(FLEXOR_SOURCE_DIR) / "model/data/sample/mnist-test-100.flxd");
  expect_equal_job(driver, network, compile(network, engine().parameters(), 1), data);
}

TEST(EngineSc, SeesAFlippedStoredBit) {
  engine().reset();
  Driver driver(engine());
  Random random(5);
  const Network network = random_lenet(random, 8);
  Network flipped = network;
  flipped.layers[0].planes[0].stored[0] ^= 1;
  const MemoryImage image = compile(flipped, engine().parameters(), 1);
  driver.load(image);
  const Dataset data = random_dataset(random, network.input, 1);
  const Golden golden(network);
  BoundaryCheck check(network, {golden.run(data.image(0))}, 0);
  driver.set_input(0, layout_input(network, image, data.image(0)));
  engine().on_write = [&check](const TraceWrite& write) { check.on_write(write); };
  driver.run();
  engine().on_write = nullptr;
  EXPECT_TRUE(check.first().has_value());
}

}  // namespace
}  // namespace flexor::test
