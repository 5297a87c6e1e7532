// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "network/network.hpp"

namespace flexor {

struct ImageFiles;

/// Labelled uint8 images, NHWC: in memory, or in files that are decoded when they are asked for.
struct Dataset {
  std::string name;
  Shape shape;
  int count = 0;
  std::vector<std::uint8_t> pixels;   ///< count * shape.size(); none where there are files
  std::vector<std::uint16_t> labels;  ///< count
  std::string checksum;               ///< SHA-256 of the images file as found (CIFAR-10, image folders: see their loaders)
  std::shared_ptr<const ImageFiles> files = nullptr;
  std::vector<std::string> classes = {};  ///< their names, of label 0 on; empty: not known
  std::vector<std::string> notes = {};    ///< sentences on what was left out or changed, for the user

  /// Image i of a data set in memory.
  [[nodiscard]] const std::uint8_t* image(int i) const {
    return pixels.data() + static_cast<std::size_t>(i) * static_cast<std::size_t>(shape.size());
  }
  /// Image i of any data set. Throws InputError when its file is damaged.
  void read(int i, std::uint8_t* to) const;
  [[nodiscard]] std::vector<std::uint8_t> read(int i) const;
  /// Brings images from files into memory. Throws InputError when they are more than 4 GiB, or damaged.
  void hold();
};

/// MNIST from the four idx files (.gz or raw) in `folder` or `folder/mnist`. Throws InputError (missing, short, corrupt, wrong magic or
/// checksum).
Dataset load_mnist(const std::filesystem::path& folder, bool train);
/// Grey images and labels 0..255 of any idx files with the names of MNIST's, in `folder`/`name` or `folder`. Throws InputError as
/// load_mnist().
Dataset load_idx(const std::string& name, const std::filesystem::path& folder, bool train);
/// Whether there is such a data set.
bool is_idx_folder(const std::string& name, const std::filesystem::path& folder);
/// CIFAR-10 from the binary batches (.bin or .bin.xz) in `folder`, `folder/cifar10` or `folder/cifar-10-batches-bin`. Its checksum is the
/// SHA-256 of the lines of the uncompressed batches' digests. Throws InputError (missing, cut, corrupt, wrong checksum).
Dataset load_cifar10(const std::filesystem::path& folder, bool train);
/// A data set by name: "mnist", "cifar10", idx files of another name, or an image folder (load_image_folder()), whose images are brought to
/// `shape`. Throws InputError when there is none.
Dataset load_dataset(const std::string& name, const std::filesystem::path& folder, bool train, const Shape& shape);
/// The 100 test images that ship with the repository.
Dataset load_sample(const std::filesystem::path& file);
void save_sample(const Dataset& data, const std::filesystem::path& file);

}  // namespace flexor
