// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
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
  throw InputError(fmt::format("'{}' is not the MNIST file of that name: its SHA-256 differs; download it again", file.string()));
}

}  // namespace

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
  data.checksum = sha256_file(images_file);
  return data;
}

}  // namespace flexor
