// SPDX-License-Identifier: Apache-2.0
#include "golden/fast_layer.hpp"

#include <algorithm>
#include <cmath>

#include "code/integer.hpp"
#include "golden/window_pool.hpp"

namespace flexor::golden {
namespace {

constexpr int kMostDigits = 6;  // 2^6 - 1 <= kLargestWeight

std::size_t index(std::ptrdiff_t value) { return static_cast<std::size_t>(value); }

/// Bytes of one row of the padded input.
int padded_row(const Layer& l) { return l.padded_width() * l.input.channels; }

/// 2x2 pooling of one pair of rows of bytes.
void pool_rows(const std::uint8_t* upper, const std::uint8_t* lower, const Shape& out, std::uint8_t* to) {
  const int c = out.channels;
  for (int x = 0; x < out.width; ++x, upper += 2 * c, lower += 2 * c, to += c) {
    for (int m = 0; m < c; ++m) to[m] = std::max(std::max(upper[m], upper[m + c]), std::max(lower[m], lower[m + c]));
  }
}

}  // namespace

/// Buffers of one call.
struct FastLayer::Scratch {
  std::vector<std::uint8_t> windows;        // of a dilated layer: [pixel][kernel row][kernel column][channel]
  std::vector<std::int32_t> sums, carried;  // [pixel][channel of block]
  std::vector<double> more;                 // likewise: product of the shortcut
};

FastLayer::FastLayer(const Network& network, std::size_t l, const Kernels& kernels)
    : kernels_(kernels), layer_(network.layers[l]), source_(network.source(l)) {
  if (layer_.shortcut) {
    shortcut_ = network.tensor(layer_.shortcut->source);
    signed_shortcut_ = network.is_projection(layer_.shortcut->source);
  }
  rows_ = layer_.global_average ? layer_.averaged_pixels() : layer_.kernel_height;
  quads_ = ceil_div(layer_.kernel_width * layer_.input.channels, kQuad);
  blocks_ = ceil_div(layer_.output.channels, kBlockChannels);
  // Few enough digits at a time for 8-bit weights.
  const int digits = static_cast<int>(layer_.planes.size());
  const int at_a_time = digits == 0 ? 1 : ceil_div(digits, ceil_div(digits, kMostDigits));
  for (int end = digits; end > 0; end -= std::min(end, at_a_time)) {
    const int taken = std::min(end, at_a_time);
    groups_.push_back(lay_out(network, network.layers[l], end - taken, taken));
  }
  layer_.planes.clear();
  bias_.assign(layer_.bias.begin(), layer_.bias.end());
  multiplier_.assign(layer_.multiplier.begin(), layer_.multiplier.end());
  bias_.resize(index(blocks_ * kBlockChannels));
  multiplier_.resize(bias_.size());
}

FastLayer::Group FastLayer::lay_out(const Network& network, const Layer& l, int first, int digits) const {
  const int rows = l.global_average ? 1 : rows_;
  Group group;
  group.digits = digits;
  group.weight.assign(index(blocks_ * rows * quads_) * kBlockChannels * kQuad, 0);
  for (int digit = 0; digit < digits; ++digit) {
    const std::vector<std::int8_t> canonical = decrypt_weights(network, l, first + digit);
    std::size_t at = 0;
    for (int m = 0; m < l.output.channels; ++m) {
      for (int r = 0; r < l.strings(); ++r) {
        for (int k = 0; k < l.string_length(); ++k, ++at) {
          const int ky = l.stack_rows ? k / l.input.channels % l.kernel_height : r;
          const int in = l.stack_rows ? k / l.input.channels / l.kernel_height * l.input.channels + k % l.input.channels : k;
          const int quad = ((m / kBlockChannels * rows + ky) * quads_ + in / kQuad) * kBlockChannels + m % kBlockChannels;
          std::int8_t& weight = group.weight[index(quad * kQuad + in % kQuad)];
          weight = static_cast<std::int8_t>(weight + canonical[at] * (1 << digit));
        }
      }
    }
  }
  return group;
}

const std::uint8_t* FastLayer::padded(const std::uint8_t* input, std::vector<std::uint8_t>& buffer) const {
  const Layer& l = layer_;
  if (l.padding.none()) return input;
  const int row = l.input.width * l.input.channels;
  buffer.assign(index(l.padded_height() * padded_row(l) + kSlack), 0);
  for (int y = 0; y < l.input.height; ++y) {
    std::copy_n(input + y * row, row, buffer.data() + (y + l.padding.top) * padded_row(l) + l.padding.left * l.input.channels);
  }
  return buffer.data();
}

/// The windows of output row y of a dilated layer, one after another, so that a kernel row's inputs are neighbours.
void FastLayer::gather_windows(const std::uint8_t* input, int y, std::vector<std::uint8_t>& windows) const {
  const Layer& l = layer_;
  const int channels = l.input.channels;
  const int pixels = l.unpooled().width;
  windows.resize(index(pixels * l.kernel_height * l.kernel_width * channels + kSlack));
  std::uint8_t* to = windows.data();
  for (int x = 0; x < pixels; ++x) {
    for (int i = 0; i < l.kernel_height * l.kernel_width; ++i, to += channels) {
      const int row = y * l.stride + i / l.kernel_width * l.dilation;
      const int column = x * l.stride + i % l.kernel_width * l.dilation;
      std::copy_n(input + row * padded_row(l) + column * channels, channels, to);
    }
  }
}

/// Sums of output row y.
void FastLayer::sum_row(const std::uint8_t* input, int y, Scratch& scratch) const {
  const Layer& l = layer_;
  const int pixels = l.unpooled().width;
  const int wide = blocks_ * kBlockChannels;
  scratch.sums.resize(index(pixels * wide));
  if (needs_more()) scratch.more.assign(scratch.sums.size(), 0);
  DotJob job;
  job.blocks = blocks_;
  job.rows = rows_;
  job.quads = quads_;
  job.block_step = static_cast<std::ptrdiff_t>(l.global_average ? 1 : rows_) * quads_ * kBlockChannels * kQuad;
  job.weight_row_step = l.global_average ? 0 : static_cast<std::ptrdiff_t>(quads_) * kBlockChannels * kQuad;
  job.activation = input + static_cast<std::ptrdiff_t>(y) * l.stride * padded_row(l);
  job.row_step = l.global_average ? l.input.channels : padded_row(l);
  job.pixel_step = static_cast<std::ptrdiff_t>(l.stride) * l.input.channels;
  if (l.dilation > 1) {
    gather_windows(input, y, scratch.windows);
    job.activation = scratch.windows.data();
    job.row_step = static_cast<std::ptrdiff_t>(l.kernel_width) * l.input.channels;
    job.pixel_step = job.row_step * l.kernel_height;
  }
  job.pixels = pixels;
  job.sums = scratch.sums.data();
  for (const Group& group : groups_) {
    job.weight = group.weight.data();
    kernels_.dot(job);
    if (&group != &groups_.front()) {
      for (std::size_t i = 0; i < scratch.sums.size(); ++i) scratch.sums[i] += scratch.carried[i] << group.digits;
    }
    if (&group != &groups_.back()) scratch.carried = scratch.sums;
  }
}

void FastLayer::add_shortcut(const std::uint8_t* row, double* more) const {
  const Shortcut& s = *layer_.shortcut;
  const double factor = std::ldexp(s.multiplier, layer_.shift - 8);
  const int channels = shortcut_.channels;
  more += s.channel_offset;
  for (int x = 0; x < layer_.output.width; ++x, row += s.stride * channels, more += blocks_ * kBlockChannels) {
    if (signed_shortcut_) {
      for (int c = 0; c < channels; ++c) more[c] += static_cast<std::int8_t>(row[c]) * factor;
    } else {
      for (int c = 0; c < channels; ++c) more[c] += row[c] * factor;
    }
  }
}

std::vector<std::uint8_t> FastLayer::activations(const std::uint8_t* input, const std::uint8_t* shortcut) const {
  const Layer& l = layer_;
  if (l.kind == LayerKind::Pool) {
    std::vector<std::uint8_t> pooled = pool_windows(l, input);
    pooled.resize(pooled.size() + kSlack);
    return pooled;
  }
  const Shape shape = l.unpooled();
  const int row = shape.width * shape.channels;
  std::vector<std::uint8_t> buffer;
  std::vector<std::uint8_t> out(index(l.output.size() + kSlack));
  std::vector<std::uint8_t> pair(index(l.max_pool ? 2 * row : 0));
  Scratch scratch;
  const std::uint8_t* from = padded(input, buffer);
  RequantiseJob job;
  job.bias = bias_.data();
  job.multiplier = multiplier_.data();
  job.channels = shape.channels;
  job.pixels = shape.width;
  job.sums_step = blocks_ * kBlockChannels;
  job.half = std::ldexp(1, l.shift - 1);
  job.scale = std::ldexp(1, -l.shift);
  // A projection is requantised above its least value and moved back: no kernel knows of signs.
  const int zero = l.projection ? l.activation_max + 1 : 0;
  job.limit = l.activation_max + zero;
  for (int y = 0; y < (l.max_pool ? 2 * l.output.height : shape.height); ++y) {
    sum_row(from, y, scratch);
    std::uint8_t* to = l.max_pool ? pair.data() + y % 2 * row : out.data() + y * row;
    if (l.shortcut) add_shortcut(shortcut + y * l.shortcut->stride * shortcut_.width * shortcut_.channels, scratch.more.data());
    if (l.projection) {
      for (double& m : scratch.more) m += std::ldexp(zero, l.shift);
    }
    job.sums = scratch.sums.data();
    job.more = needs_more() ? scratch.more.data() : nullptr;
    job.out = to;
    kernels_.requantise(job);
    if (l.projection) std::transform(to, to + row, to, [zero](std::uint8_t v) { return static_cast<std::uint8_t>(v - zero); });
    if (l.max_pool && y % 2 == 1) pool_rows(pair.data(), pair.data() + row, l.output, out.data() + y / 2 * l.output.width * shape.channels);
  }
  return out;
}

std::vector<std::int16_t> FastLayer::logits(const std::uint8_t* input) const {
  const Layer& l = layer_;
  const Shape shape = l.unpooled();
  std::vector<std::uint8_t> buffer;
  std::vector<std::int16_t> out;
  Scratch scratch;
  const std::uint8_t* from = padded(input, buffer);
  for (int y = 0; y < shape.height; ++y) {
    sum_row(from, y, scratch);
    for (int x = 0; x < shape.width; ++x) {
      for (int m = 0; m < shape.channels; ++m) {
        const std::size_t i = index(x * blocks_ * kBlockChannels + m);
        const std::size_t c = index(m);
        const double product = (scratch.sums[i] + bias_[c]) * multiplier_[c];
        const double v = std::floor(std::ldexp(product + std::ldexp(1, l.shift - 1), -l.shift));
        out.push_back(static_cast<std::int16_t>(std::clamp(v, -32768.0, 32767.0)));
      }
    }
  }
  return out;
}

}  // namespace flexor::golden
