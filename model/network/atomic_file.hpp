// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace flexor {

/// Writes a whole file or nothing: the bytes go to a temporary file beside it, are synced, then take its name. A device or
/// pipe (/dev/stdout) is written directly. Throws InputError (no folder, no permission, full disk); the old file then stands.
void write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes);
void write_file(const std::filesystem::path& file, std::string_view text);
/// Removes the temporary file of a write_file() in progress. For a signal handler that ends the program.
void remove_temporary() noexcept;

}  // namespace flexor
