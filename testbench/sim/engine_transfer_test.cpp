// SPDX-License-Identifier: Apache-2.0
// Jobs whose network, inputs and logits lie in external memory: every word against the golden model, every cycle and byte against the
// compiler.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler/transfer_model.hpp"
#include "engine_bench.hpp"
#include "networks.hpp"
#include "verilator/engines.hpp"

namespace flexor::test {
namespace {

struct Case {
  const char* configuration;
  int latency;
};

class EngineTransfer : public testing::TestWithParam<Case> {};

TEST_P(EngineTransfer, RunsRandomNetworksInThePredictedCycles) {
  const auto [configuration, latency] = GetParam();
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const auto& engine = find_configuration(configuration);
  Random random(seed);
  const auto bus = make_verilator_engine(engine, {{}, {}, {}, {latency, 0, seed}});
  Driver driver(*bus);
  for (int i = 0; i < 10 && !testing::Test::HasFailure(); ++i) {
    const Network network = draw_fitting(random, engine);
    const MemoryImage image = compile(network, engine, random.below(2) == 0 ? 1 : 0);
    const ExternalImage external = lay_out_external(image, engine);
    SCOPED_TRACE(fmt::format("{} latency {} FLEXOR_SEED={} network {}: batch {} {}", configuration, latency, seed, i, image.batch,
                             describe(network)));
    const JobResult first = expect_equal_job(driver, network, image, random_dataset(random, network.input, image.batch));
    expect_predicted_transfers(external.first, image, *bus, first, latency);
    const JobResult next = driver.run();
    expect_predicted_transfers(external.next, image, *bus, next, latency);
  }
}

// A row of jobs, each of which may bring the inputs of the next one while its layers run.
TEST_P(EngineTransfer, BringsTheNextInputsInThePredictedCycles) {
  const auto [configuration, latency] = GetParam();
  const std::uint64_t seed = chosen_seed();
  fmt::print("FLEXOR_SEED={}\n", seed);
  const auto& engine = find_configuration(configuration);
  Random random(seed);
  const auto bus = make_verilator_engine(engine, {{}, {}, {}, {latency, 0, seed}});
  Driver driver(*bus);
  int brought = 0;
  for (int i = 0; i < 10 && !testing::Test::HasFailure(); ++i) {
    const Network network = draw_fitting(random, engine);
    const MemoryImage image = compile(network, engine, random.below(2) == 0 ? 1 : 0);
    const ExternalImage external = lay_out_external(image, engine);
    const auto draw = [&] { return random_dataset(random, network.input, image.batch); };
    const auto each = [&](const Dataset& images, auto set) {
      for (int k = 0; k < image.batch; ++k) set(k, layout_input(network, image, images.image(k)));
    };
    driver.load(image);
    Finds finds = Finds::Nothing;
    Dataset data = draw();
    for (int job = 0; job < 4; ++job) {
      if (finds != Finds::Inputs) each(data, [&](int k, const auto& tensor) { driver.set_input(k, tensor); });
      SCOPED_TRACE(fmt::format("{} latency {} FLEXOR_SEED={} network {} job {}: batch {} {}", configuration, latency, seed, i, job,
                               image.batch, describe(network)));
      const bool follows = driver.takes_following() && random.below(4) != 0;
      const Dataset next = draw();
      if (follows) each(next, [&](int k, const auto& tensor) { driver.set_following_input(k, tensor); });
      const JobResult result = expect_equal_run(driver, network, image, data);
      expect_predicted_transfers(external.list(finds, follows), image, *bus, result, latency);
      finds = follows ? Finds::Inputs : Finds::Network;
      brought += follows ? 1 : 0;
      data = next;
    }
  }
  fmt::print("{} of 40 jobs brought the inputs of the next\n", brought);
}

INSTANTIATE_TEST_SUITE_P(Engine, EngineTransfer,
                         testing::Values(Case{"tiny", 1}, Case{"tiny", 16}, Case{"tiny", 100}, Case{"slim", 16}, Case{"base", 1},
                                         Case{"base", 16}, Case{"base", 100}),
                         [](const auto& info) { return fmt::format("{}_latency{}", info.param.configuration, info.param.latency); });

}  // namespace
}  // namespace flexor::test
