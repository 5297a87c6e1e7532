// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "data/jpeg.hpp"

namespace flexor {

/// A JPEG or PNG file, known by its first bytes, whose head has been read. Height and width are those of the picture as it is to be seen:
/// an orientation in EXIF is applied.
class PictureFile {
 public:
  /// What its pixels are before they become RGB bytes, in words: "grey", "palette", "alpha", "16-bit", "rotated".
  using Kinds = std::vector<std::string>;

  /// Throws InputError when the file cannot be read, or is neither JPEG nor PNG.
  explicit PictureFile(const std::filesystem::path& file);
  [[nodiscard]] int height() const { return orientation_ > 4 ? width_ : height_; }
  [[nodiscard]] int width() const { return orientation_ > 4 ? height_ : width_; }
  /// The whole picture as RGB: grey values three times, alpha on white, 16 bits as their upper 8. A JPEG file at the smallest of the
  /// decoder's own scales that is at least `scale`. Throws InputError when the file is damaged or cut.
  [[nodiscard]] Picture decode(double scale = 1) const;
  [[nodiscard]] bool is_png() const { return !jpeg_.has_value(); }
  [[nodiscard]] const Kinds& kinds() const { return kinds_; }

 private:
  std::filesystem::path file_;
  std::vector<std::uint8_t> bytes_;
  std::optional<JpegFile> jpeg_;
  int height_ = 0, width_ = 0, orientation_ = 1;
  Kinds kinds_;
};

/// Whether the name of a file ends as one of a picture: .jpg, .jpeg, .png, in any case.
bool is_picture_name(const std::filesystem::path& file);

/// Orientation, 1..8, that the EXIF part of a JPEG file gives; 1 where it gives none.
int exif_orientation(const std::vector<std::uint8_t>& jpeg);

/// A picture turned upright.
Picture upright(const Picture& picture, int orientation);

}  // namespace flexor
