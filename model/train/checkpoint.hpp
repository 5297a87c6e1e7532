// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

#include "train/loop.hpp"

namespace flexor {

/// What a checkpoint says besides tensors.
struct CheckpointNotes {
  std::string plan;  ///< what defines the run; a checkpoint of another plan is refused
  std::string log;   ///< metrics.csv so far
  double test_accuracy = 0;
};

/// Writes parameters, statistics, optimiser and random state after state.epoch whole epochs: the whole file or nothing.
void save_checkpoint(const Trainable& model, const RunState& state, const CheckpointNotes& notes, const std::filesystem::path& file);

/// The whole file; nothing where it cannot be read.
std::string checkpoint_bytes(const std::filesystem::path& file);

/// Reads all of it back, so that the run goes on bit for bit; `state` is that of begin_run(). Throws InputError when the file is missing,
/// broken, or of another network or plan (an empty notes.plan takes any).
void load_checkpoint(Trainable& model, RunState& state, CheckpointNotes& notes, const std::filesystem::path& file);
/// The same from the bytes of the file, whose name is for messages.
void load_checkpoint(Trainable& model, RunState& state, CheckpointNotes& notes, const std::string& bytes,
                     const std::filesystem::path& file);
/// Parameters and statistics of a run with real weights, whose method `model` has. Throws InputError when the file is missing, broken, of
/// another network or of another method.
void load_real_weights(Trainable& model, const std::filesystem::path& file);
/// The same of a run with real weights or nearest codewords, which have 20 numbers a slice as the real ones of `model`; its network may
/// have another name, with the same layers. Throws InputError when the file is missing, broken, of other layers or of another method.
void load_start(Trainable& model, const std::filesystem::path& file);

}  // namespace flexor
