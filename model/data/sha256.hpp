// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

namespace flexor {

/// SHA-256 as 64 lower-case hexadecimal digits.
std::string sha256(std::span<const std::uint8_t> bytes);
/// SHA-256 of a file. Throws InputError when it cannot be read.
std::string sha256_file(const std::filesystem::path& file);

}  // namespace flexor
