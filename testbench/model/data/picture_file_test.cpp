// SPDX-License-Identifier: Apache-2.0
// PNG files written by libpng, and JPEG files with an EXIF orientation put into them by hand.
#include "data/picture_file.hpp"

#include <gtest/gtest.h>
#include <png.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "code/error.hpp"
#include "expect_input_error.hpp"
#include "pictures.hpp"
#include "scratch.hpp"

namespace flexor::test {
namespace {

constexpr int kHeight = 5, kWidth = 7;

template <typename Value>
void write_png(const std::filesystem::path& file, png_uint_32 format, const std::vector<Value>& pixels) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.height = kHeight;
  image.width = kWidth;
  image.format = format;
  ASSERT_NE(png_image_write_to_file(&image, file.c_str(), 0, pixels.data(), 0, nullptr), 0) << image.message;
}

// An APP1 part whose only entry is the orientation, behind the first marker.
std::vector<std::uint8_t> with_orientation(const std::vector<std::uint8_t>& jpeg, std::uint8_t orientation, bool big_endian) {
  std::vector<std::uint8_t> part{0xff, 0xe1, 0, 34, 'E', 'x', 'i', 'f', 0, 0};
  const std::vector<std::uint8_t> big{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0};
  const std::vector<std::uint8_t> little{'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
  for (const std::uint8_t byte : big_endian ? big : little) part.push_back(byte);
  std::vector<std::uint8_t> bytes(jpeg.begin(), jpeg.begin() + 2);
  bytes.insert(bytes.end(), part.begin(), part.end());
  bytes.insert(bytes.end(), jpeg.begin() + 2, jpeg.end());
  return bytes;
}

class PictureFileTest : public testing::Test {
 protected:
  [[nodiscard]] Picture decode(const std::string& name) const { return PictureFile(scratch_ / name).decode(); }
  Scratch scratch_;
};

TEST_F(PictureFileTest, PngOfEveryKind) {
  std::mt19937 random(1);
  std::vector<std::uint8_t> rgb(kHeight * kWidth * 3), grey(kHeight * kWidth), faded;
  for (std::uint8_t& value : rgb) value = static_cast<std::uint8_t>(random());
  for (std::uint8_t& value : grey) value = static_cast<std::uint8_t>(random());
  write_png(scratch_ / "rgb.png", PNG_FORMAT_RGB, rgb);
  EXPECT_EQ(decode("rgb.png").rgb, rgb);
  EXPECT_EQ(decode("rgb.png").height, kHeight);
  EXPECT_TRUE(PictureFile(scratch_ / "rgb.png").kinds().empty());

  write_png(scratch_ / "grey.png", PNG_FORMAT_GRAY, grey);
  std::vector<std::uint8_t> thrice;
  for (const std::uint8_t value : grey) thrice.insert(thrice.end(), 3, value);
  EXPECT_EQ(decode("grey.png").rgb, thrice);
  EXPECT_EQ(PictureFile(scratch_ / "grey.png").kinds(), PictureFile::Kinds{"grey"});

  for (int i = 0; i < kHeight * kWidth; ++i) faded.insert(faded.end(), {10, 20, 30, static_cast<std::uint8_t>(i % 2 == 0 ? 0 : 255)});
  write_png(scratch_ / "alpha.png", PNG_FORMAT_RGBA, faded);
  const std::vector<std::uint8_t> on_white = decode("alpha.png").rgb;
  EXPECT_EQ((std::vector<std::uint8_t>(on_white.begin(), on_white.begin() + 6)), (std::vector<std::uint8_t>{255, 255, 255, 10, 20, 30}));
}

TEST_F(PictureFileTest, PngOfSixteenBitsIsReadAsEight) {
  std::vector<std::uint16_t> linear;
  for (int i = 0; i < kHeight * kWidth; ++i) linear.push_back(static_cast<std::uint16_t>(i * 65535 / (kHeight * kWidth)));
  write_png(scratch_ / "deep.png", PNG_FORMAT_LINEAR_Y, linear);
  const PictureFile file(scratch_ / "deep.png");
  EXPECT_NE(std::find(file.kinds().begin(), file.kinds().end(), "16-bit"), file.kinds().end());
  const Picture picture = file.decode();
  ASSERT_EQ(picture.rgb.size(), linear.size() * 3);
  EXPECT_LT(picture.rgb.front(), 5);
  for (std::size_t i = 3; i < picture.rgb.size(); ++i) EXPECT_GE(picture.rgb[i], picture.rgb[i - 3]);
}

// What orientations 1 to 8 mean: the EXIF standard's table, "row 0 is the visual ... , column 0 is the visual ...".
TEST_F(PictureFileTest, JpegIsTurnedUpright) {
  std::vector<std::uint8_t> pixels = plain_picture(16, 32, 20, 20, 20);
  for (int y = 0; y < 8; ++y) {
    for (int x = 0; x < 8; ++x) pixels[static_cast<std::size_t>((y * 32 + x) * 3)] = 240;  // a red corner at row 0, column 0
  }
  write_jpeg(scratch_ / "plain.jpeg", pixels, 16, 32);
  const auto jpeg = read_bytes(scratch_ / "plain.jpeg");
  const struct {
    bool turned, bottom, right;  // where the corner is to be seen
  } wanted[] = {{false, false, false}, {false, false, true}, {false, true, true}, {false, true, false},
                {true, false, false},  {true, false, true},  {true, true, true},  {true, true, false}};
  for (std::uint8_t orientation = 1; orientation <= 8; ++orientation) {
    const auto& to = wanted[orientation - 1];
    for (const bool big_endian : {false, true}) {
      write_bytes(scratch_ / "turned.jpeg", with_orientation(jpeg, orientation, big_endian));
      const PictureFile file(scratch_ / "turned.jpeg");
      const Picture picture = file.decode();
      EXPECT_EQ(file.height(), to.turned ? 32 : 16) << int{orientation};
      EXPECT_EQ(picture.width, to.turned ? 16 : 32) << int{orientation};
      const int row = to.bottom ? picture.height - 4 : 3, column = to.right ? picture.width - 4 : 3;
      EXPECT_NEAR(picture.rgb[static_cast<std::size_t>((row * picture.width + column) * 3)], 240, 12) << int{orientation};
      const int other = to.bottom ? 3 : picture.height - 4;
      EXPECT_NEAR(picture.rgb[static_cast<std::size_t>((other * picture.width + column) * 3)], 20, 12) << int{orientation};
    }
  }
  write_bytes(scratch_ / "turned.jpeg", with_orientation(jpeg, 9, true));
  EXPECT_EQ(PictureFile(scratch_ / "turned.jpeg").height(), 16) << "there is no ninth";
}

// Bytes between two parts of a file: libjpeg warns, every viewer shows the picture.
TEST_F(PictureFileTest, WarningsAreNoErrors) {
  write_jpeg(scratch_ / "good.jpeg", plain_picture(16, 16, 200, 100, 40), 16, 16);
  auto bytes = read_bytes(scratch_ / "good.jpeg");
  bytes.insert(bytes.end() - 2, {0x12, 0x34, 0x56, 0x78});
  write_bytes(scratch_ / "odd.jpeg", bytes);
  EXPECT_EQ(decode("odd.jpeg").rgb, decode("good.jpeg").rgb);
}

TEST_F(PictureFileTest, DamagedFilesAreRefusedWithOneSentence) {
  std::vector<std::uint8_t> rgb(kHeight * kWidth * 3);
  std::mt19937 random(2);
  for (std::uint8_t& value : rgb) value = static_cast<std::uint8_t>(random());
  write_png(scratch_ / "good.png", PNG_FORMAT_RGB, rgb);
  const auto good = read_bytes(scratch_ / "good.png");
  write_bytes(scratch_ / "cut.png", {good.begin(), good.begin() + static_cast<std::ptrdiff_t>(good.size() / 2)});
  expect_input_error([&] { static_cast<void>(decode("cut.png")); }, "cut.png' is a damaged PNG file");
  auto flipped = good;
  flipped[good.size() - 20] ^= 1;
  write_bytes(scratch_ / "flipped.png", flipped);
  expect_input_error([&] { static_cast<void>(decode("flipped.png")); }, "flipped.png' is a damaged PNG file");
  write_bytes(scratch_ / "text.png", {'h', 'e', 'l', 'l', 'o'});
  expect_input_error([&] { PictureFile(scratch_ / "text.png"); }, "text.png' is no JPEG file");
  expect_input_error([&] { PictureFile(scratch_ / "none.png"); }, "none.png' cannot be read");
  for (int seed = 0; seed < 200; ++seed) {  // whatever the bytes, it ends
    auto bytes = good;
    for (int n = 0; n < 3; ++n) bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    write_bytes(scratch_ / "any.png", bytes);
    try {
      static_cast<void>(decode("any.png"));
    } catch (const InputError&) {
    }
  }
}

}  // namespace
}  // namespace flexor::test
