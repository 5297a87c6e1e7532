// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "code/random.hpp"
#include "compiler/compiler.hpp"
#include "data/dataset.hpp"
#include "driver.hpp"
#include "network/network.hpp"

namespace flexor::test {

/// FLEXOR_SEED, or a new seed.
std::uint64_t chosen_seed();

/// Random images with labels 0.
Dataset random_dataset(Random& random, const Shape& shape, int count);

/// Loads `network` on the engine behind `driver`, runs one job on the first images of `data` and expects every word of every
/// layer boundary and every logit to be the golden model's. Returns what the registers counted.
JobResult expect_equal_job(Driver& driver, const Network& network, const MemoryImage& image, const Dataset& data);

/// The same without loading: runs the driver's next job, which computes the images of `data`.
JobResult expect_equal_run(Driver& driver, const Network& network, const MemoryImage& image, const Dataset& data);

/// Expects registers and trace of a job that ran `list`, from a memory that answers after `latency` cycles and never stalls, to be what the
/// compiler predicts: cycles, bytes and stalls of the job, and of every layer each stage.
void expect_predicted_transfers(const std::vector<Transfer>& list, const MemoryImage& image, const EngineBus& bus, const JobResult& job,
                                int latency);

/// A network that fits the engine with its largest batch: draws until one does.
Network draw_fitting(Random& random, const EngineParameters& engine);

}  // namespace flexor::test
