// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "code/error.hpp"
#include "data/dataset.hpp"
#include "data/idx.hpp"
#include "data/sha256.hpp"

namespace flexor {
namespace {

struct KnownFile {
  std::string_view name;
  std::string_view sha256;  // of the uncompressed file
};

constexpr std::ptrdiff_t kLabelsBegin = 8;
constexpr KnownFile kTrainImages{"train-images-idx3-ubyte", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"};
constexpr KnownFile kTrainLabels{"train-labels-idx1-ubyte", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"};
constexpr KnownFile kTestImages{"t10k-images-idx3-ubyte", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"};
constexpr KnownFile kTestLabels{"t10k-labels-idx1-ubyte", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"};

std::filesystem::path find(const std::filesystem::path& folder, std::string_view name) {
  std::error_code ignored;
  for (const auto& place : {folder, folder / "mnist"}) {
    for (const char* ending : {".gz", ""}) {
      std::filesystem::path file = place / (std::string(name) + ending);
      if (std::filesystem::is_regular_file(file, ignored)) return file;
    }
  }
  throw InputError(fmt::format("MNIST file '{}' (or '{}.gz') is neither in '{}' nor in its folder 'mnist'; download the four files there",
                               name, name, folder.string()));
}

void check_contents(const std::vector<std::uint8_t>& bytes, const std::filesystem::path& file, const KnownFile& known) {
  if (sha256(bytes) == known.sha256) return;
  throw InputError(
      fmt::format("'{}' is not the MNIST file of that name: its SHA-256 differs; download it again, or give a "
                  "recipe with another name of \"data\" for idx files of your own",
                  file.string()));
}

}  // namespace

bool is_idx_folder(const std::string& name, const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const std::filesystem::path& place : {folder / name, folder}) {
    for (const char* ending : {".gz", ""}) {
      if (std::filesystem::is_regular_file(place / (std::string(kTrainImages.name) + ending), ignored)) return true;
    }
  }
  return false;
}

Dataset load_idx(const std::string& name, const std::filesystem::path& folder, bool train) {
  const std::filesystem::path place = std::filesystem::is_directory(folder / name) ? folder / name : folder;
  const std::filesystem::path images_file = find(place, train ? kTrainImages.name : kTestImages.name);
  const std::filesystem::path labels_file = find(place, train ? kTrainLabels.name : kTestLabels.name);
  Dataset data = parse_idx(read_maybe_gzip(images_file), images_file, read_maybe_gzip(labels_file), labels_file, 255);
  data.name = name;
  const std::vector<std::uint8_t> known = read_maybe_gzip(find(place, kTrainLabels.name));  // of both parts
  const int classes = known.size() <= kLabelsBegin ? 0 : *std::max_element(known.begin() + kLabelsBegin, known.end()) + 1;
  for (int c = 0; c < classes; ++c) data.classes.push_back(std::to_string(c));
  data.checksum = sha256_file(images_file);
  return data;
}

Dataset load_mnist(const std::filesystem::path& folder, bool train) {
  const KnownFile& known_images = train ? kTrainImages : kTestImages;
  const KnownFile& known_labels = train ? kTrainLabels : kTestLabels;
  const std::filesystem::path images_file = find(folder, known_images.name);
  const std::filesystem::path labels_file = find(folder, known_labels.name);
  const auto images = read_maybe_gzip(images_file);
  const auto labels = read_maybe_gzip(labels_file);
  // First the structure, for a message that says what is wrong; then the contents.
  Dataset data = parse_idx(images, images_file, labels, labels_file);
  check_contents(images, images_file, known_images);
  check_contents(labels, labels_file, known_labels);
  data.name = "mnist";
  for (int digit = 0; digit < 10; ++digit) data.classes.push_back(std::to_string(digit));
  data.checksum = sha256_file(images_file);
  return data;
}

}  // namespace flexor
