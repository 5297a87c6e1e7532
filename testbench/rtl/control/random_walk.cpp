// SPDX-License-Identifier: Apache-2.0
#include "random_walk.hpp"

#include <algorithm>

namespace flexor::testbench {

namespace {

int draw(std::mt19937& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

}  // namespace

std::uint32_t field(const Walk& walk, const DescriptorField& f) {
  return (walk.words[static_cast<std::size_t>(f.word)] >> f.low) & static_cast<std::uint32_t>((1ULL << f.width) - 1);
}

void set_field(Walk& walk, const DescriptorField& f, std::uint32_t value) {
  const auto mask = static_cast<std::uint32_t>((1ULL << f.width) - 1) << f.low;
  auto& word = walk.words[static_cast<std::size_t>(f.word)];
  word = (word & ~mask) | ((value << f.low) & mask);
}

std::uint32_t pair_of(long address, int k) {
  const long offset = ((address % k) + k) % k;
  return static_cast<std::uint32_t>((address - offset) / k) << 8 | static_cast<std::uint32_t>(offset);
}

long address_of(std::uint32_t pair, int k, int rows) {
  return static_cast<long>((pair >> 8) % (2U * static_cast<unsigned>(rows))) * k + (pair & 0xFF);
}

Walk random_walk(int k, int rows, int p_max, std::mt19937& random, int most_digits, bool windows) {
  const int memory = 2 * rows * k;
  for (;;) {
    const int height = draw(random, 1, 12), width = draw(random, 1, 12), channels = draw(random, 1, draw(random, 1, 60)),
              batch = draw(random, 1, 4);
    const int padding = draw(random, 0, 2), stride = draw(random, 1, 3);
    const int kernel_height = std::min(draw(random, 1, 5), height + 2 * padding),
              kernel_width = std::min(draw(random, 1, 5), width + 2 * padding);
    const int raw_height = (height + 2 * padding - kernel_height) / stride + 1,
              raw_width = (width + 2 * padding - kernel_width) / stride + 1;
    const bool window = windows && draw(random, 0, 2) == 0;
    const bool pool = !window && draw(random, 0, 1) != 0 && raw_height >= 2 && raw_width >= 2;
    const int out_height = pool ? raw_height / 2 : raw_height, out_width = pool ? raw_width / 2 : raw_width;
    if (batch * height * width * channels > memory) continue;

    Walk walk;
    const int base = draw(random, 0, memory - 1);
    const auto at = [&](int image, int row, int column) {
      const int y = row * stride - padding, x = column * stride - padding;
      return Pixel{base + (static_cast<long>(image * height + y) * width + x) * channels, x * channels, y};
    };
    for (int image = 0; image < batch; ++image) {
      for (int row = 0; row < out_height; ++row) {
        for (int column = 0; column < out_width; ++column) {
          for (int w = 0; w < (pool ? 4 : 1); ++w) {
            walk.pixels.push_back(pool ? at(image, 2 * row + w / 2, 2 * column + w % 2) : at(image, row, column));
          }
        }
      }
    }
    walk.m_tiles = draw(random, 1, 3);
    walk.digits = window ? 1 : draw(random, 1, most_digits);
    walk.window = window;
    walk.window_bytes = channels;
    walk.strings = kernel_height;
    walk.chunks = window ? kernel_width : (kernel_width * channels + k - 1) / k;
    walk.row_step = static_cast<long>(width) * channels;
    walk.block_pixels = std::min(draw(random, 1, p_max), static_cast<int>(walk.pixels.size()));
    if (pool) walk.block_pixels = std::max(4, walk.block_pixels / 4 * 4);

    for (auto& word : walk.words) word = static_cast<std::uint32_t>(random());
    const auto u = [](long value) { return static_cast<std::uint32_t>(value); };
    const auto step = [&](const Pixel& to, const Pixel& from) { return pair_of(to.address - from.address, k); };
    const int two = pool ? 2 : 1, last_row = out_height * two - 1, last_column = out_width * two - 1;
    set_field(walk, descriptor::last, 0);
    set_field(walk, descriptor::pool, pool);
    set_field(walk, descriptor::stored_bits, u(draw(random, 1, 32)));
    set_field(walk, descriptor::channels, u(draw(random, 1, 0x1FF)));
    set_field(walk, descriptor::m_tiles, u(walk.m_tiles));
    set_field(walk, descriptor::strings, u(walk.strings));
    set_field(walk, descriptor::chunks, u(walk.chunks));
    set_field(walk, descriptor::input_base, pair_of(walk.pixels[0].address, k));
    set_field(walk, descriptor::row_step, pair_of(walk.row_step, k));
    set_field(walk, descriptor::pixels, u(static_cast<long>(walk.pixels.size())));
    set_field(walk, descriptor::block_pixels, u(walk.block_pixels));
    set_field(walk, descriptor::columns, u(out_width));
    set_field(walk, descriptor::rows, u(out_height));
    set_field(walk, descriptor::step_window_x, window ? pair_of(channels, k) : step(at(0, 0, 1), at(0, 0, 0)));
    set_field(walk, descriptor::window_bytes, u(channels));
    set_field(walk, descriptor::window, window);
    set_field(walk, descriptor::step_window_y, step(at(0, 1, 0), at(0, 0, 1)));
    set_field(walk, descriptor::step_x, pool ? step(at(0, 0, 2), at(0, 1, 1)) : step(at(0, 0, 1), at(0, 0, 0)));
    set_field(walk, descriptor::step_y, step(at(0, last_row + 1, 0), at(0, last_row, last_column)));
    set_field(walk, descriptor::step_image, step(at(1, 0, 0), at(0, last_row, last_column)));
    set_field(walk, descriptor::x_start, u(-padding * channels));
    set_field(walk, descriptor::x_step, u(stride * channels));
    set_field(walk, descriptor::y_start, u(-padding));
    set_field(walk, descriptor::y_step, u(stride));
    set_field(walk, descriptor::height, u(height));
    set_field(walk, descriptor::digits, u(walk.digits));
    set_field(walk, descriptor::sum_pixels, 1);
    set_field(walk, descriptor::residual, 0);
    set_field(walk, descriptor::shortcut, 0);
    set_field(walk, descriptor::projection, 0);
    return walk;
  }
}

}  // namespace flexor::testbench
