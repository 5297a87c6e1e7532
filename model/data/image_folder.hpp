// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/dataset.hpp"
#include "data/resample.hpp"

namespace flexor {

/// JPEG and PNG files that are decoded whenever they are asked for.
struct ImageFiles {
  std::vector<std::filesystem::path> files;
};

/// Images in the layout of ImageNet in `folder`/`name` or in `folder` itself: train/CLASS/**.JPEG or .png; val/CLASS/**, or val_labels.tsv
/// with lines `path <tab> number of the class`. Classes are the folders of train, in the order of their names. They are shuffled once,
/// always in the same way, so that the first ones are of all classes. Its checksum is the SHA-256 of the list: path, bytes and class of
/// every file. `shape`: what images are brought to. Hidden
/// files and folders are left out and counted in its notes, links are followed. Pictures become grey for a `shape` of one channel. Throws
/// InputError (no such folder, no images, a class without folder or without pictures, a link to nothing, neither one nor three channels).
Dataset load_image_folder(const std::string& name, const std::filesystem::path& folder, bool train, const Shape& shape);

/// Whether `folder` holds such a data set.
bool is_image_folder(const std::string& name, const std::filesystem::path& folder);

/// Image i as evaluation sees it: centre_box(), NHWC.
void read_image(const ImageFiles& images, int i, const Shape& shape, std::uint8_t* to);

/// The part of picture i that `choose` names, given height and width of the whole, brought to `shape`.
std::vector<std::uint8_t> read_part(const ImageFiles& images, int i, const Shape& shape, const std::function<Box(int, int)>& choose);

}  // namespace flexor
