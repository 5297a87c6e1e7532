// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "import/graph.hpp"

namespace flexor::foreign {

/// A NumPy file (.npy, versions 1-3, C order, little endian) of float32, float64 or integers of up to 64 bits. Throws InputError.
Tensor read_npy(const std::filesystem::path& file);

}  // namespace flexor::foreign
