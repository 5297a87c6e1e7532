// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

namespace flexor {

/// Decoded RGB bytes, row after row.
struct Picture {
  int height = 0;
  int width = 0;
  std::vector<std::uint8_t> rgb;  ///< height * width * 3
};

/// A JPEG file whose head has been read (libjpeg-turbo, docs/decisions/0506-image-folders.md).
class JpegFile {
 public:
  /// Throws InputError when the file cannot be read or is no JPEG.
  explicit JpegFile(const std::filesystem::path& file);
  /// The same of the bytes of a file, whose name is for messages.
  JpegFile(std::filesystem::path file, std::vector<std::uint8_t> bytes);
  [[nodiscard]] int height() const { return height_; }
  [[nodiscard]] int width() const { return width_; }
  [[nodiscard]] bool grey() const;
  /// The whole picture, grey and CMYK turned into RGB; at the smallest of the decoder's own scales (n/8, at most 1) that is at least
  /// `scale`. What libjpeg only warns of, as viewers do not even say, is taken; a picture that ends too early is not. Throws InputError
  /// when the file is damaged or cut.
  [[nodiscard]] Picture decode(double scale = 1) const;

 private:
  std::filesystem::path file_;
  std::vector<std::uint8_t> bytes_;
  int height_ = 0, width_ = 0, subsampling_ = 0, colours_ = 0;
};

}  // namespace flexor
