// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg.hpp"

#include <fmt/format.h>
#include <turbojpeg.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr int kLargestSide = 1 << 16;
constexpr std::int64_t kMostPixels = std::int64_t{1} << 28;
constexpr int kEighths = 8;
constexpr int kWhite = 255;

struct Destroy {
  void operator()(void* decoder) const { tjDestroy(decoder); }
};

// One decoder a thread: making one costs more than a small picture.
tjhandle decoder() {
  thread_local const std::unique_ptr<void, Destroy> own(tjInitDecompress());
  if (!own) throw InputError("libjpeg-turbo cannot make a decoder: not enough memory");
  return own.get();
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& what) {
  throw InputError(fmt::format("'{}' {} ({}); get it again or remove it", file.string(), what, tjGetErrorStr2(decoder())));
}

// Adobe's inverted CMYK, as cameras and ImageNet have it.
std::vector<std::uint8_t> from_cmyk(const std::vector<std::uint8_t>& cmyk) {
  std::vector<std::uint8_t> rgb;
  rgb.reserve(cmyk.size() / 4 * 3);
  for (std::size_t i = 0; i < cmyk.size(); i += 4) {
    for (std::size_t c = 0; c < 3; ++c) rgb.push_back(static_cast<std::uint8_t>((cmyk[i + c] * cmyk[i + 3] + kWhite / 2) / kWhite));
  }
  return rgb;
}

std::vector<std::uint8_t> read_all(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream.is_open() || stream.bad()) throw InputError(fmt::format("'{}' cannot be read; check path and permissions", file.string()));
  return bytes;
}

// Whether the last call only warned, and not of a picture that ends too early.
bool only_warned() {
  const std::string_view text = tjGetErrorStr2(decoder());
  return tjGetErrorCode(decoder()) == TJERR_WARNING && text.find("remature end") == std::string_view::npos;
}

}  // namespace

JpegFile::JpegFile(const std::filesystem::path& file) : JpegFile(file, read_all(file)) {}

JpegFile::JpegFile(std::filesystem::path path, std::vector<std::uint8_t> bytes) : file_(std::move(path)), bytes_(std::move(bytes)) {
  const std::filesystem::path& file = file_;
  if (tjDecompressHeader3(decoder(), bytes_.data(), bytes_.size(), &width_, &height_, &subsampling_, &colours_) != 0) {
    if (!only_warned()) refuse(file, "is no JPEG file");
  }
  const bool sane = width_ > 0 && height_ > 0 && width_ <= kLargestSide && height_ <= kLargestSide;
  if (!sane || static_cast<std::int64_t>(width_) * height_ > kMostPixels) {
    throw InputError(fmt::format("'{}' has {}x{} pixels, more than this program decodes; make it smaller", file.string(), height_, width_));
  }
}

bool JpegFile::grey() const { return colours_ == TJCS_GRAY; }

Picture JpegFile::decode(double scale) const {
  int eighths = 1;
  while (eighths < kEighths && eighths < scale * kEighths) ++eighths;
  const tjscalingfactor factor{eighths, kEighths};
  Picture picture{TJSCALED(height_, factor), TJSCALED(width_, factor), {}};
  const bool cmyk = colours_ == TJCS_CMYK || colours_ == TJCS_YCCK;
  const int format = cmyk ? TJPF_CMYK : TJPF_RGB;
  picture.rgb.resize(static_cast<std::size_t>(picture.height) * static_cast<std::size_t>(picture.width) * (cmyk ? 4 : 3));
  const int result = tjDecompress2(decoder(), bytes_.data(), bytes_.size(), picture.rgb.data(), picture.width, 0, picture.height, format,
                                   TJFLAG_ACCURATEDCT);
  if (result != 0 && !only_warned()) refuse(file_, "is a damaged JPEG file");
  if (cmyk) picture.rgb = from_cmyk(picture.rgb);
  return picture;
}

}  // namespace flexor
