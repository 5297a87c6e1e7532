// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "train/trainable.hpp"

namespace flexor {

/// Writes parameters, statistics and optimiser state after `epoch` whole epochs: the whole file or nothing.
void save_checkpoint(const Trainable& model, const Adam& optimiser, int epoch, const std::filesystem::path& file);

/// Reads the parameters and statistics back; returns the epoch. Throws InputError when the file is missing, broken or of another network.
int load_checkpoint(Trainable& model, const std::filesystem::path& file);

}  // namespace flexor
