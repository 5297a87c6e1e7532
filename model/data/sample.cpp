// SPDX-License-Identifier: Apache-2.0
// Sample file: a checked file (network/checked_file.hpp) whose payload is count, height, width, channels (u32, little endian),
// length of the name (u32), the name, the pixels, the labels.
#include <fmt/format.h>

#include "code/error.hpp"
#include "data/dataset.hpp"
#include "data/sha256.hpp"
#include "network/checked_file.hpp"

namespace flexor {
namespace {

constexpr FileKind kSampleFile{"sample file", "FLXD", 1};
constexpr std::size_t kHead = 20;

void put(std::vector<std::uint8_t>& out, std::size_t value) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

std::uint64_t get(const std::vector<std::uint8_t>& in, std::size_t at) {
  return static_cast<std::uint64_t>(in[at]) | static_cast<std::uint64_t>(in[at + 1]) << 8 | static_cast<std::uint64_t>(in[at + 2]) << 16 |
         static_cast<std::uint64_t>(in[at + 3]) << 24;
}

}  // namespace

Dataset load_sample(const std::filesystem::path& file) {
  const std::vector<std::uint8_t> in = read_checked_file(kSampleFile, file);
  const auto malformed = [&file]() {
    return InputError(fmt::format("sample file '{}' does not hold the images it announces; make it again", file.string()));
  };
  if (in.size() < kHead) throw malformed();
  const std::uint64_t count = get(in, 0);
  const std::uint64_t height = get(in, 4);
  const std::uint64_t width = get(in, 8);
  const std::uint64_t channels = get(in, 12);
  const std::uint64_t name = get(in, 16);
  for (const std::uint64_t side : {height, width, channels}) {
    if (side < 1 || side > 4096) throw malformed();
  }
  const std::uint64_t size = height * width * channels;
  if (name > in.size() || count > in.size() || kHead + name + count * (size + 1) != in.size()) throw malformed();
  Dataset data;
  data.shape = {static_cast<int>(height), static_cast<int>(width), static_cast<int>(channels)};
  data.count = static_cast<int>(count);
  auto at = in.begin() + kHead;
  data.name.assign(at, at + static_cast<std::ptrdiff_t>(name));
  at += static_cast<std::ptrdiff_t>(name);
  data.pixels.assign(at, at + static_cast<std::ptrdiff_t>(count * size));
  at += static_cast<std::ptrdiff_t>(count * size);
  data.labels.assign(at, in.end());
  data.checksum = sha256_file(file);
  return data;
}

void save_sample(const Dataset& data, const std::filesystem::path& file) {
  const auto count = static_cast<std::size_t>(data.count);
  if (data.labels.size() != count || data.pixels.size() != count * static_cast<std::size_t>(data.shape.size())) {
    throw InputError(fmt::format("data set '{}' does not hold as many pixels and labels as its {} images ask for", data.name, data.count));
  }
  std::vector<std::uint8_t> out;
  put(out, count);
  put(out, static_cast<std::size_t>(data.shape.height));
  put(out, static_cast<std::size_t>(data.shape.width));
  put(out, static_cast<std::size_t>(data.shape.channels));
  put(out, data.name.size());
  out.insert(out.end(), data.name.begin(), data.name.end());
  out.insert(out.end(), data.pixels.begin(), data.pixels.end());
  for (const std::uint16_t label : data.labels) {
    if (label > 255) throw InputError(fmt::format("data set '{}' has the class {}, but a sample file holds 0 to 255", data.name, label));
    out.push_back(static_cast<std::uint8_t>(label));
  }
  write_checked_file(kSampleFile, file, out);
}

}  // namespace flexor
