// SPDX-License-Identifier: Apache-2.0
#include "data/dataset.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "data/image_folder.hpp"

namespace flexor {
namespace {

constexpr std::int64_t kMostBytes = std::int64_t{1} << 32;

}  // namespace

void Dataset::read(int i, std::uint8_t* to) const {
  if (files) {
    read_image(*files, i, shape, to);
  } else {
    std::copy_n(image(i), shape.size(), to);
  }
}

std::vector<std::uint8_t> Dataset::read(int i) const {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.size()));
  read(i, bytes.data());
  return bytes;
}

void Dataset::hold() {
  if (!files) return;
  const std::int64_t size = shape.size();
  if (count * size > kMostBytes) {
    throw InputError(
        fmt::format("{} images of {}x{} pixels do not fit 4 GiB; ask for fewer with --images", count, shape.height, shape.width));
  }
  pixels.resize(static_cast<std::size_t>(count * size));
  for (int i = 0; i < count; ++i) read(i, pixels.data() + i * size);
  files.reset();
}

namespace {

// The known data sets besides `name` that lie in a folder, in words.
std::string others_in(const std::string& name, const std::filesystem::path& folder) {
  std::error_code ignored;
  std::string found;
  const auto add = [&](const char* other, bool there) {
    if (there && name != other) found += fmt::format("{}{}", found.empty() ? "" : " and ", other);
  };
  add("mnist", is_idx_folder("mnist", folder));
  bool batches = false;
  for (const std::filesystem::path& place : {folder, folder / "cifar10", folder / "cifar-10-batches-bin"}) {
    for (const char* file : {"test_batch.bin", "test_batch.bin.xz"}) batches |= std::filesystem::is_regular_file(place / file, ignored);
  }
  add("cifar10", batches);
  if (is_image_folder(name, folder) && (name == "mnist" || name == "cifar10")) found += found.empty() ? "folders of pictures" : "";
  return found;
}

Dataset load_named(const std::string& name, const std::filesystem::path& folder, bool train, const Shape& shape) {
  if (name == "mnist") return load_mnist(folder, train);
  if (name == "cifar10") return load_cifar10(folder, train);
  if (is_idx_folder(name, folder)) return load_idx(name, folder, train);
  return load_image_folder(name, folder, train, shape);
}

}  // namespace

Dataset load_dataset(const std::string& name, const std::filesystem::path& folder, bool train, const Shape& shape) {
  try {
    return load_named(name, folder, train, shape);
  } catch (const InputError& error) {
    const std::string others = others_in(name, folder);
    if (others.empty()) throw;
    throw InputError(fmt::format("{}; data set {} was meant, but '{}' holds {}", error.what(), name, folder.string(), others));
  }
}

}  // namespace flexor
