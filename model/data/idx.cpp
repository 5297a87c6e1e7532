// SPDX-License-Identifier: Apache-2.0
#include "data/idx.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr std::size_t kImageHead = 16;
constexpr std::size_t kLabelHead = 8;
constexpr std::uint32_t kMaxSide = 4096;

std::uint32_t big_endian(const std::vector<std::uint8_t>& bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 | static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

void check_head(const std::vector<std::uint8_t>& bytes, const std::filesystem::path& file, std::size_t head, std::uint32_t magic,
                const char* what) {
  if (bytes.size() < head) {
    throw InputError(fmt::format("{} file '{}' is cut short ({} bytes); download it again", what, file.string(), bytes.size()));
  }
  if (big_endian(bytes, 0) != magic) {
    throw InputError(fmt::format("'{}' is not an idx {} file (its first word is {}, not {}); download it again", file.string(), what,
                                 big_endian(bytes, 0), magic));
  }
}

void check_size(const std::vector<std::uint8_t>& bytes, const std::filesystem::path& file, std::uint64_t expected, const char* what) {
  if (bytes.size() == expected) return;
  throw InputError(
      fmt::format("{} file '{}' has {} bytes where its head says {}; download it again", what, file.string(), bytes.size(), expected));
}

}  // namespace

std::vector<std::uint8_t> read_maybe_gzip(const std::filesystem::path& file) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) throw InputError(fmt::format("'{}' does not exist; check the path", file.string()));
  const gzFile stream = gzopen(file.c_str(), "rb");
  if (stream == nullptr || std::filesystem::is_directory(file, ignored)) {
    if (stream != nullptr) gzclose(stream);
    throw InputError(fmt::format("'{}' cannot be read; check its permissions", file.string()));
  }
  std::vector<std::uint8_t> bytes;
  std::array<std::uint8_t, 65536> buffer{};
  int count = 0;
  while ((count = gzread(stream, buffer.data(), buffer.size())) > 0) bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + count);
  // A cut stream shows only when it is closed.
  if (gzclose(stream) != Z_OK || count < 0) {
    throw InputError(fmt::format("'{}' is a damaged gzip file; download it again", file.string()));
  }
  return bytes;
}

Dataset parse_idx(const std::vector<std::uint8_t>& images, const std::filesystem::path& images_file,
                  const std::vector<std::uint8_t>& labels, const std::filesystem::path& labels_file, int largest_label) {
  check_head(images, images_file, kImageHead, 2051, "image");
  const std::uint32_t count = big_endian(images, 4);
  const std::uint32_t height = big_endian(images, 8);
  const std::uint32_t width = big_endian(images, 12);
  if (height < 1 || width < 1 || height > kMaxSide || width > kMaxSide) {
    throw InputError(fmt::format("image file '{}' says its images are {}x{}; download it again", images_file.string(), height, width));
  }
  check_size(images, images_file, kImageHead + std::uint64_t{count} * height * width, "image");
  check_head(labels, labels_file, kLabelHead, 2049, "label");
  check_size(labels, labels_file, kLabelHead + std::uint64_t{big_endian(labels, 4)}, "label");
  if (big_endian(labels, 4) != count) {
    throw InputError(fmt::format("'{}' has {} images but '{}' has {} labels; take both files from one data set", images_file.string(),
                                 count, labels_file.string(), big_endian(labels, 4)));
  }
  Dataset data;
  data.shape = {static_cast<int>(height), static_cast<int>(width), 1};
  data.count = static_cast<int>(count);
  data.pixels.assign(images.begin() + kImageHead, images.end());
  data.labels.assign(labels.begin() + kLabelHead, labels.end());
  const auto wrong = std::find_if(data.labels.begin(), data.labels.end(), [&](std::uint16_t label) { return label > largest_label; });
  if (wrong != data.labels.end()) {
    throw InputError(
        fmt::format("label file '{}' holds the label {}, but 0 to {} are possible", labels_file.string(), *wrong, largest_label));
  }
  return data;
}

}  // namespace flexor
