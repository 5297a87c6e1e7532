// SPDX-License-Identifier: Apache-2.0
#include "stream/layer_work.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "stream/checks.hpp"

namespace flexor::stream {
namespace {

constexpr int kPoolEntries = kPoolUnit;  // a pooling layer reads a word four times

}  // namespace

LayerWork::LayerWork(const Network& network, std::size_t l, const Placement& placement, const Parameters& parameters)
    : layer(network.layers[l]),
      index(static_cast<int>(l)),
      g(geometry(network, l, parameters)),
      source(network.source(l)),
      m_tiles(ceil_div(layer.output.channels, parameters.M)),
      resident(false),
      network_(network),
      parameters_(parameters),
      in_(placement.tensor(source)),
      out_(placement.outputs[l]) {
  if (layer.shortcut && layer.shortcut->source >= 0) shortcut_ = placement.tensor(layer.shortcut->source);
  check_geometry(network, l, g, parameters);
  lines = stream::lines(g, pairs() ? g.columns % 2 : padded() ? 1 : 0);
  resident = lines.length() <= parameters.LineWords;
  check();
}

void LayerWork::check() const {
  const auto limit = [&](int value, int most, const char* what) {
    if (value <= most) return;
    throw InputError(fmt::format("layer '{}' needs {} {}, but engine '{}' has {}; make the layer smaller", layer.name, value, what,
                                 parameters_.name, most));
  };
  const bool dense = layer.kind == LayerKind::Dense && !g.summed;
  limit(entries_of_a_pixel() * (g.summed ? sum_digits() : 1), parameters_.WeightWords,
        dense ? "words of weights for 16 outputs of a dense layer" : "words of weights for 16 output channels");
  limit(entries_of_a_pixel() * static_cast<int>(pixels().size()), parameters_.Entries, "entries of microcode");
}

int LayerWork::window() const {
  if (g.pooled) return 4;
  return is_pool() && !layer.average ? places() : 1;
}

bool LayerWork::padded() const {
  return !g.summed && !is_pool() && !g.pooled && layer.planes.size() == 1 && g.words() == 1 && g.result_columns() == 1;
}

bool LayerWork::row_runs() const {
  return !g.summed && !is_pool() && !g.pooled && layer.planes.size() == 1 && g.words() == 1 && g.result_columns() > 1;
}

int LayerWork::entries_of_a_pixel() const {
  if (is_pool()) return kPoolEntries * (layer.average && !g.summed ? places() : 1);
  if (g.summed) return pairs() ? 2 : g.groups;
  return g.words() * static_cast<int>(layer.planes.size()) + (padded() ? 1 : 0);
}

std::vector<Entry> LayerWork::entries(bool twice) const {
  std::vector<Entry> list;
  if (g.summed && !is_pool()) {
    for (int word = 0; word < entries_of_a_pixel(); ++word) list.push_back({word, twice && word == 0});
    return list;
  }
  if (is_pool() && (g.summed || !layer.average)) return std::vector<Entry>(kPoolEntries);
  const int digits = is_pool() ? 1 : static_cast<int>(layer.planes.size());
  for (int digit = 0; digit < digits; ++digit) {
    for (int ky = 0; ky < g.kernel_height; ++ky) {
      for (int kx = 0; kx < g.kernel_width; ++kx) {
        const int word = ky * g.dilation_y * lines.pitch() + kx * g.dilation_x * g.groups;
        for (int i = 0; i < (is_pool() ? kPoolEntries : g.groups); ++i) {
          list.push_back({word + (is_pool() ? 0 : i), digit > 0 && ky == 0 && kx == 0 && i == 0});
        }
      }
    }
  }
  if (padded()) list.push_back({lines.words, false});
  return list;
}

// Offsets of the pixels of a run.
std::vector<int> LayerWork::pixels() const {
  std::vector<int> list;
  if (row_runs()) {
    for (int x = 0; x < g.result_columns(); ++x) list.push_back(x * g.stride_x * g.groups);
  } else if (window() > 1) {
    const int height = g.pooled ? 2 : g.kernel_height;
    const int width = g.pooled ? 2 : g.kernel_width;
    const int down = lines.pitch() * (g.pooled ? g.stride_y : g.dilation_y);
    const int right = g.groups * (g.pooled ? g.stride_x : g.dilation_x);
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) list.push_back(y * down + x * right);
    }
  } else {
    list.push_back(0);
  }
  return list;
}

std::vector<std::uint16_t> LayerWork::table(bool twice) const { return microcode(entries(twice), pixels()); }

TileWeights LayerWork::weights(int m_tile, int pooling_code) const {
  const int slices = parameters_.word_slices();
  if (is_pool()) {
    std::vector<WeightSums> sums(static_cast<std::size_t>(parameters_.M));
    for (WeightSums& sum : sums) sum.plus = layer.pooled_units();
    prove_range(network_, static_cast<std::size_t>(index), m_tile * parameters_.M, sums, parameters_);
    const WeightRun once = pooling_words(pooling_code, parameters_);
    WeightRun run{pooling_code, {}};
    for (int i = 0; i < entries_of_a_pixel() / kPoolEntries; ++i)
      run.slices.insert(run.slices.end(), once.slices.begin(), once.slices.end());
    return {{run}};
  }
  TileWeights tile = tile_weights(network_, layer, g.words(), m_tile, parameters_);
  prove_range(network_, static_cast<std::size_t>(index), m_tile * parameters_.M, weight_sums(network_.codes, layer, g, tile, parameters_),
              parameters_);
  for (WeightRun& run : tile.runs) {
    if (!pairs()) break;
    const std::vector<std::uint32_t> once = run.slices;
    run.slices.insert(run.slices.end(), once.begin(), once.end());
  }
  if (padded()) tile.runs.back().slices.insert(tile.runs.back().slices.end(), static_cast<std::size_t>(slices), 0);
  return tile;
}

std::vector<std::int64_t> LayerWork::constants(const std::vector<Code>& codes, const TileWeights& weights) const {
  std::vector<std::int64_t> total(static_cast<std::size_t>(parameters_.M), 0);
  const int times = g.summed ? g.rows * lines.pitch() / sum_step() : 1;
  for (const WeightRun& run : weights.runs) {
    for (std::int64_t& sum : total) sum *= 2;
    const int words = static_cast<int>(run.slices.size()) / parameters_.word_slices();
    for (int word = 0; word < words; ++word) {
      const std::vector<std::int64_t> constants = word_constants(codes[static_cast<std::size_t>(run.code)], run, word, parameters_);
      for (std::size_t m = 0; m < total.size(); ++m) total[m] += times * constants[m];
    }
  }
  return total;
}

int LayerWork::result_address(int m_tile, int y) const {
  if (layer.logits) return out_.address + 2 * m_tile;
  return out_.address + y * g.result_columns() * pixel_words(layer.output.channels, parameters_) + m_tile;
}

Pass LayerWork::pass(int m_tile) const {
  Pass p;
  p.layer = index;
  p.m_tile = m_tile;
  p.result_bank = out_.bank;
  p.output.activation_max = layer.activation_max;
  p.output.logits = layer.logits;
  p.output.projection = layer.projection;
  p.output.maximum = window() > 1;
  const bool one = g.result_rows() == 1 && g.result_columns() == 1;
  p.steps.result = layer.logits ? 2 : one ? 1 : pixel_words(layer.output.channels, parameters_);
  if (p.output.maximum) {
    p.steps.addend = window() - 1;
  } else if (layer.shortcut) {
    const int groups = pixel_words(shortcut_.shape.channels, parameters_);
    const int group = m_tile - layer.shortcut->channel_offset / parameters_.M;
    if (group < 0 || group >= groups || layer.shortcut->multiplier == 0) return p;
    p.addend_bank = shortcut_.bank;
    p.steps.addend = one ? 1 : layer.shortcut->stride * groups;
    p.scale.multiplier = layer.shortcut->multiplier;
    p.output.signed_shortcut = network_.is_projection(layer.shortcut->source);
  }
  return p;
}

Fill LayerWork::row(int row) const {
  Fill fill;
  fill.words = lines.words;
  fill.pad = lines.pad;
  fill.layout = g.fill;
  fill.layout.bank = in_.bank;
  fill.source = in_.address + row * g.source_words;
  fill.goes_on = !layer.stack_rows;
  return fill;
}

Compute LayerWork::compute(int m_tile, int y) const {
  Compute c;
  const int pixel_cycles = std::max(entries_of_a_pixel(), parameters_.M / parameters_.R);
  const int columns = g.result_columns();
  c.result = result_address(m_tile, y);
  if (g.summed) return c;
  c.runs = row_runs() ? 1 : columns;
  c.step = c.runs == 1 ? 0 : g.stride_x * (g.pooled ? 2 : 1) * g.groups;
  c.advances = columns;
  c.written = columns * window();
  c.cycles = c.written * pixel_cycles;
  if (layer.shortcut) {
    const int groups = pixel_words(shortcut_.shape.channels, parameters_);
    c.addend = shortcut_.address + m_tile - layer.shortcut->channel_offset / parameters_.M +
               y * layer.shortcut->stride * shortcut_.shape.width * groups;
  }
  return c;
}

void LayerWork::add_results(int m_tile, int y, std::vector<Result>& results) const {
  const int groups = layer.logits ? 2 : pixel_words(layer.output.channels, parameters_);
  for (int x = 0; x < g.result_columns(); ++x) {
    for (int place = 0; place < window(); ++place) {
      Result r;
      r.layer = index;
      r.y = y;
      r.x = x;
      r.channel = m_tile * parameters_.M;
      r.bank = out_.bank;
      r.address = (result_address(m_tile, y) + x * groups) * parameters_.word_halfwords();
      r.halfwords = parameters_.word_halfwords() * (layer.logits ? 2 : 1);
      r.complete = place + 1 == window();
      results.push_back(r);
    }
  }
}

}  // namespace flexor::stream
