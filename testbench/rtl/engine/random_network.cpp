// SPDX-License-Identifier: Apache-2.0
#include "random_network.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace flexor::testbench {

namespace {

int draw(std::mt19937& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }

// The wired code, written from docs/decisions/0221-a-code-without-gates.md: the stored bits that each weight of a slice sums.
std::uint32_t wired_column(int j) {
  constexpr int taps[20][3] = {{9, 3}, {9, 10, 3}, {3}, {10, 3}, {11, 2}, {11, 9, 2}, {2}, {2, 5}, {1}, {1, 5},
                               {4, 6}, {4, 11, 6}, {6}, {11, 6}, {5, 7},  {5, 10, 7}, {7}, {7, 8}, {0}, {0, 8}};
  constexpr int counts[20] = {2, 3, 1, 2, 2, 3, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 1, 2, 1, 2};
  std::uint32_t column = 0;
  for (int i = 0; i < 20; ++i) {
    for (int t = 0; t < counts[i]; ++t) column |= static_cast<std::uint32_t>(taps[i][t] == j) << i;
  }
  return column;
}

/// What a layer has to be: anything, or one of a chain of projections that read the same input and end in a 3x3 layer; each adds the one
/// before. One 1x1 projection is the shortcut of a residual block, 3x3 ones are the planes of the last layer's weights.
struct Form {
  int projections = 0;  // of the chain, this layer included, yet to come
  bool adds = false;    // the layer before
  bool planes = false;
  int stride = 1;
  int channels = 0;  // of planes

  [[nodiscard]] bool chained() const { return projections > 0 || adds; }
  [[nodiscard]] Form next() const { return {projections - 1, true, planes, stride, channels}; }
};

Form begin_chain(const Geometry& engine, std::mt19937& random, int layers_left) {
  const int most = std::min(3, layers_left - 2);  // the layer that adds, and logits
  if (engine.residual_words == 0 || most < 1 || draw(random, 0, 2) != 0) return {};
  const int planes = draw(random, 0, 2) == 0 ? 0 : draw(random, 1, most);
  return {std::max(planes, 1), false, planes > 0, draw(random, 1, 2), draw(random, 1, 2 * engine.m + 3)};
}

LayerCase random_layer(const Geometry& engine, std::mt19937& random, int height, int width, int channels, int batch, bool last,
                       const Form& form) {
  LayerCase layer;
  layer.height = height;
  layer.width = width;
  layer.channels = channels;
  layer.digits = draw(random, 0, 2) == 0 ? draw(random, 1, engine.digits) : 1;
  const bool summable = engine.sum_bits > 0 && height * width <= 1 << engine.sum_bits;
  if (form.chained()) {
    const bool wide = form.planes || form.projections == 0;
    layer.stride = form.stride;
    layer.padding = wide ? 1 : 0;
    layer.kernel_height = layer.kernel_width = wide ? 3 : 1;
  } else if (engine.windows > 0 && !last && draw(random, 0, 3) == 0) {
    layer.window = true;
    layer.maximum = draw(random, 0, 1) == 0;
    layer.padding = draw(random, 0, 1);
    layer.kernel_height = std::min(draw(random, 1, 5), height + 2 * layer.padding);
    layer.kernel_width = std::min(draw(random, 1, 5), width + 2 * layer.padding);
    layer.stride = draw(random, 1, 3);
    layer.digits = 1;
  } else if (summable && draw(random, 0, last ? 1 : 7) == 0) {
    layer.average = true;
  } else if (engine.residual_words > 0 && height * width > 1 && draw(random, 0, 1) == 0) {  // keeps or halves the image: a shortcut fits
    layer.padding = 1;
    layer.kernel_height = layer.kernel_width = 3;
    layer.stride = draw(random, 0, 2) == 0 ? 2 : 1;
  } else if (height * width > 1 && draw(random, 0, 9) != 0) {
    layer.padding = draw(random, 0, 2);
    layer.kernel_height = std::min(draw(random, 1, 5), height + 2 * layer.padding);
    layer.kernel_width = std::min(draw(random, 1, 5), width + 2 * layer.padding);
    layer.stride = draw(random, 1, 3);
  } else {  // dense
    layer.channels = height * width * channels;
    layer.height = layer.width = 1;
  }
  layer.out_channels = layer.window ? channels : form.planes ? form.channels : draw(random, 1, 2 * engine.m + 3);
  layer.logits = last;
  layer.projection = form.projections > 0;
  layer.pool = !last && !layer.average && !layer.window && !form.chained() && layer.raw_height() >= 2 && layer.raw_width() >= 2 &&
               draw(random, 0, 1) == 0;
  const int largest = layer.projection ? 127 : 255;
  layer.activation_max = draw(random, 0, 2) == 0 ? draw(random, 1, largest) : largest;
  layer.stored_bits = layer.window             ? 1
                      : engine.decryption == 2 ? 20
                      : engine.decryption == 1 ? 12
                                               : draw(random, 1, draw(random, 0, 3) == 0 ? 32 : 20);
  const int whole = layer.average ? layer.pixels() : layer.pool ? 4 : 1;  // pixels that stay in one block
  const int most = std::min(engine.p_max, batch * layer.pixels());
  layer.block_pixels = std::max(whole, (draw(random, 0, 1) == 0 ? most : draw(random, 1, most)) / whole * whole);
  if (layer.window) {
    // 2^14 keeps a value; a sum is divided.
    const int one = 16384 / (layer.maximum ? 1 : layer.kernel_height * layer.kernel_width);
    for (int c = 0; c < layer.out_channels; ++c) {
      layer.bias.push_back(draw(random, 0, 3) == 0 ? draw(random, -300, 300) : 0);
      layer.multiplier.push_back(draw(random, 0, 3) == 0 ? draw(random, 1, 2 * one - 1) : one);
    }
    return layer;
  }
  for (int j = 0; j < layer.stored_bits; ++j) layer.columns.push_back(static_cast<std::uint32_t>(random()) & 0xFFFFFU);
  for (int j = 0; j < layer.stored_bits && engine.decryption != 0; ++j) {
    layer.columns[static_cast<std::size_t>(j)] = engine.decryption == 1 ? wired_column(j) : 1U << j;
  }
  const auto mask = static_cast<std::uint32_t>((std::uint64_t{1} << layer.stored_bits) - 1);
  for (int s = 0; s < layer.digits * layer.slices(); ++s) layer.stored.push_back(static_cast<std::uint32_t>(random()) & mask);
  const double spread =
      std::sqrt(layer.kernel_height * layer.length()) * 100 * (1 << (layer.digits - 1)) * (layer.average ? std::sqrt(layer.pixels()) : 1);
  for (int c = 0; c < layer.out_channels; ++c) {
    layer.bias.push_back(draw(random, -static_cast<int>(spread), static_cast<int>(spread)));
    const double gain = (layer.logits ? 4000 : 200) / spread * 65536 * draw(random, 20, 100) / 100;
    const int sign = draw(random, 0, 4) == 0 ? -1 : 1;
    layer.multiplier.push_back(sign * std::min(32767, static_cast<int>(gain)));
  }
  return layer;
}

// A shortcut from an earlier layer that is large enough, now and then, or from the projection before.
void draw_shortcut(std::vector<LayerCase>& layers, const Geometry& engine, std::mt19937& random, const Form& form) {
  LayerCase& layer = layers.back();
  if (engine.residual_words == 0 || layer.pool || layer.logits || layer.average || layer.window) return;
  if (layers.size() < 2) return;
  if (!form.adds && draw(random, 0, 3) == 0) return;
  ShortcutCase shortcut;
  shortcut.source = form.adds ? static_cast<int>(layers.size()) - 2 : draw(random, 0, static_cast<int>(layers.size()) - 2);
  shortcut.stride = form.adds ? 1 : draw(random, 1, 2);
  const LayerCase& source = layers[static_cast<std::size_t>(shortcut.source)];
  const auto fits = [&shortcut](int out, int in) { return (out - 1) * shortcut.stride < in; };
  if (!fits(layer.out_height(), source.out_height()) || !fits(layer.out_width(), source.out_width())) return;
  shortcut.offset = draw(random, 0, 1) == 0 ? 0 : draw(random, 0, 3) * engine.r;
  shortcut.multiplier = draw(random, 0, 2) == 0 ? 256 : draw(random, 0, draw(random, 0, 3) == 0 ? 65535 : 1000);
  layer.shortcut = shortcut;
}

// The engine's sums with what the PE style adds (at most 256 a lane and digit) must fit the accumulator where they are extended.
bool fits_accumulator(const LayerCase& layer, const Geometry& engine) {
  const double inputs = layer.kernel_height * layer.length(), digits = (1 << layer.digits) - 1;
  if (255 * inputs * digits >= std::ldexp(1.0, engine.acc_width - 1)) return false;
  const int chunks = (layer.length() + engine.k - 1) / engine.k;
  if (engine.sum_bits > 0 && 256.0 * layer.kernel_height * chunks * engine.k * digits >= std::ldexp(1.0, engine.acc_width)) return false;
  const double largest = 255 * inputs * digits * (layer.average ? layer.pixels() : 1) +
                         std::abs(static_cast<double>(*std::max_element(layer.bias.begin(), layer.bias.end(),
                                                                        [](auto a, auto b) { return std::abs(a) < std::abs(b); })));
  return largest < std::ldexp(1.0, engine.acc_width + engine.sum_bits - 1);
}

long bytes_of(const LayerCase& layer, int batch) {
  return static_cast<long>(batch) * layer.out_height() * layer.out_width() * layer.out_channels * (layer.logits ? 2 : 1);
}

// Whether a wrong stored bit of the wired code changes the sum of one of the first two channels by 4 at least, whatever the signs of the
// weights that it turns: each changes it by 2 a less its lane's constant, or the other way round.
bool every_bit_tells(const std::vector<std::uint8_t>& input) {
  for (int j = 0; j < 12; ++j) {
    bool tells = false;
    for (int channel = 0; channel < 2; ++channel) {
      std::vector<int> changes;
      for (int k = 0; k < 10; ++k) {
        if ((wired_column(j) >> (10 * channel + k) & 1U) != 0) changes.push_back(256 - k % 2 - 2 * input[static_cast<std::size_t>(k)]);
      }
      bool seen = !changes.empty();
      for (unsigned signs = 0; signs < 1U << changes.size(); ++signs) {
        int sum = 0;
        for (std::size_t i = 0; i < changes.size(); ++i) sum += (signs >> i & 1U) != 0 ? changes[i] : -changes[i];
        seen &= std::abs(sum) >= 4;
      }
      tells |= seen;
    }
    if (!tells) return false;
  }
  return true;
}

}  // namespace

int LayerCase::weight(int channel, int row, int input) const {
  int sum = 0;
  for (int p = 0; p < digits; ++p) sum += bit(p, channel, row, input) * (1 << p);
  return sum;
}

int LayerCase::bit(int plane, int channel, int row, int input) const {
  const int slice = plane * slices() + (channel / 2 * kernel_height + row) * slices_per_string() + input / 10;
  const int i = channel % 2 * 10 + input % 10;
  int y = 0;
  for (int j = 0; j < stored_bits; ++j) {
    y ^= static_cast<int>((stored[static_cast<std::size_t>(slice)] >> j) & (columns[static_cast<std::size_t>(j)] >> i) & 1U);
  }
  return y != 0 ? 1 : -1;
}

NetworkCase random_network(const Geometry& engine, std::mt19937& random) {
  const long memory = 2L * (engine.act_rows - 1) * engine.word_bytes;
  const int side = memory > 100000 ? 20 : memory > 5000 ? 12 : 7;
  for (;;) {
    NetworkCase network;
    network.batch = draw(random, 0, 1) == 0 ? 1 : draw(random, 1, 5);
    int height = draw(random, 1, side), width = draw(random, 1, side), channels = draw(random, 1, draw(random, 0, 2) == 0 ? 40 : 6);
    long bytes = static_cast<long>(network.batch) * height * width * channels;
    network.input.resize(static_cast<std::size_t>(bytes));
    for (auto& byte : network.input) byte = static_cast<std::uint8_t>(random());
    const int count = draw(random, 1, 5);
    long weight_words = 0, control_words = 32L * count, code_words = 0, work = 0, residual_words = 0;
    bool fits = true;
    int source = -1;
    Form form;
    for (int l = 0; l < count; ++l) {
      form = form.projections > 0 ? form.next() : height * width > 1 ? begin_chain(engine, random, count - l) : Form{};
      network.layers.push_back(random_layer(engine, random, height, width, channels, network.batch, l == count - 1, form));
      network.layers.back().source = source;
      draw_shortcut(network.layers, engine, random, form);
      const LayerCase& layer = network.layers.back();
      if (!layer.projection) {
        height = layer.out_height();
        width = layer.out_width();
        channels = layer.out_channels;
        source = l;
      }
      bytes += bytes_of(layer, network.batch);
      const long tiles = (layer.out_channels + engine.m - 1L) / engine.m * layer.digits * layer.kernel_height *
                         ((layer.length() + engine.k - 1) / engine.k);
      residual_words +=
          static_cast<long>(network.batch) * layer.out_height() * layer.out_width() * ((layer.out_channels + engine.r - 1) / engine.r);
      weight_words += tiles * engine.slices() / engine.d * layer.stored_bits;
      code_words += layer.stored_bits;
      control_words += 2L * ((layer.out_channels + engine.m - 1) / engine.m * engine.m);
      work += tiles * network.batch * layer.raw_height() * layer.raw_width();
      fits = fits && fits_accumulator(layer, engine) && layer.height < 256;
    }
    if (fits && bytes < memory && (engine.residual_words == 0 || residual_words <= engine.residual_words) &&
        weight_words <= engine.weight_words && control_words + 64 <= engine.control_words && code_words <= engine.code_words &&
        work < 40000) {
      run_reference(network);
      return network;
    }
  }
}

NetworkCase telling_network(const Geometry& engine, std::mt19937& random) {
  NetworkCase network;
  LayerCase layer;
  const bool wired = engine.decryption == 1;
  layer.channels = 10 * draw(random, 1, 4);
  layer.out_channels = wired ? 2 * draw(random, 1, 2) : draw(random, 1, 4);
  layer.logits = true;
  layer.stored_bits = wired ? 12 : 20;
  for (int j = 0; j < layer.stored_bits; ++j) layer.columns.push_back(wired ? wired_column(j) : 1U << j);
  const int slices = (layer.out_channels + 1) / 2 * layer.slices_per_string();
  for (int s = 0; s < slices; ++s) layer.stored.push_back(static_cast<std::uint32_t>(random()) & ((1U << layer.stored_bits) - 1));
  layer.bias.assign(static_cast<std::size_t>(layer.out_channels), 0);
  // A turned weight changes the sum by the difference of twice its input and its lane's constant (0, 255 or 256; the offset keeps
  // counting the right weight): at least 4, which the multiplier almost halves.
  layer.multiplier.assign(static_cast<std::size_t>(layer.out_channels), 32767);
  do {
    network.input.clear();
    for (int i = 0; i < layer.channels; ++i) network.input.push_back(static_cast<std::uint8_t>(draw(random, 2, 99)));
  } while (wired && !every_bit_tells(network.input));
  network.layers.push_back(layer);
  run_reference(network);
  return network;
}

void run_reference(NetworkCase& network) {
  const std::vector<int> input(network.input.begin(), network.input.end());
  network.boundary.clear();
  for (const LayerCase& layer : network.layers) {
    const std::vector<int> in = layer.source < 0 ? input : network.boundary[static_cast<std::size_t>(layer.source)];
    std::vector<std::vector<int>> signs(static_cast<std::size_t>(layer.out_channels));
    for (int c = 0; c < layer.out_channels && !layer.window; ++c) {
      for (int r = 0; r < layer.kernel_height; ++r) {
        for (int i = 0; i < layer.length(); ++i) signs[static_cast<std::size_t>(c)].push_back(layer.weight(c, r, i));
      }
    }
    const auto dot = [&](int image, int y, int x, int c) {
      std::int64_t sum = 0;
      for (int r = 0; r < layer.kernel_height; ++r) {
        const int row = y * layer.stride - layer.padding + r;
        for (int i = 0; i < layer.length() && row >= 0 && row < layer.height; ++i) {
          const int column = x * layer.stride - layer.padding + i / layer.channels;
          if (column < 0 || column >= layer.width) continue;
          const int at = ((image * layer.height + row) * layer.width + column) * layer.channels + i % layer.channels;
          sum += signs[static_cast<std::size_t>(c)][static_cast<std::size_t>(r * layer.length() + i)] * in[static_cast<std::size_t>(at)];
        }
      }
      return sum;
    };
    const auto pooled = [&](int image, int y, int x, int c) {
      std::int64_t most = 0, sum = 0;
      for (int i = 0; i < layer.kernel_height * layer.kernel_width; ++i) {
        const int row = y * layer.stride - layer.padding + i / layer.kernel_width;
        const int column = x * layer.stride - layer.padding + i % layer.kernel_width;
        if (row < 0 || row >= layer.height || column < 0 || column >= layer.width) continue;
        const int a = in[static_cast<std::size_t>(((image * layer.height + row) * layer.width + column) * layer.channels + c)];
        most = std::max<std::int64_t>(most, a);
        sum += a;
      }
      return 4 * (layer.maximum ? most : sum);
    };
    const auto shortcut = [&](int image, int y, int x, int c) -> std::int64_t {
      if (!layer.shortcut) return 0;
      const ShortcutCase& s = *layer.shortcut;
      const LayerCase& from = network.layers[static_cast<std::size_t>(s.source)];
      if (c < s.offset || c - s.offset >= from.out_channels) return 0;
      const int row = image * from.out_height() + y * s.stride;
      const int at = (row * from.out_width() + x * s.stride) * from.out_channels + c - s.offset;
      return std::int64_t{network.boundary[static_cast<std::size_t>(s.source)][static_cast<std::size_t>(at)]} * s.multiplier;
    };
    const auto value = [&](int image, int y, int x, int c) {
      std::int64_t sum = layer.bias[static_cast<std::size_t>(c)];
      for (int p = 0; p < (layer.average ? layer.pixels() : 1); ++p) {
        sum += layer.window    ? pooled(image, y, x, c)
               : layer.average ? dot(image, p / layer.width, p % layer.width, c)
                               : dot(image, y, x, c);
      }
      const std::int64_t v = (sum * layer.multiplier[static_cast<std::size_t>(c)] + shortcut(image, y, x, c) * 256 + 32768) >> 16;
      return static_cast<int>(layer.logits
                                  ? std::clamp<std::int64_t>(v, -32768, 32767)
                                  : std::clamp<std::int64_t>(v, layer.projection ? -layer.activation_max - 1 : 0, layer.activation_max));
    };
    std::vector<int> out;
    for (int image = 0; image < network.batch; ++image) {
      for (int y = 0; y < layer.out_height(); ++y) {
        for (int x = 0; x < layer.out_width(); ++x) {
          for (int c = 0; c < layer.out_channels; ++c) {
            if (layer.pool) {
              out.push_back(std::max({value(image, 2 * y, 2 * x, c), value(image, 2 * y, 2 * x + 1, c), value(image, 2 * y + 1, 2 * x, c),
                                      value(image, 2 * y + 1, 2 * x + 1, c)}));
            } else {
              out.push_back(value(image, y, x, c));
            }
          }
        }
      }
    }
    network.boundary.push_back(out);
  }
}

}  // namespace flexor::testbench
