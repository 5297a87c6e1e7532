// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <turbojpeg.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

namespace flexor::test {

/// Writes a picture as a JPEG file of the best quality; `format` is one of TJPF_RGB, TJPF_GRAY, TJPF_CMYK.
inline void write_jpeg(const std::filesystem::path& file, const std::vector<std::uint8_t>& pixels, int height, int width,
                       int format = TJPF_RGB) {
  const tjhandle encoder = tjInitCompress();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int subsampling = format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444;
  tjCompress2(encoder, pixels.data(), width, 0, height, format, &bytes, &size, subsampling, 100, TJFLAG_ACCURATEDCT);
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  tjFree(bytes);
  tjDestroy(encoder);
}

/// A picture of one colour.
inline std::vector<std::uint8_t> plain_picture(int height, int width, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < height * width; ++i) pixels.insert(pixels.end(), {red, green, blue});
  return pixels;
}

}  // namespace flexor::test
