// SPDX-License-Identifier: Apache-2.0
#include "data/image_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <map>
#include <random>

#include "code/error.hpp"
#include "data/jpeg.hpp"
#include "data/resample.hpp"
#include "data/sha256.hpp"

namespace flexor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kShuffle = 1;  // seed
constexpr std::size_t kMostClasses = std::numeric_limits<std::uint16_t>::max();

struct Found {
  fs::path file;
  std::uint16_t label = 0;
};

bool is_picture(const fs::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpeg" || ending == ".jpg";
}

// Empty: there is none.
fs::path find_root(const std::string& name, const fs::path& folder) {
  std::error_code ignored;
  for (const fs::path& place : {folder / name, folder}) {
    if (fs::is_directory(place / "train", ignored) && fs::is_directory(place / "val", ignored)) return place;
  }
  return {};
}

fs::path known_root(const std::string& name, const fs::path& folder) {
  if (fs::path root = find_root(name, folder); !root.empty()) return root;
  throw InputError(
      fmt::format("there is no data set '{}': it is neither mnist nor cifar10, and '{}' holds no folders train and val of images", name,
                  (folder / name).string()));
}

// The classes: folders of train, sorted by name.
std::map<std::string, std::uint16_t> find_classes(const fs::path& root) {
  std::map<std::string, std::uint16_t> classes;
  for (const auto& entry : fs::directory_iterator(root / "train")) {
    if (entry.is_directory()) classes[entry.path().filename().string()] = 0;
  }
  if (classes.empty() || classes.size() > kMostClasses) {
    throw InputError(fmt::format("'{}' holds {} folders, but one for each of 1 to {} classes is possible", (root / "train").string(),
                                 classes.size(), kMostClasses));
  }
  std::uint16_t next = 0;
  for (auto& [name, label] : classes) label = next++;
  return classes;
}

// Pictures in the folders of the classes.
std::vector<Found> by_folder(const fs::path& part, const std::map<std::string, std::uint16_t>& classes) {
  std::vector<Found> found;
  for (const auto& entry : fs::directory_iterator(part)) {
    if (!entry.is_directory()) continue;
    const auto known = classes.find(entry.path().filename().string());
    if (known == classes.end()) {
      throw InputError(fmt::format("'{}' is the folder of a class that train does not have; rename or remove it", entry.path().string()));
    }
    for (const auto& inner : fs::recursive_directory_iterator(entry.path())) {
      if (inner.is_regular_file() && is_picture(inner.path())) found.push_back({inner.path(), known->second});
    }
  }
  return found;
}

// Pictures that a table names.
std::vector<Found> by_table(const fs::path& root, const fs::path& table, std::size_t classes) {
  std::ifstream stream(table);
  std::vector<Found> found;
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const auto tab = line.find('\t');
    std::uint16_t label = 0;
    const char* first = line.data() + std::min(tab, line.size() - 1) + 1;
    const auto [end, error] = std::from_chars(first, line.data() + line.size(), label);
    if (tab == std::string::npos || error != std::errc() || end != line.data() + line.size() || label >= classes) {
      throw InputError(fmt::format("line {} of '{}' must be a path, a tab and a class below {}", number, table.string(), classes));
    }
    found.push_back({root / line.substr(0, tab), label});
  }
  return found;
}

// Sorts the files and says what they are.
std::string list_checksum(std::vector<Found>& found, const fs::path& root) {
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) { return a.file < b.file; });
  std::string lines;
  for (const Found& image : found) {
    std::error_code error;
    const auto size = fs::file_size(image.file, error);
    if (error) throw InputError(fmt::format("'{}' cannot be read: {}; get it again", image.file.string(), error.message()));
    lines += fmt::format("{}\t{}\t{}\n", fs::relative(image.file, root).generic_string(), size, image.label);
  }
  return sha256(std::span(reinterpret_cast<const std::uint8_t*>(lines.data()), lines.size()));
}

// Decodes as small as the part allows.
void cut(const fs::path& path, const Shape& shape, const std::function<Box(int, int)>& choose, std::uint8_t* to) {
  const JpegFile file(path);
  const Box part = choose(file.height(), file.width());
  const Picture picture = file.decode(std::max(shape.height / part.height, shape.width / part.width));
  resample(picture, scaled(part, file, picture), shape.height, shape.width, to);
}

}  // namespace

bool is_image_folder(const std::string& name, const fs::path& folder) { return !find_root(name, folder).empty(); }

Dataset load_image_folder(const std::string& name, const fs::path& folder, bool train, const Shape& shape) {
  if (shape.channels != 3) {
    throw InputError(
        fmt::format("data set {} has pictures of 3 channels, but the network takes {}; choose a network for them", name, shape.channels));
  }
  try {
    const fs::path root = known_root(name, folder);
    const auto classes = find_classes(root);
    const fs::path table = root / "val_labels.tsv";
    std::error_code ignored;
    std::vector<Found> found = !train && fs::is_regular_file(table, ignored) ? by_table(root, table, classes.size())
                                                                             : by_folder(root / (train ? "train" : "val"), classes);
    if (found.empty() || found.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw InputError(fmt::format("'{}' holds no JPEG files in the folders of its classes; put them there",
                                   (root / (train ? "train" : "val")).string()));
    }
    Dataset data;
    data.name = name;
    data.shape = shape;
    data.count = static_cast<int>(found.size());
    data.checksum = list_checksum(found, root);
    std::mt19937_64 random(kShuffle);
    for (std::size_t i = found.size() - 1; i > 0; --i) std::swap(found[i], found[random() % (i + 1)]);
    auto images = std::make_shared<ImageFiles>();
    for (Found& image : found) {
      images->files.push_back(std::move(image.file));
      data.labels.push_back(image.label);
    }
    data.files = std::move(images);
    return data;
  } catch (const fs::filesystem_error& error) {
    throw InputError(fmt::format("'{}' cannot be read: {}; check its permissions", error.path1().string(), error.code().message()));
  }
}

void read_image(const ImageFiles& images, int i, const Shape& shape, std::uint8_t* to) {
  const auto whole = [&shape](int height, int width) { return centre_box(height, width, shape.height, shape.width); };
  cut(images.files.at(static_cast<std::size_t>(i)), shape, whole, to);
}

std::vector<std::uint8_t> read_part(const ImageFiles& images, int i, const Shape& shape, const std::function<Box(int, int)>& choose) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.size()));
  cut(images.files.at(static_cast<std::size_t>(i)), shape, choose, bytes.data());
  return bytes;
}

}  // namespace flexor
