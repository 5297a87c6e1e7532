// SPDX-License-Identifier: Apache-2.0
#include "data/resample.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace flexor {
namespace {

constexpr int kColours = 3;
constexpr double kCentre = 7.0 / 8;  // 224 of 256, as usual for ImageNet

// The input pixels of one output pixel and their weights, whose sum is 1.
struct Window {
  int first = 0;
  std::vector<float> weights;
};

// Output pixels along one axis: `size` of them over `length` input pixels from `begin` on, of `limit` pixels in all.
std::vector<Window> windows(double begin, double length, int size, int limit) {
  const double step = length / size;
  const double reach = std::max(step, 1.0);
  std::vector<Window> all;
  for (int i = 0; i < size; ++i) {
    const double centre = begin + (i + 0.5) * step;
    Window window{std::clamp(static_cast<int>(std::floor(centre - reach + 0.5)), 0, limit - 1), {}};
    const int end = std::clamp(static_cast<int>(std::floor(centre + reach + 0.5)), window.first + 1, limit);
    double sum = 0;
    for (int x = window.first; x < end; ++x) {
      const double weight = std::max(0.0, 1 - std::abs(x + 0.5 - centre) / reach);
      window.weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : window.weights)
      weight = sum > 0 ? static_cast<float>(weight / sum) : 1.0F / static_cast<float>(end - window.first);
    all.push_back(std::move(window));
  }
  return all;
}

}  // namespace

void resample(const Picture& from, const Box& box, int height, int width, std::uint8_t* to) {
  const std::vector<Window> columns = windows(box.left, box.width, width, from.width);
  const std::vector<Window> rows = windows(box.top, box.height, height, from.height);
  const int first = rows.front().first;
  const int last = rows.back().first + static_cast<int>(rows.back().weights.size());
  const auto line = static_cast<std::size_t>(width) * kColours;
  std::vector<float> narrow(static_cast<std::size_t>(last - first) * line, 0);
  for (int y = first; y < last; ++y) {
    const std::uint8_t* row = from.rgb.data() + static_cast<std::ptrdiff_t>(y) * from.width * kColours;
    float* out = narrow.data() + static_cast<std::size_t>(y - first) * line;
    for (const Window& window : columns) {
      const std::uint8_t* pixel = row + window.first * kColours;
      for (const float weight : window.weights) {
        for (int c = 0; c < kColours; ++c) out[c] += weight * static_cast<float>(*pixel++);
      }
      out += kColours;
    }
  }
  std::vector<float> sum(line);
  for (const Window& window : rows) {
    std::fill(sum.begin(), sum.end(), 0.5F);  // rounds half up below
    const float* row = narrow.data() + static_cast<std::size_t>(window.first - first) * line;
    for (const float weight : window.weights) {
      for (std::size_t i = 0; i < line; ++i) sum[i] += weight * row[i];
      row += line;
    }
    for (const float value : sum) *to++ = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
  }
}

Box scaled(const Box& box, const PictureFile& file, const Picture& picture) {
  const double y = static_cast<double>(picture.height) / file.height(), x = static_cast<double>(picture.width) / file.width();
  return {box.top * y, box.left * x, box.height * y, box.width * x};
}

Box centre_box(int from_height, int from_width, int height, int width) {
  const double scale = std::min(static_cast<double>(from_height) / height, static_cast<double>(from_width) / width);
  const double part = scale * kCentre >= 1 ? kCentre : 1;  // a small picture is taken as far as it goes
  const double box_height = scale * height * part, box_width = scale * width * part;
  return {(from_height - box_height) / 2, (from_width - box_width) / 2, box_height, box_width};
}

}  // namespace flexor
