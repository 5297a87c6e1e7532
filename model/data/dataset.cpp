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

Dataset load_dataset(const std::string& name, const std::filesystem::path& folder, bool train, const Shape& shape) {
  if (name == "mnist") return load_mnist(folder, train);
  if (name == "cifar10") return load_cifar10(folder, train);
  return load_image_folder(name, folder, train, shape);
}

}  // namespace flexor
