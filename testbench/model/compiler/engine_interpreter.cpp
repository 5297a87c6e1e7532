// SPDX-License-Identifier: Apache-2.0
#include "engine_interpreter.hpp"

#include <algorithm>
#include <stdexcept>

namespace flexor::test {
namespace {

constexpr int kNotWritten = -1000000;

// Bits high:low of a word.
std::uint32_t bits(std::uint32_t word, int high, int low) {
  return static_cast<std::uint32_t>((static_cast<std::uint64_t>(word) >> low) & ((std::uint64_t{1} << (high - low + 1)) - 1));
}

int field(std::uint32_t word, int high, int low) { return static_cast<int>(bits(word, high, low)); }

// Two's complement value of the low `width` bits.
std::int64_t sign_extend(std::int64_t value, int width) {
  const std::int64_t span = std::int64_t{1} << width;
  const std::int64_t low = ((value % span) + span) % span;
  return low >= span / 2 ? low - span : low;
}

}  // namespace

struct EngineInterpreter::Descriptor {
  // Words as in the table of docs/architecture.md.
  explicit Descriptor(const std::uint32_t* w)
      : last(field(w[0], 0, 0)),
        logits(field(w[0], 1, 1)),
        pool(field(w[0], 2, 2)),
        activation_max(field(w[0], 15, 8)),
        stored_bits(field(w[0], 21, 16)),
        code_base(field(w[0], 31, 24)),
        weight_base(w[1]),
        parameter_base(field(w[2], 15, 0)),
        channels(field(w[2], 31, 16)),
        m_tiles(field(w[3], 11, 0)),
        strings(field(w[3], 19, 12)),
        chunks(field(w[3], 31, 20)),
        input_base(w[4]),
        row_step(w[5]),
        output_base(w[6]),
        output_step(w[7]),
        pixels(w[8]),
        block_pixels(field(w[9], 15, 0)),
        columns(field(w[10], 15, 0)),
        rows(field(w[10], 31, 16)),
        step_window_x(w[11]),
        step_window_y(w[12]),
        step_x(w[13]),
        step_y(w[14]),
        step_image(w[15]),
        x_start(static_cast<int>(sign_extend(w[16] & 0xFFFF, 16))),
        x_step(field(w[16], 31, 16)),
        string_length(field(w[17], 15, 0)),
        row_length(field(w[17], 31, 16)),
        y_start(static_cast<int>(sign_extend(w[18] & 0xFF, 8))),
        y_step(field(w[18], 15, 8)),
        height(field(w[18], 31, 16)),
        digits(field(w[19], 3, 0)),
        residual(field(w[19], 4, 4)),
        shortcut(field(w[19], 5, 5)),
        projection(field(w[19], 6, 6)),
        shortcut_signed(field(w[19], 7, 7)),
        window(field(w[19], 8, 8)),
        maximum(field(w[19], 9, 9)),
        window_bytes(field(w[9], 31, 16)),
        sum_pixels(field(w[19], 31, 16)),
        shortcut_multiplier(field(w[20], 15, 0)),
        residual_step(field(w[20], 31, 16)),
        shortcut_first(field(w[21], 15, 0)),
        shortcut_end(field(w[21], 31, 16)),
        residual_base(static_cast<std::int32_t>(w[22])),
        shortcut_base(static_cast<std::int32_t>(w[23])),
        shortcut_step_x(static_cast<std::int32_t>(w[24])),
        shortcut_step_y(static_cast<std::int32_t>(w[25])),
        shortcut_step_image(static_cast<std::int32_t>(w[26])) {}
  int last, logits, pool, activation_max, stored_bits, code_base;
  std::uint32_t weight_base;
  int parameter_base, channels, m_tiles, strings, chunks;
  std::uint32_t input_base, row_step, output_base, output_step, pixels;
  int block_pixels, columns, rows;
  std::uint32_t step_window_x, step_window_y, step_x, step_y, step_image;
  int x_start, x_step, string_length, row_length, y_start, y_step, height;
  int digits, residual, shortcut, projection, shortcut_signed, window, maximum, window_bytes, sum_pixels, shortcut_multiplier,
      residual_step, shortcut_first, shortcut_end;
  std::int64_t residual_base, shortcut_base, shortcut_step_x, shortcut_step_y, shortcut_step_image;
};

EngineInterpreter::EngineInterpreter(const MemoryImage& image, const EngineParameters& engine)
    : image_(image),
      engine_(engine),
      memory_(static_cast<std::size_t>(2 * engine.ActRows * engine.WordBytes), 0xA5),
      residual_(static_cast<std::size_t>(engine.ResidualWords * engine.R), 0x5A) {}

std::int64_t EngineInterpreter::linear(std::uint32_t pair) const { return sign_extend(pair >> 8, 24) * engine_.WordBytes + (pair & 0xFF); }

std::uint32_t EngineInterpreter::add(std::uint32_t a, std::uint32_t b) const {
  std::uint32_t offset = (a & 0xFF) + (b & 0xFF);
  std::uint32_t word = (a >> 8) + (b >> 8);
  if (offset >= static_cast<std::uint32_t>(engine_.WordBytes)) {
    offset -= static_cast<std::uint32_t>(engine_.WordBytes);
    ++word;
  }
  return (word << 8) | offset;
}

void EngineInterpreter::store(std::int64_t at, int byte) { memory_.at(static_cast<std::size_t>(at)) = static_cast<std::uint8_t>(byte); }

void EngineInterpreter::load_input(int index, const std::vector<std::uint8_t>& tensor) {
  const auto at = image_.input_address + static_cast<std::size_t>(index) * tensor.size();
  for (std::size_t i = 0; i < tensor.size(); ++i) memory_.at(at + i) = tensor[i];
}

std::vector<EngineInterpreter::Pixel> EngineInterpreter::walk(const Descriptor& d) const {
  std::vector<Pixel> pixels;
  std::uint32_t at = d.input_base;
  const int side = d.pool != 0 ? 2 : 1;
  const auto put = [&](int row, int column, int wy, int wx) {
    pixels.push_back({at, d.x_start + (side * column + wx) * d.x_step, d.y_start + (side * row + wy) * d.y_step});
  };
  while (pixels.size() < d.pixels) {
    for (int row = 0; row < d.rows; ++row) {
      for (int column = 0; column < d.columns; ++column) {
        put(row, column, 0, 0);
        if (d.pool != 0) {
          at = add(at, d.step_window_x);
          put(row, column, 0, 1);
          at = add(at, d.step_window_y);
          put(row, column, 1, 0);
          at = add(at, d.step_window_x);
          put(row, column, 1, 1);
        }
        if (column + 1 < d.columns) at = add(at, d.step_x);
      }
      if (row + 1 < d.rows) at = add(at, d.step_y);
    }
    at = add(at, d.step_image);
  }
  if (pixels.size() != d.pixels) throw std::logic_error("pixels of the descriptor are not whole images");
  return pixels;
}

// What word j adds to the bits of a slice: code memory, what a wired engine makes of stored bit n-1-j, or weight j.
std::uint32_t EngineInterpreter::column(const Descriptor& d, int j) const {
  if (engine_.Decryption == 0) return image_.code.at(static_cast<std::size_t>(d.code_base + j));
  if (engine_.Decryption == 2) return 1U << j;
  const std::uint32_t raw = wired_code().column(d.stored_bits - 1 - j);
  if (engine_.PeStyle == 4) return recode_ecp5_row(raw & 1023) | recode_ecp5_row(raw >> 10) << 10;
  return engine_.PeStyle == 5 ? recode_xc7_row(raw & 1023) | recode_xc7_row(raw >> 10) << 10 : raw;
}

// Bits on weight_i of one tile: [m] is a word per lane, kept as bit m of element k.
std::vector<std::uint32_t> EngineInterpreter::load_tile(const Descriptor& d, std::uint32_t address) const {
  const int slices_k = engine_.K / 10;
  const int slices = engine_.K * engine_.M / 20;
  std::vector<std::uint32_t> weight(static_cast<std::size_t>(engine_.K), 0);
  for (int s = 0; s < slices; ++s) {
    std::uint32_t y = 0;
    for (int j = 0; j < d.stored_bits; ++j) {
      const std::uint64_t word = image_.weight.at(address + static_cast<std::size_t>(s / engine_.D * d.stored_bits + j));
      if ((word >> (s % engine_.D) & 1) == 0) continue;
      y ^= column(d, j);
    }
    for (int i = 0; i < 20; ++i) {
      const int m = s / slices_k * 2 + i / 10;
      const int k = s % slices_k * 10 + i % 10;
      weight[static_cast<std::size_t>(k)] |= (y >> i & 1U) << m;
    }
  }
  return weight;
}

std::vector<int> EngineInterpreter::fetch(const Descriptor& d, const Pixel& pixel, int r, int c) const {
  std::uint32_t address = pixel.address;
  for (int i = 0; i < r; ++i) address = add(address, d.row_step);
  const int start = c * engine_.K;  // of the chunk in its string
  address = add(address, static_cast<std::uint32_t>(start / engine_.WordBytes << 8 | start % engine_.WordBytes));
  const bool row_live = pixel.y + r >= 0 && pixel.y + r < d.height;
  const int end = std::min(d.string_length, d.row_length - pixel.xpos);
  std::vector<int> lanes(static_cast<std::size_t>(engine_.K), 0);
  for (int k = 0; k < engine_.K; ++k) {
    const int at = start + k;
    if (!row_live || at < -pixel.xpos || at >= end) continue;
    lanes[static_cast<std::size_t>(k)] = memory_.at(static_cast<std::size_t>(linear(address) + k));
  }
  return lanes;
}

// A tile is a place of the window; lane m of the patch goes to accumulator m, four units an LSB.
void EngineInterpreter::pool_block(const Descriptor& d, const std::vector<Pixel>& pixels, std::size_t first, std::size_t count, int m_tile,
                                   std::vector<std::vector<std::int64_t>>& acc) const {
  for (std::size_t i = 0; i < count; ++i) {
    for (int r = 0; r < d.strings; ++r) {
      std::uint32_t row = pixels[first + i].address;
      for (int n = 0; n < r; ++n) row = add(row, d.row_step);
      for (int c = 0; c < d.chunks; ++c, row = add(row, d.step_window_x)) {
        const int y = pixels[first + i].y + r, x = pixels[first + i].xpos + c * d.window_bytes;
        if (y < 0 || y >= d.height || x < 0 || x >= d.row_length) continue;
        for (int lane = 0; lane < engine_.M && m_tile * engine_.M + lane < d.channels; ++lane) {
          const std::int64_t value = 4 * memory_.at(static_cast<std::size_t>(linear(row) + m_tile * engine_.M + lane));
          std::int64_t& sum = acc[i][static_cast<std::size_t>(lane)];
          sum = d.maximum != 0 ? std::max(sum, value) : sum + value;
        }
      }
    }
  }
}

void EngineInterpreter::compute_block(const Descriptor& d, const std::vector<Pixel>& pixels, std::size_t first, std::size_t count,
                                      int m_tile, std::vector<std::vector<std::int64_t>>& acc) const {
  if (d.window != 0) {
    pool_block(d, pixels, first, count, m_tile, acc);
    return;
  }
  const int tile_words = engine_.K * engine_.M / 20 / engine_.D * d.stored_bits;
  const int tiles = d.digits * d.strings * d.chunks;
  for (int n = 0; n < tiles; ++n) {
    const int r = n / d.chunks % d.strings;
    const int c = n % d.chunks;
    const bool next_digit = n > 0 && r == 0 && c == 0;
    const auto weight = load_tile(d, d.weight_base + static_cast<std::uint32_t>((m_tile * tiles + n) * tile_words));
    for (std::size_t i = 0; i < count; ++i) {
      const std::vector<int> lanes = fetch(d, pixels[first + i], r, c);
      for (int m = 0; m < engine_.M; ++m) {
        std::vector<int> u;
        for (const std::uint32_t word : weight) u.push_back(static_cast<int>(word >> m & 1U));
        std::int64_t& sum = acc[i][static_cast<std::size_t>(m)];
        sum = (next_digit ? 2 * sum : sum) + array_sum(engine_.PeStyle, engine_.K, lanes, u);
      }
    }
  }
}

std::vector<int> EngineInterpreter::shortcut(const Descriptor& d, std::size_t pixel) const {
  std::vector<int> values(static_cast<std::size_t>(d.channels), 0);
  if (d.shortcut == 0) return values;
  std::int64_t word = d.shortcut_base;
  for (std::size_t n = 1; n <= pixel; ++n) {
    const bool row_end = n % static_cast<std::size_t>(d.columns) == 0;
    const bool image_end = n % static_cast<std::size_t>(d.columns * d.rows) == 0;
    word += image_end ? d.shortcut_step_image : row_end ? d.shortcut_step_y : d.shortcut_step_x;
  }
  for (int m = d.shortcut_first; m < std::min(d.shortcut_end, d.channels); ++m) {
    const int byte = residual_.at(static_cast<std::size_t>(word * engine_.R + m));
    values[static_cast<std::size_t>(m)] = d.shortcut_signed != 0 && byte > 127 ? byte - 256 : byte;
  }
  return values;
}

void EngineInterpreter::drain_block(const Descriptor& d, std::size_t first, std::size_t count, int m_tile,
                                    const std::vector<std::vector<std::int64_t>>& acc, std::vector<int>& boundary) {
  const auto window = static_cast<std::size_t>(d.pool != 0 ? 4 : d.sum_pixels);
  if (count % window != 0) throw std::logic_error("a block cuts a pooling window");
  for (std::size_t i = 0; i < count; i += window) {
    const std::size_t pixel = (first + i) / window;
    std::uint32_t address = d.output_base;
    for (std::size_t n = 0; n < pixel; ++n) address = add(address, d.output_step);
    const std::vector<int> added = shortcut(d, pixel);
    for (int lane = 0; lane < engine_.M; ++lane) {
      const int m = m_tile * engine_.M + lane;
      if (m >= d.channels) continue;
      const auto parameter = static_cast<std::size_t>(d.parameter_base + 2 * m);
      const std::int64_t offset = sign_extend(image_.control.at(parameter), 32);
      const std::int64_t multiplier = sign_extend(image_.control.at(parameter + 1), 16);
      std::int64_t out = -32768;
      std::int64_t sum = offset;
      for (std::size_t n = 0; n < window; ++n) {
        sum = (d.pool != 0 ? offset : sum) + acc[i + n][static_cast<std::size_t>(lane)];
        if (d.pool == 0 && n + 1 < window) continue;
        const std::int64_t t = sign_extend(sum, engine_.AccWidth + engine_.SumBits);
        const std::int64_t r = std::int64_t{added[static_cast<std::size_t>(m)]} * d.shortcut_multiplier * 256;
        const std::int64_t v = (t * multiplier + r + (std::int64_t{1} << (engine_.Shift - 1))) >> engine_.Shift;
        const std::int64_t low = d.logits != 0 ? -32768 : d.projection != 0 ? -d.activation_max - 1 : 0;
        const std::int64_t high = d.logits != 0 ? 32767 : d.activation_max;
        out = std::max(out, std::min(std::max(v, low), high));
      }
      boundary.at(pixel * static_cast<std::size_t>(d.channels) + static_cast<std::size_t>(m)) = static_cast<int>(out);
      if (d.logits != 0) {
        store(linear(address) + 2 * m, static_cast<int>(out & 0xFF));
        store(linear(address) + 2 * m + 1, static_cast<int>(out >> 8 & 0xFF));
      } else {
        if (d.projection == 0) store(linear(address) + m, static_cast<int>(out));
        const std::int64_t word = d.residual_base + static_cast<std::int64_t>(pixel) * d.residual_step;
        if (d.residual != 0) residual_.at(static_cast<std::size_t>(word * engine_.R + m)) = static_cast<int>(out) & 0xFF;
      }
    }
  }
}

void EngineInterpreter::run() {
  for (std::uint32_t at = image_.descriptor;; at += 32) {
    const Descriptor d(&image_.control.at(at));
    if (d.stored_bits < 1 || d.stored_bits > 32 || d.block_pixels < 1 || d.block_pixels > engine_.PMax)
      throw std::logic_error("illegal descriptor");
    const std::vector<Pixel> pixels = walk(d);
    boundaries_.emplace_back(
        pixels.size() / static_cast<std::size_t>(d.pool != 0 ? 4 : d.sum_pixels) * static_cast<std::size_t>(d.channels), kNotWritten);
    for (int m_tile = 0; m_tile < d.m_tiles; ++m_tile) {
      for (std::size_t first = 0; first < pixels.size(); first += static_cast<std::size_t>(d.block_pixels)) {
        const std::size_t count = std::min(static_cast<std::size_t>(d.block_pixels), pixels.size() - first);
        std::vector<std::vector<std::int64_t>> acc(count, std::vector<std::int64_t>(static_cast<std::size_t>(engine_.M), 0));
        compute_block(d, pixels, first, count, m_tile, acc);
        drain_block(d, first, count, m_tile, acc, boundaries_.back());
      }
    }
    if (d.last != 0) return;
  }
}

std::vector<std::int16_t> EngineInterpreter::logits(int index) const {
  std::vector<std::int16_t> out;
  for (int c = 0; c < image_.classes; ++c) {
    const auto at = image_.output_address + static_cast<std::size_t>(2 * (index * image_.classes + c));
    out.push_back(static_cast<std::int16_t>(memory_.at(at) | memory_.at(at + 1) << 8));
  }
  return out;
}

}  // namespace flexor::test
