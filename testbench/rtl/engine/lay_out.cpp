// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "random_network.hpp"

namespace flexor::testbench {

namespace {

/// Layout of one layer: tiles, parameters, descriptor.
class LayerLayout {
 public:
  LayerLayout(const LayerCase& layer, const Geometry& engine, int batch)
      : layer_(layer),
        engine_(engine),
        batch_(batch),
        m_tiles_((layer.out_channels + engine.m - 1) / engine.m),
        chunks_(layer.window ? layer.kernel_width : (layer.length() + engine.k - 1) / engine.k) {}

  /// Stored bits of engine slice (pm, gk) of a plane's tile; slices that do not exist hold zeros.
  [[nodiscard]] std::uint32_t stored(int plane, int m_tile, int row, int chunk, int slice) const {
    const int per_row = engine_.k / 10;
    const int p = m_tile * engine_.m / 2 + slice / per_row, g = chunk * per_row + slice % per_row;
    if (p >= (layer_.out_channels + 1) / 2 || g >= layer_.slices_per_string()) return 0;
    return layer_
        .stored[static_cast<std::size_t>(plane * layer_.slices() + (p * layer_.kernel_height + row) * layer_.slices_per_string() + g)];
  }

  [[nodiscard]] std::uint32_t decrypt(std::uint32_t x) const {
    std::uint32_t y = 0;
    for (int j = 0; j < layer_.stored_bits; ++j) y ^= ((x >> j) & 1U) != 0 ? layer_.columns[static_cast<std::size_t>(j)] : 0;
    return y;
  }

  void tiles(std::vector<std::uint64_t>& words) const {
    if (layer_.window) return;  // the engine loads whatever stands there
    for (int m = 0; m < m_tiles_; ++m) {
      for (int p = layer_.digits - 1; p >= 0; --p) {
        for (int r = 0; r < layer_.kernel_height; ++r) {
          for (int c = 0; c < chunks_; ++c) tile(p, m, r, c, words);
        }
      }
    }
  }

  void tile(int plane, int m_tile, int row, int chunk, std::vector<std::uint64_t>& words) const {
    for (int g = 0; g < engine_.slices() / engine_.d; ++g) {
      for (int j = 0; j < layer_.stored_bits; ++j) {
        std::uint64_t word = 0;
        for (int d = 0; d < engine_.d; ++d) {
          const int bit = engine_.decryption == 1 ? layer_.stored_bits - 1 - j : j;  // a wired engine takes the last one first
          word |= static_cast<std::uint64_t>((stored(plane, m_tile, row, chunk, g * engine_.d + d) >> bit) & 1U) << d;
        }
        words.push_back(word);
      }
    }
  }

  /// What pair-style arrays add to a channel's sum: 256 (even lane) or 255 (odd lane) for every weight that is -1; twice as much for
  /// every next digit, and once for every pixel of a sum.
  [[nodiscard]] std::int64_t correction(int channel) const {
    std::int64_t sum = 0;
    if (layer_.window || (engine_.pe_style != 0 && engine_.pe_style != 3)) return 0;
    const int m_tile = channel / engine_.m, in_tile = channel % engine_.m;
    for (int plane = 0; plane < layer_.digits; ++plane) {
      for (int i = 0; i < layer_.kernel_height * chunks_ * engine_.k; ++i) {
        const int k = i % engine_.k, c = i / engine_.k % chunks_, r = i / engine_.k / chunks_;
        const std::uint32_t y = decrypt(stored(plane, m_tile, r, c, in_tile / 2 * (engine_.k / 10) + k / 10));
        if (((y >> (in_tile % 2 * 10 + k % 10)) & 1U) == 0) sum += static_cast<std::int64_t>(256 - k % 2) << plane;
      }
    }
    return layer_.average ? sum * layer_.pixels() : sum;
  }

  /// Byte address of the first input of pixel (y, x) relative to the tensor; y, x count before pooling.
  [[nodiscard]] long place(int image, int y, int x) const {
    const long row = static_cast<long>(image) * layer_.height + y * layer_.stride - layer_.padding;
    return (row * layer_.width + x * layer_.stride - layer_.padding) * layer_.channels;
  }

  [[nodiscard]] std::vector<std::uint32_t> descriptor(bool last, int code_base, long weight_base, int parameter_base, long input,
                                                      long output) const {
    std::vector<std::uint32_t> w(32, 0);
    const auto pair = [&](long address) { return to_pair(address, engine_.word_bytes); };
    const auto u = [](long value) { return static_cast<std::uint32_t>(value); };
    const int two = layer_.pool ? 2 : 1;
    const int rows = layer_.average ? layer_.height : layer_.out_height(), columns = layer_.average ? layer_.width : layer_.out_width();
    const int end_y = rows * two - 1, end_x = columns * two - 1;
    w[0] = u(last) | u(layer_.logits) << 1 | u(layer_.pool) << 2 | u(layer_.activation_max) << 8 | u(layer_.stored_bits) << 16 |
           u(code_base) << 24;
    w[1] = u(weight_base);
    w[2] = u(parameter_base) | u(layer_.out_channels) << 16;
    w[3] = u(m_tiles_) | u(layer_.kernel_height) << 12 | u(chunks_) << 20;
    w[4] = pair(input + place(0, 0, 0));
    w[5] = pair(static_cast<long>(layer_.width) * layer_.channels);
    w[6] = pair(output);
    w[7] = pair(layer_.out_channels * (layer_.logits ? 2 : 1));
    w[8] = u(pixels());
    w[9] = u(layer_.block_pixels) | (layer_.window ? u(layer_.channels) << 16 : 0);
    w[10] = u(columns) | u(rows) << 16;
    w[11] = pair(layer_.window ? layer_.channels : place(0, 0, 1) - place(0, 0, 0));
    w[12] = pair(place(0, 1, 0) - place(0, 0, 1));
    w[13] = pair(layer_.pool ? place(0, 0, 2) - place(0, 1, 1) : place(0, 0, 1) - place(0, 0, 0));
    w[14] = pair(place(0, end_y + 1, 0) - place(0, end_y, end_x));
    w[15] = pair(place(1, 0, 0) - place(0, end_y, end_x));
    w[16] = (u(-layer_.padding * layer_.channels) & 0xFFFFU) | u(layer_.stride * layer_.channels) << 16;
    w[17] = u(layer_.length()) | u(static_cast<long>(layer_.width) * layer_.channels) << 16;
    w[18] = (u(-layer_.padding) & 0xFFU) | u(layer_.stride) << 8 | u(layer_.height) << 16;
    for (std::size_t i = 19; i < 32; ++i) w[i] = 0xDEADBEEF;  // not used, or written by residual
    w[19] = u(layer_.digits) | u(layer_.average ? layer_.pixels() : 1) << 16;
    return w;
  }

  /// Residual memory: where this layer's output goes, and what it adds.
  void residual(std::vector<std::uint32_t>& w, std::optional<long> own, const LayerCase* source, long source_base) const {
    const auto u = [](long value) { return static_cast<std::uint32_t>(value); };
    const auto groups = [this](int channels) { return (channels + engine_.r - 1L) / engine_.r; };
    w[19] |=
        u(own.has_value()) << 4 | u(source != nullptr) << 5 | u(layer_.projection) << 6 | u(layer_.window) << 8 | u(layer_.maximum) << 9;
    w[20] = (w[20] & 0xFFFFU) | u(groups(layer_.out_channels)) << 16;
    if (own) w[22] = u(*own);
    if (source == nullptr) return;
    w[19] |= u(source->projection) << 7;
    const ShortcutCase& s = *layer_.shortcut;
    const auto word = [&](long image, long y, long x) {
      return ((image * source->out_height() + y * s.stride) * source->out_width() + x * s.stride) * groups(source->out_channels);
    };
    const long end_y = layer_.out_height() - 1, end_x = layer_.out_width() - 1;
    w[20] = (w[20] & 0xFFFF0000U) | u(s.multiplier);
    w[21] = u(s.offset) | u(s.offset + source->out_channels) << 16;
    w[23] = u(source_base - s.offset / engine_.r);
    w[24] = u(word(0, 0, 1));
    w[25] = u(word(0, 1, 0) - word(0, 0, end_x));
    w[26] = u(word(1, 0, 0) - word(0, end_y, end_x));
  }

  [[nodiscard]] long pixels() const { return static_cast<long>(batch_) * layer_.pixels(); }
  [[nodiscard]] long tiles_of_block() const { return static_cast<long>(layer_.digits) * layer_.kernel_height * chunks_; }
  [[nodiscard]] long residual_words() const {
    return static_cast<long>(batch_) * layer_.out_height() * layer_.out_width() * ((layer_.out_channels + engine_.r - 1) / engine_.r);
  }
  [[nodiscard]] int m_tiles() const { return m_tiles_; }

 private:
  const LayerCase& layer_;
  const Geometry& engine_;
  int batch_, m_tiles_, chunks_;
};

}  // namespace

std::uint32_t to_pair(long address, int word_bytes) {
  const long offset = ((address % word_bytes) + word_bytes) % word_bytes;
  const long word = (address - offset) / word_bytes;
  return static_cast<std::uint32_t>(word) << 8 | static_cast<std::uint32_t>(offset);
}

namespace {

/// The last layer that adds the output of layer l, or -1.
int last_use(const NetworkCase& network, int l) {
  int last = -1;
  for (std::size_t i = 0; i < network.layers.size(); ++i) {
    const auto& shortcut = network.layers[i].shortcut;
    if (shortcut && shortcut->source == l) last = static_cast<int>(i);
  }
  return last;
}

/// A layer's output may take the place of what it adds: the same words in the same order, and nobody adds them later.
bool in_place(const NetworkCase& network, int l) {
  const LayerCase& layer = network.layers[static_cast<std::size_t>(l)];
  if (!layer.shortcut || layer.shortcut->stride != 1 || layer.shortcut->offset != 0) return false;
  const LayerCase& source = network.layers[static_cast<std::size_t>(layer.shortcut->source)];
  return last_use(network, layer.shortcut->source) == l && source.out_height() == layer.out_height() &&
         source.out_width() == layer.out_width() && source.out_channels == layer.out_channels;
}

}  // namespace

JobImage lay_out(const NetworkCase& network, const Geometry& engine, int base) {
  JobImage image;
  const int count = static_cast<int>(network.layers.size());
  image.control.resize(static_cast<std::size_t>(base + 32 * count));
  long next = static_cast<long>(network.input.size()), residual_end = 0;
  std::vector<long> residual(static_cast<std::size_t>(count), 0);
  for (int l = 0; l < count; ++l) {
    const LayerCase& layer = network.layers[static_cast<std::size_t>(l)];
    const LayerLayout layout(layer, engine, network.batch);
    const long input = layer.source < 0 ? 0 : image.output_address[static_cast<std::size_t>(layer.source)];
    auto words = layout.descriptor(l == count - 1, static_cast<int>(image.code.size()), static_cast<long>(image.weight.size()),
                                   static_cast<int>(image.control.size()), input, next);
    const auto source = static_cast<std::size_t>(layer.shortcut ? layer.shortcut->source : 0);
    std::optional<long> own;
    if (last_use(network, l) >= 0) {
      own = in_place(network, l) ? residual[source] : residual_end;
      if (*own == residual_end) residual_end += layout.residual_words();
      residual[static_cast<std::size_t>(l)] = *own;
    }
    layout.residual(words, own, layer.shortcut ? &network.layers[source] : nullptr, residual[source]);
    std::copy(words.begin(), words.end(), image.control.begin() + base + 32 * l);
    for (int c = 0; c < layout.m_tiles() * engine.m; ++c) {
      const bool exists = c < layer.out_channels;
      image.control.push_back(exists ? static_cast<std::uint32_t>(layer.bias[static_cast<std::size_t>(c)] - layout.correction(c)) : 0);
      image.control.push_back(exists ? static_cast<std::uint32_t>(layer.multiplier[static_cast<std::size_t>(c)]) & 0xFFFFU : 0);
    }
    image.code.insert(image.code.end(), layer.columns.begin(), layer.columns.end());
    layout.tiles(image.weight);
    image.output_address.push_back(static_cast<int>(next));
    const long blocks = (layout.pixels() + layer.block_pixels - 1) / layer.block_pixels;
    image.tiles += static_cast<std::uint64_t>(layout.m_tiles() * blocks * layout.tiles_of_block());
    image.pixel_steps += static_cast<std::uint64_t>(layout.m_tiles() * layout.pixels() * layout.tiles_of_block());
    next += static_cast<long>(network.boundary[static_cast<std::size_t>(l)].size()) * (layer.logits ? 2 : 1);
  }
  return image;
}

}  // namespace flexor::testbench
