// SPDX-License-Identifier: Apache-2.0
#include "compiler/descriptor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>

#include "code/error.hpp"
#include "compiler/activation_plan.hpp"

namespace flexor {
namespace {

namespace field = descriptor;

constexpr std::int64_t kLargestStoredBits = 32;
constexpr std::int64_t kAnyCount = std::numeric_limits<std::int64_t>::max();

// Largest count of rows or columns and largest input height (error 1 in docs/architecture.md).
std::int64_t largest_side(const EngineParameters& engine) { return (std::int64_t{1} << engine.CountWidth) - 1; }

// The engine counts below 2^(PixelWidth - 1) pixels: four for each byte of its activation memory, rounded up to a power of two.
std::int64_t largest_pixels(const EngineParameters& engine) {
  return 4 * static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(engine.activation_bytes()))) - 1;
}

// Puts values into fields, with a range check on each.
class Writer {
 public:
  Writer(const std::string& layer, std::span<std::uint32_t> words) : layer_(layer), words_(words) {}

  void put(const char* name, const DescriptorField& f, std::int64_t value) {
    check(name, value, 0, (std::int64_t{1} << f.width) - 1);
    insert(f, value);
  }
  // A loop count: the engine reports an illegal descriptor outside 1..most.
  void put_count(const char* name, const DescriptorField& f, std::int64_t value, std::int64_t most) {
    check(name, value, 1, std::min(most, (std::int64_t{1} << f.width) - 1));
    insert(f, value);
  }
  void put_signed(const char* name, const DescriptorField& f, std::int64_t value) {
    check(name, value, -(std::int64_t{1} << (f.width - 1)), (std::int64_t{1} << (f.width - 1)) - 1);
    insert(f, value);
  }
  void put_pair(const DescriptorField& f, std::int64_t bytes, int word_bytes) { insert(f, to_pair(bytes, word_bytes)); }

 private:
  void check(const char* name, std::int64_t value, std::int64_t low, std::int64_t high) const {
    if (value >= low && value <= high) return;
    throw InputError(
        fmt::format("layer '{}': its {} is {}, but the engine takes {} to {}; make the layer smaller", layer_, name, value, low, high));
  }
  void insert(const DescriptorField& f, std::int64_t value) {
    const std::uint64_t mask = (std::uint64_t{1} << f.width) - 1;
    words_[static_cast<std::size_t>(f.word)] |= static_cast<std::uint32_t>((static_cast<std::uint64_t>(value) & mask) << f.low);
  }

  const std::string& layer_;
  std::span<std::uint32_t> words_;
};

// The walk over the pixels, as distances in the input tensor: see "Loops" in docs/architecture.md.
void put_steps(Writer& out, const Geometry& g, int word_bytes) {
  const std::int64_t right = static_cast<std::int64_t>(g.stride_x) * g.input.channels;
  const std::int64_t row = g.input_row_bytes();
  const std::int64_t down = g.stride_y * row;
  const std::int64_t window = g.pool ? 2 : 1;
  const std::int64_t last_x = (window * g.columns - 1) * right;
  const std::int64_t last_y = (window * g.rows - 1) * down;
  out.put_pair(field::row_step, row, word_bytes);
  out.put_pair(field::step_window_x, g.windows ? g.input.channels : right, word_bytes);
  out.put_pair(field::step_window_y, down - right, word_bytes);
  out.put_pair(field::step_x, g.pool ? right - down : right, word_bytes);
  out.put_pair(field::step_y, down - last_x, word_bytes);
  out.put_pair(field::step_image, g.input.size() - last_y - last_x, word_bytes);
}

}  // namespace

std::uint32_t to_pair(std::int64_t bytes, int word_bytes) {
  const std::int64_t offset = (bytes % word_bytes + word_bytes) % word_bytes;
  return static_cast<std::uint32_t>(((bytes - offset) / word_bytes) * 256 + offset);
}

namespace {

void put_residual(Writer& out, const Geometry& g, const DescriptorValues& v, const EngineParameters& engine) {
  out.put("residual flag", field::residual, v.residual >= 0 ? 1 : 0);
  out.put("shortcut flag", field::shortcut, v.shortcut ? 1 : 0);
  out.put("projection flag", field::projection, v.projection ? 1 : 0);
  out.put("residual step", field::residual_step, v.residual_step);
  out.put("residual address", field::residual_base, std::max<std::int64_t>(v.residual, 0));
  if (!v.shortcut) return;
  const DescriptorValues::Shortcut& s = *v.shortcut;
  const std::int64_t right = static_cast<std::int64_t>(s.stride) * residual_step(s.source.channels, engine);
  const std::int64_t down = right * s.source.width;
  const std::int64_t image = static_cast<std::int64_t>(s.source.height) * s.source.width * residual_step(s.source.channels, engine);
  out.put("shortcut multiplier", field::shortcut_multiplier, s.multiplier);
  out.put("shortcut's sign", field::shortcut_signed, s.is_signed ? 1 : 0);
  const int first = s.channel_offset - v.first_channel;
  out.put("shortcut's first channel", field::shortcut_first, std::max(first, 0));
  out.put("shortcut's last channel", field::shortcut_end, std::max(first + s.source.channels, 0));
  out.put_signed("shortcut address", field::shortcut_base, s.residual - first / engine.R);
  out.put_signed("shortcut's step to the right", field::shortcut_step_x, right);
  out.put_signed("shortcut's step down", field::shortcut_step_y, down - (g.columns - 1) * right);
  out.put_signed("shortcut's step to the next image", field::shortcut_step_image, image - (g.rows - 1) * down - (g.columns - 1) * right);
}

}  // namespace

void write_descriptor(const std::string& layer, const Geometry& g, const DescriptorValues& v, const EngineParameters& engine,
                      std::span<std::uint32_t> words) {
  Writer out(layer, words);
  const int word_bytes = engine.WordBytes;
  out.put("last flag", field::last, v.last ? 1 : 0);
  out.put("logits flag", field::logits, v.logits ? 1 : 0);
  out.put("pool flag", field::pool, g.pool ? 1 : 0);
  out.put("window flag", field::window, g.windows ? 1 : 0);
  out.put("maximum flag", field::maximum, g.maximum ? 1 : 0);
  out.put("bytes of a pixel", field::window_bytes, g.windows ? g.input.channels : 0);
  out.put("upper clamp", field::activation_max, v.activation_max);
  out.put_count("stored bits per slice", field::stored_bits, v.stored_bits, kLargestStoredBits);
  out.put("code memory address", field::code_base, v.code_base);
  out.put("weight memory address", field::weight_base, v.weight_base);
  out.put("parameter address", field::parameter_base, v.parameter_base);
  out.put_count("number of output channels", field::channels, g.channels, kAnyCount);
  out.put_count("number of channel tiles", field::m_tiles, v.m_tiles, kAnyCount);
  out.put_count("number of kernel rows", field::strings, g.strings, kAnyCount);
  out.put_count("number of input chunks", field::chunks, v.chunks, kAnyCount);
  const std::int64_t row = g.input_row_bytes();
  out.put_pair(field::input_base, v.input_address - g.padding_y * row - static_cast<std::int64_t>(g.padding_x) * g.input.channels,
               word_bytes);
  out.put_pair(field::output_base, v.output_address, word_bytes);
  out.put_pair(field::output_step, g.output_bytes, word_bytes);
  out.put_count("number of pixels", field::pixels, static_cast<std::int64_t>(g.pixels()) * v.batch, largest_pixels(engine));
  out.put_count("block of pixels", field::block_pixels, v.block_pixels, engine.PMax);
  out.put("progress of transfers", field::progress, v.progress);
  out.put_count("number of output columns", field::columns, g.columns, largest_side(engine));
  out.put_count("number of output rows", field::rows, g.rows, largest_side(engine));
  put_steps(out, g, word_bytes);
  out.put_signed("horizontal padding in bytes", field::x_start, -static_cast<std::int64_t>(g.padding_x) * g.input.channels);
  out.put("horizontal stride in bytes", field::x_step, static_cast<std::int64_t>(g.stride_x) * g.input.channels);
  out.put("string length", field::string_length, g.length);
  out.put("input row in bytes", field::row_length, row);
  out.put_signed("vertical padding", field::y_start, -g.padding_y);
  out.put("vertical stride", field::y_step, g.stride_y);
  out.put_count("input height", field::height, g.input.height, largest_side(engine));
  out.put_count("number of binary digits", field::digits, v.digits, engine.Digits);
  out.put_count("number of averaged pixels", field::sum_pixels, g.sum_pixels, std::int64_t{1} << engine.SumBits);
  put_residual(out, g, v, engine);
}

}  // namespace flexor
