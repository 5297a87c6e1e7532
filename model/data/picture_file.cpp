// SPDX-License-Identifier: Apache-2.0
#include "data/picture_file.hpp"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr std::uint8_t kPng[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
constexpr std::int64_t kMostPngPixels = std::int64_t{1} << 28;
constexpr std::uint16_t kOrientationTag = 0x0112;

[[noreturn]] void damaged(const std::filesystem::path& file, const char* reason) {
  throw InputError(fmt::format("'{}' is a damaged PNG file ({}); get it again or remove it", file.string(), reason));
}

// Reads the head; png_image_free() is the caller's.
void begin_png(png_image& image, const std::filesystem::path& file, const std::vector<std::uint8_t>& bytes) {
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) damaged(file, image.message);
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
}

// Whole numbers of a TIFF block in its own order of bytes.
class Tiff {
 public:
  Tiff(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size), big_(size > 0 && bytes[0] == 'M') {}
  [[nodiscard]] std::uint32_t number(std::size_t at, std::size_t count) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t place = at + (big_ ? i : count - 1 - i);
      value = value << 8 | (place < size_ ? bytes_[place] : 0U);
    }
    return value;
  }
  [[nodiscard]] int orientation() const {
    const std::size_t directory = number(4, 4);
    const std::size_t entries = number(directory, 2);
    for (std::size_t i = 0; i < entries && directory + 14 + 12 * i <= size_; ++i) {
      const std::size_t entry = directory + 2 + 12 * i;
      if (number(entry, 2) != kOrientationTag) continue;
      const std::uint32_t value = number(entry + 8, 2);
      return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
  bool big_;
};

}  // namespace

bool is_picture_name(const std::filesystem::path& file) {
  std::string ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".jpeg" || ending == ".jpg" || ending == ".png";
}

int exif_orientation(const std::vector<std::uint8_t>& jpeg) {
  std::size_t at = 2;
  while (at + 4 <= jpeg.size() && jpeg[at] == 0xff) {
    const std::uint8_t marker = jpeg[at + 1];
    if (marker == 0xff) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) break;  // the picture itself
    const std::size_t length = static_cast<std::size_t>(jpeg[at + 2]) << 8 | jpeg[at + 3];
    const bool whole = length >= 2 && at + 2 + length <= jpeg.size();
    if (!whole) break;
    if (marker == 0xe1 && length >= 16 && std::memcmp(jpeg.data() + at + 4, "Exif\0\0", 6) == 0) {
      return Tiff(jpeg.data() + at + 10, length - 8).orientation();
    }
    at += 2 + length;
  }
  return 1;
}

Picture upright(const Picture& picture, int orientation) {
  if (orientation <= 1 || orientation > 8) return picture;
  const bool turned = orientation > 4;
  Picture out{turned ? picture.width : picture.height, turned ? picture.height : picture.width, {}};
  out.rgb.resize(picture.rgb.size());
  const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  auto* to = out.rgb.data();
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x, to += 3) {
      int row = turned ? x : y, column = turned ? y : x;
      if (from_bottom) row = picture.height - 1 - row;
      if (from_right) column = picture.width - 1 - column;
      std::copy_n(picture.rgb.data() + (static_cast<std::ptrdiff_t>(row) * picture.width + column) * 3, 3, to);
    }
  }
  return out;
}

PictureFile::PictureFile(const std::filesystem::path& file) : file_(file) {
  std::ifstream stream(file, std::ios::binary);
  bytes_.assign(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  if (!stream.is_open() || stream.bad()) throw InputError(fmt::format("'{}' cannot be read; check path and permissions", file.string()));
  if (bytes_.size() < sizeof kPng || std::memcmp(bytes_.data(), kPng, sizeof kPng) != 0) {
    jpeg_.emplace(file, bytes_);
    height_ = jpeg_->height();
    width_ = jpeg_->width();
    orientation_ = exif_orientation(bytes_);
    if (jpeg_->grey()) kinds_.emplace_back("grey");
    if (orientation_ != 1) kinds_.emplace_back("rotated");
    bytes_.clear();
    return;
  }
  png_image image;
  begin_png(image, file_, bytes_);
  height_ = static_cast<int>(image.height);
  width_ = static_cast<int>(image.width);
  if ((image.format & PNG_FORMAT_FLAG_COLOR) == 0) kinds_.emplace_back("grey");
  if ((image.format & PNG_FORMAT_FLAG_COLORMAP) != 0) kinds_.emplace_back("palette");
  if ((image.format & PNG_FORMAT_FLAG_ALPHA) != 0) kinds_.emplace_back("alpha");
  if ((image.format & PNG_FORMAT_FLAG_LINEAR) != 0) kinds_.emplace_back("16-bit");
  const std::int64_t pixels = static_cast<std::int64_t>(image.width) * image.height;
  png_image_free(&image);
  if (pixels > kMostPngPixels) {
    throw InputError(fmt::format("'{}' has {}x{} pixels, more than this program decodes; make it smaller", file.string(), height_, width_));
  }
}

Picture PictureFile::decode(double scale) const {
  if (jpeg_) return upright(jpeg_->decode(scale), orientation_);
  png_image image;
  begin_png(image, file_, bytes_);
  image.format = PNG_FORMAT_RGB;
  Picture picture{height_, width_, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  const png_color white{0xff, 0xff, 0xff};
  if (png_image_finish_read(&image, &white, picture.rgb.data(), 0, nullptr) == 0) damaged(file_, image.message);
  if (image.warning_or_error == 2) damaged(file_, image.message);
  return picture;
}

}  // namespace flexor
