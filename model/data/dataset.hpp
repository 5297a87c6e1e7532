// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "network/network.hpp"

namespace flexor {

/// Labelled uint8 images, NHWC.
struct Dataset {
  std::string name;
  Shape shape;
  int count = 0;
  std::vector<std::uint8_t> pixels;  ///< count * shape.size()
  std::vector<std::uint8_t> labels;  ///< count
  std::string checksum;              ///< SHA-256 of the images file as found (CIFAR-10: see load_cifar10)
  [[nodiscard]] const std::uint8_t* image(int i) const {
    return pixels.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(shape.size());
  }
};

/// MNIST from the four idx files (.gz or raw) in `folder` or `folder/mnist`. Throws InputError (missing, short, corrupt, wrong magic or
/// checksum).
Dataset load_mnist(const std::filesystem::path& folder, bool train);
/// CIFAR-10 from the binary batches (.bin or .bin.xz) in `folder`, `folder/cifar10` or `folder/cifar-10-batches-bin`. Its checksum is the
/// SHA-256 of the lines of the uncompressed batches' digests. Throws InputError (missing, cut, corrupt, wrong checksum).
Dataset load_cifar10(const std::filesystem::path& folder, bool train);
/// Either of them by name: "mnist" or "cifar10". Throws InputError for another name.
Dataset load_dataset(const std::string& name, const std::filesystem::path& folder, bool train);
/// The 100 test images that ship with the repository.
Dataset load_sample(const std::filesystem::path& file);
void save_sample(const Dataset& data, const std::filesystem::path& file);

}  // namespace flexor
