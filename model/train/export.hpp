// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "train/trainable.hpp"

namespace flexor {

/// The integer network that the engine runs: stored bits as trained, batch norm and scales folded (docs/training.md, "Folding").
/// `notes`: takes a sentence for each layer some of whose multipliers do not fit 16 bits and are cut, or are so small that they are raised
/// to 1; their real_scale stays what was trained. Throws InputError for real weights, and naming layer and channel when a bias with the
/// sums of its layer may pass 32 bits.
Network to_network(const Trainable& model, const std::string& name, std::vector<std::string>* notes = nullptr);

/// What a network will be, before it is trained: random stored bits, no biases, multipliers of 1. `codes`: one for each layer. Throws
/// InputError with one sentence when no trained network of these layers could be written.
Network untrained_network(const NetworkSpec& spec, const std::vector<Code>& codes);

/// Throws InputError when the integer model lost more than `most_loss` points, and four images, against the trainer: one sentence with both
/// accuracies (percent of `images`) and the notes of to_network().
void check_loss(double trainer, double integer, int images, double most_loss, const std::vector<std::string>& notes);

/// Percent of images that the golden integer model classifies right.
double golden_accuracy(const Network& network, const Dataset& data);

}  // namespace flexor
