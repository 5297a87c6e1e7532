// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/dataset.hpp"

namespace flexor {

/// All bytes of a file, decompressed when its name ends in .xz. Throws InputError (missing, unreadable, corrupt or cut xz stream).
std::vector<std::uint8_t> read_maybe_xz(const std::filesystem::path& file);

/// Appends the records of one binary CIFAR-10 batch (label, then 1024 red, green and blue bytes) to `data` as 32x32x3 NHWC images. The path
/// is for messages. Throws InputError: not whole records, no record, a label above 9.
void append_cifar10_batch(const std::vector<std::uint8_t>& batch, const std::filesystem::path& file, Dataset& data);

}  // namespace flexor
