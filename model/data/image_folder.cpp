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
#include "data/picture_file.hpp"
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

// Hidden files and folders, and what macOS writes beside files.
bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.') || path.filename() == "__MACOSX"; }

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
    if (entry.is_directory() && !is_hidden(entry.path())) classes[entry.path().filename().string()] = 0;
  }
  if (classes.empty() || classes.size() > kMostClasses) {
    throw InputError(fmt::format("'{}' holds {} folders, but one for each of 1 to {} classes is possible", (root / "train").string(),
                                 classes.size(), kMostClasses));
  }
  std::uint16_t next = 0;
  for (auto& [name, label] : classes) label = next++;
  return classes;
}

// Pictures below the folder of one class; links are followed. Counts what is hidden.
std::vector<Found> of_class(const fs::path& folder, std::uint16_t label, int& hidden) {
  std::vector<Found> found;
  auto inner = fs::recursive_directory_iterator(folder, fs::directory_options::follow_directory_symlink);
  for (const auto end = fs::end(inner); inner != end; ++inner) {
    const fs::path& path = inner->path();
    if (is_hidden(path)) {
      ++hidden;
      if (inner->is_directory()) inner.disable_recursion_pending();
    } else if (inner->is_symlink() && !fs::exists(path)) {
      throw InputError(fmt::format("'{}' is a link to nothing; mend or remove it", path.string()));
    } else if (inner->is_regular_file() && is_picture_name(path)) {
      found.push_back({path, label});
    }
  }
  if (found.empty()) throw InputError(fmt::format("the class folder '{}' holds no pictures; fill or remove it", folder.string()));
  return found;
}

// Pictures in the folders of the classes.
std::vector<Found> by_folder(const fs::path& part, const std::map<std::string, std::uint16_t>& classes, int& hidden) {
  std::vector<Found> found;
  for (const auto& entry : fs::directory_iterator(part)) {
    if (is_hidden(entry.path())) ++hidden;
    if (!entry.is_directory() || is_hidden(entry.path())) continue;
    const auto known = classes.find(entry.path().filename().string());
    if (known == classes.end()) {
      throw InputError(fmt::format("'{}' is the folder of a class that train does not have; rename or remove it", entry.path().string()));
    }
    for (Found& picture : of_class(entry.path(), known->second, hidden)) found.push_back(std::move(picture));
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

// Luma of ITU-R BT.601, rounded.
std::uint8_t grey_of(int red, int green, int blue) {
  return static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

// Decodes as small as the part allows.
void cut(const fs::path& path, const Shape& shape, const std::function<Box(int, int)>& choose, std::uint8_t* to) {
  const PictureFile file(path);
  const Box part = choose(file.height(), file.width());
  const Picture picture = file.decode(std::max(shape.height / part.height, shape.width / part.width));
  if (shape.channels == 3) {
    resample(picture, scaled(part, file, picture), shape.height, shape.width, to);
    return;
  }
  std::vector<std::uint8_t> rgb(static_cast<std::size_t>(shape.size()) * 3);
  resample(picture, scaled(part, file, picture), shape.height, shape.width, rgb.data());
  for (std::size_t i = 0; i < rgb.size(); i += 3) to[i / 3] = grey_of(rgb[i], rgb[i + 1], rgb[i + 2]);
}

}  // namespace

bool is_image_folder(const std::string& name, const fs::path& folder) { return !find_root(name, folder).empty(); }

Dataset load_image_folder(const std::string& name, const fs::path& folder, bool train, const Shape& shape) {
  if (shape.channels != 3 && shape.channels != 1) {
    throw InputError(
        fmt::format("data set {} has pictures of 3 channels, or of 1 when they are made grey, but the network takes {}; choose a "
                    "network for them",
                    name, shape.channels));
  }
  try {
    const fs::path root = known_root(name, folder);
    const auto classes = find_classes(root);
    const fs::path table = root / "val_labels.tsv";
    std::error_code ignored;
    int hidden = 0;
    std::vector<Found> found = !train && fs::is_regular_file(table, ignored) ? by_table(root, table, classes.size())
                                                                             : by_folder(root / (train ? "train" : "val"), classes, hidden);
    if (found.empty() || found.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw InputError(
          fmt::format("'{}' holds no pictures in the folders of its classes; put them there", (root / (train ? "train" : "val")).string()));
    }
    Dataset data;
    data.name = name;
    data.shape = shape;
    for (const auto& [class_name, label] : classes) data.classes.push_back(class_name);
    if (hidden > 0) data.notes.push_back(fmt::format("{} hidden files and folders of '{}' are left out", hidden, root.string()));
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
