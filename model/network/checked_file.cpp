// SPDX-License-Identifier: Apache-2.0
#include "network/checked_file.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "code/error.hpp"
#include "network/atomic_file.hpp"

namespace flexor {
namespace {

constexpr std::size_t kHead = 32;

std::uint32_t crc(std::span<const std::uint8_t> bytes) { return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size())); }

void put(std::vector<std::uint8_t>& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

std::uint64_t get(const std::vector<std::uint8_t>& in, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint64_t>(in[at + i]) << 8 * i;
  return value;
}

std::vector<std::uint8_t> read_all(const FileKind& kind, const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    throw InputError(fmt::format("{} '{}' does not exist; check the path", kind.what, file.string()));
  }
  if (std::filesystem::is_directory(file, ignored)) {
    throw InputError(fmt::format("'{}' is a folder, not a {}; name the file in it", file.string(), kind.what));
  }
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) {
    throw InputError(fmt::format("{} '{}' cannot be read: {}", kind.what, file.string(), std::strerror(errno)));
  }
  return bytes;
}

}  // namespace

void write_checked_file(const FileKind& kind, const std::filesystem::path& file, std::span<const std::uint8_t> payload) {
  std::vector<std::uint8_t> bytes(kind.magic.begin(), kind.magic.end());
  put(bytes, kind.schema, 4);
  put(bytes, payload.size(), 8);
  put(bytes, crc(payload), 4);
  put(bytes, 0, 8);
  put(bytes, crc(bytes), 4);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  write_file(file, bytes);
}

std::vector<std::uint8_t> read_checked_file(const FileKind& kind, const std::filesystem::path& file) {
  std::vector<std::uint8_t> bytes = read_all(kind, file);
  const std::string name = file.string();
  if (bytes.empty()) throw InputError(fmt::format("{} '{}' is empty; make or copy it again", kind.what, name));
  const std::size_t head = std::min<std::size_t>(bytes.size(), kind.magic.size());
  if (std::memcmp(bytes.data(), kind.magic.data(), head) != 0) {
    throw InputError(fmt::format("'{}' is not a {} (it does not begin with {})", name, kind.what, kind.magic));
  }
  if (bytes.size() < kHead) {
    throw InputError(fmt::format("{} '{}' is cut short ({} bytes); make or copy it again", kind.what, name, bytes.size()));
  }
  if (get(bytes, kHead - 4, 4) != crc(std::span(bytes).first(kHead - 4))) {
    throw InputError(fmt::format("{} '{}' is damaged: the checksum of its head does not match; make or copy it again", kind.what, name));
  }
  const std::uint64_t schema = get(bytes, 4, 4);
  if (schema > kind.schema) {
    throw InputError(fmt::format("{} '{}' was written by a newer version (schema {}, this program reads up to {}); update the program",
                                 kind.what, name, schema, kind.schema));
  }
  if (schema < kind.oldest) {
    throw InputError(fmt::format("{} '{}' was written by an older version (schema {}, this program reads from {} on); make it again",
                                 kind.what, name, schema, kind.oldest));
  }
  const std::uint64_t size = get(bytes, 8, 8);
  if (bytes.size() - kHead != size) {
    throw InputError(fmt::format("{} '{}' has {} bytes of payload where its head says {}; make or copy it again", kind.what, name,
                                 bytes.size() - kHead, size));
  }
  if (get(bytes, 16, 4) != crc(std::span(bytes).subspan(kHead))) {
    throw InputError(fmt::format("{} '{}' is damaged: its checksum does not match; make or copy it again", kind.what, name));
  }
  bytes.erase(bytes.begin(), bytes.begin() + kHead);
  return bytes;
}

}  // namespace flexor
