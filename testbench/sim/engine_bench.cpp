// SPDX-License-Identifier: Apache-2.0
#include "engine_bench.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "boundary_check.hpp"
#include "code/error.hpp"
#include "compiler/transfer_model.hpp"
#include "golden/golden.hpp"
#include "networks.hpp"

namespace flexor::test {

std::uint64_t chosen_seed() {
  const char* fixed = std::getenv("FLEXOR_SEED");
  return fixed != nullptr ? std::strtoull(fixed, nullptr, 0) : std::random_device{}();
}

Dataset random_dataset(Random& random, const Shape& shape, int count) {
  Dataset data;
  data.name = "random";
  data.shape = shape;
  data.count = count;
  for (int i = 0; i < count; ++i) {
    const auto pixels = random_image(random, shape);
    data.pixels.insert(data.pixels.end(), pixels.begin(), pixels.end());
  }
  data.labels.assign(static_cast<std::size_t>(count), 0);
  return data;
}

JobResult expect_equal_job(Driver& driver, const Network& network, const MemoryImage& image, const Dataset& data) {
  driver.load(image);
  for (int i = 0; i < image.batch; ++i) {
    driver.set_input(i, layout_input(network, image, data.image(i)));
  }
  return expect_equal_run(driver, network, image, data);
}

JobResult expect_equal_run(Driver& driver, const Network& network, const MemoryImage& image, const Dataset& data) {
  const Golden golden(network);
  std::vector<BoundaryCheck::Boundaries> boundaries;
  for (int i = 0; i < image.batch; ++i) {
    boundaries.push_back(golden.run(data.image(i)));
  }
  BoundaryCheck check(network, boundaries, 0, image.layers);
  driver.bus().on_write = [&check](const TraceWrite& write) { check.on_write(write); };
  JobResult job;
  try {
    job = driver.run();
  } catch (const EngineFault& fault) {
    ADD_FAILURE() << fault.what();
  }
  driver.bus().on_write = nullptr;
  check.finish(job.cycles);
  EXPECT_FALSE(check.first().has_value()) << to_string(*check.first());
  for (int i = 0; i < image.batch; ++i) {
    EXPECT_EQ(driver.logits(i), boundaries[static_cast<std::size_t>(i)].back()) << "logits of image " << i;
  }
  return job;
}

void expect_predicted_transfers(const std::vector<Transfer>& list, const MemoryImage& image, const EngineBus& bus, const JobResult& job,
                                int latency) {
  const TransferPrediction predicted = predict_transfers(list, image, bus.parameters(), latency);
  EXPECT_EQ(predicted.cycles, static_cast<std::int64_t>(job.cycles)) << "CYCLES register";
  EXPECT_EQ(predicted.bytes_read, static_cast<std::int64_t>(job.bytes_read)) << "BYTES_READ register";
  EXPECT_EQ(predicted.bytes_written, static_cast<std::int64_t>(job.bytes_written)) << "BYTES_WRITTEN register";
  EXPECT_EQ(predicted.stalls(), static_cast<std::int64_t>(job.transfer_stall)) << "TRANSFER_STALL register";
  for (std::size_t l = 0; l < image.layers.size(); ++l) {
    const auto& stage = bus.layer_cycles.at(l).stage;
    EXPECT_EQ(predicted.stall[l], static_cast<std::int64_t>(stage[static_cast<std::size_t>(Stage::TransferStall)])) << "layer " << l;
    const PredictedCycles& own = image.layers[l].predicted;
    const auto found = [&stage](Stage s) { return static_cast<std::int64_t>(stage[static_cast<std::size_t>(s)]); };
    EXPECT_EQ(own.compute, found(Stage::Compute)) << "layer " << l;
    EXPECT_EQ(own.weight_stall, found(Stage::WeightStall)) << "layer " << l;
    EXPECT_EQ(own.drain_stall, found(Stage::DrainStall)) << "layer " << l;
    EXPECT_EQ(own.other, found(Stage::Other)) << "layer " << l;
  }
}

Network draw_fitting(Random& random, const EngineParameters& engine) {
  for (;;) {
    GraphParts parts;
    const GraphLimits limits{.planes = engine.ResidualWords == 0 ? 1 : 4,
                             .pixel_shortcuts = false,
                             .mixed_digits = false,
                             .stacked_pixels = false,
                             .windows = engine.Windows != 0,
                             .dilation = false,
                             .channel_step = engine.R};
    Network network = random.below(2) == 0 ? draw_network(random) : draw_graph(random, parts, limits);
    try {
      (void)compile(network, engine);
      return network;
    } catch (const InputError&) {
    }
  }
}

}  // namespace flexor::test
