// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace flexor {

/// Kind of a checked file. Layout, little endian: magic (4 bytes), schema (u32), payload size (u64), CRC-32 of the payload
/// (u32), 8 zero bytes, CRC-32 of the 28 bytes so far (u32), payload. So every flipped bit is found.
struct FileKind {
  std::string_view what;     ///< for messages: "model file"
  std::string_view magic;    ///< 4 characters
  std::uint32_t schema;      ///< newest schema this program reads, and the one it writes
  std::uint32_t oldest = 0;  ///< schema this program reads
};

/// Writes head and payload atomically. Throws InputError.
void write_checked_file(const FileKind& kind, const std::filesystem::path& file, std::span<const std::uint8_t> payload);
/// Returns the payload. Throws InputError: missing, empty, short, another kind of file, schema too new or too old,
/// checksum mismatch.
std::vector<std::uint8_t> read_checked_file(const FileKind& kind, const std::filesystem::path& file);

}  // namespace flexor
