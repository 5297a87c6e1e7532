// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "data/dataset.hpp"

namespace flexor {

/// All bytes of a file, gunzipped when it is a .gz. Throws InputError (missing, unreadable, corrupt or cut gzip stream).
std::vector<std::uint8_t> read_maybe_gzip(const std::filesystem::path& file);

/// Reads the contents of an idx3 image file and an idx1 label file (big endian heads, magics 2051 and 2049). The paths are for
/// messages. Throws InputError: wrong magic, sizes that do not agree with the head, counts that differ, a label above
/// `largest_label`.
Dataset parse_idx(const std::vector<std::uint8_t>& images, const std::filesystem::path& images_file,
                  const std::vector<std::uint8_t>& labels, const std::filesystem::path& labels_file, int largest_label = 9);

}  // namespace flexor
