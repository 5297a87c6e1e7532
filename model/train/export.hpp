// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "data/dataset.hpp"
#include "train/trainable.hpp"

namespace flexor {

/// The integer network that the engine runs: stored bits as trained, batch norm and scales folded (docs/training.md, "Folding").
/// Throws InputError for real weights, and naming layer and channel when a bias does not fit the engine's accumulators.
Network to_network(const Trainable& model, const std::string& name);

/// Percent of images that the golden integer model classifies right.
double golden_accuracy(const Network& network, const Dataset& data);

}  // namespace flexor
