// SPDX-License-Identifier: Apache-2.0
#include "train/augment.hpp"

#include <algorithm>
#include <cmath>

namespace flexor {
namespace {

/// Uniform in -limit..limit; the same on every standard library.
double draw(std::mt19937_64& random, double limit) { return limit * (static_cast<double>(random() >> 11) * 0x1p-52 - 1.0); }

}  // namespace

void plain(const std::uint8_t* from, const Shape& shape, float* to) {
  const int area = shape.height * shape.width;
  for (int c = 0; c < shape.channels; ++c) {
    for (int i = 0; i < area; ++i) to[c * area + i] = from[i * shape.channels + c];
  }
}

Box random_part(int height, int width, double least, std::mt19937_64& random) {
  constexpr int kTries = 10;
  const auto uniform = [&random](double low, double high) { return low + (high - low) * (static_cast<double>(random() >> 11) * 0x1p-53); };
  const double widest = std::log(4.0 / 3);
  for (int i = 0; i < kTries; ++i) {
    const double area = static_cast<double>(height) * width * uniform(least, 1);
    const double proportion = std::exp(uniform(-widest, widest));
    const double part_width = std::sqrt(area * proportion), part_height = std::sqrt(area / proportion);
    if (part_width > width || part_height > height || part_width < 1 || part_height < 1) continue;
    return {uniform(0, height - part_height), uniform(0, width - part_width), part_height, part_width};
  }
  const double side = std::min(height, width);
  return {(height - side) / 2, (width - side) / 2, side, side};
}

void mirror(const Shape& shape, float* values) {
  for (int row = 0; row < shape.channels * shape.height; ++row) std::reverse(values + row * shape.width, values + (row + 1) * shape.width);
}

Shape cut_shape(const Shape& shape, const Augmentation& limits) {
  if (limits.window == 0) return shape;
  return {limits.window, limits.window, shape.channels};
}

void crop_and_flip(const std::uint8_t* from, const Shape& shape, const Augmentation& limits, std::mt19937_64& random, float* to) {
  const Shape cut = cut_shape(shape, limits);
  const auto place = [&](int side, int part) {
    return static_cast<int>(random() % static_cast<std::uint64_t>(side + 2 * limits.crop - part + 1)) - limits.crop;
  };
  const int top = place(shape.height, cut.height);
  const int left = place(shape.width, cut.width);
  const bool mirrored = limits.flip && (random() >> 63) != 0;
  for (int y = 0; y < cut.height; ++y) {
    for (int x = 0; x < cut.width; ++x) {
      const int row = y + top;
      const int column = (mirrored ? cut.width - 1 - x : x) + left;
      const bool inside = row >= 0 && column >= 0 && row < shape.height && column < shape.width;
      for (int c = 0; c < shape.channels; ++c) {
        const int value = inside ? from[(row * shape.width + column) * shape.channels + c] : 0;
        to[(c * cut.height + y) * cut.width + x] = static_cast<float>(value);
      }
    }
  }
}

void augment(const std::uint8_t* from, const Shape& shape, const Augmentation& limits, std::mt19937_64& random, float* to) {
  const double angle = draw(random, limits.rotation);
  const double shear = draw(random, limits.shear);
  const double stretch_x = 1.0 + draw(random, limits.scale);
  const double stretch_y = 1.0 + draw(random, limits.scale);
  const double move_x = draw(random, limits.shift);
  const double move_y = draw(random, limits.shift);
  const double centre_x = 0.5 * (shape.width - 1);
  const double centre_y = 0.5 * (shape.height - 1);
  const double xx = std::cos(angle) * stretch_x;
  const double xy = (shear * std::cos(angle) - std::sin(angle)) * stretch_x;
  const double yx = std::sin(angle) * stretch_y;
  const double yy = (shear * std::sin(angle) + std::cos(angle)) * stretch_y;
  const auto pixel = [&](int y, int x, int c) -> double {
    if (y < 0 || x < 0 || y >= shape.height || x >= shape.width) return 0.0;
    return from[(y * shape.width + x) * shape.channels + c];
  };
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      const double dx = x - centre_x;
      const double dy = y - centre_y;
      const double at_x = xx * dx + xy * dy + centre_x + move_x;
      const double at_y = yx * dx + yy * dy + centre_y + move_y;
      const int left = static_cast<int>(std::floor(at_x));
      const int top = static_cast<int>(std::floor(at_y));
      const double fx = at_x - left;
      const double fy = at_y - top;
      for (int c = 0; c < shape.channels; ++c) {
        const double value = (1 - fy) * ((1 - fx) * pixel(top, left, c) + fx * pixel(top, left + 1, c)) +
                             fy * ((1 - fx) * pixel(top + 1, left, c) + fx * pixel(top + 1, left + 1, c));
        to[(c * shape.height + y) * shape.width + x] = static_cast<float>(std::floor(value + 0.5));
      }
    }
  }
}

}  // namespace flexor
