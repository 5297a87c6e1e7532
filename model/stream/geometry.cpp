// SPDX-License-Identifier: Apache-2.0
#include "stream/geometry.hpp"

#include <fmt/format.h>

#include "code/error.hpp"
#include "code/integer.hpp"

namespace flexor::stream {
namespace {

constexpr int kGroupWords = 4;  // most words that a fill gathers
constexpr int kInputBank = 3;

Margins margins(const Layer& layer) { return {layer.padding, layer.padding, layer.padding, layer.padding}; }

int column_bytes(const Layer& layer) { return ceil_div(layer.kernel_height * layer.input.channels, 2) * 2; }

// Every output pixel has words of its own: the window's columns as they stand in a row, one after another.
Geometry stacked(const Layer& layer, const Parameters& parameters) {
  const Shape out = layer.unpooled();
  const Margins padding = margins(layer);
  Geometry g;
  g.rows = g.out_height = out.height;
  g.columns = g.out_width = out.width;
  const int bytes = layer.kernel_width * column_bytes(layer);
  g.groups = ceil_div(bytes, parameters.K);
  if (g.groups > kGroupWords) {
    throw InputError(fmt::format(
        "layer '{}' stacks {} bytes a pixel, but the engine gathers at most {}; give it a smaller kernel or do not stack its rows",
        layer.name, bytes, kGroupWords * parameters.K));
  }
  const int halfwords = bytes / 2;
  g.fill.group = g.groups;
  g.fill.tail = halfwords - (g.groups - 1) * parameters.word_halfwords();
  g.fill.step = layer.stride * column_bytes(layer) / 2 - (halfwords - 1);
  if (g.fill.step < -16 || g.fill.step > 15) {
    throw InputError(fmt::format("layer '{}' moves its stacked window by {} bytes, which the engine cannot gather; use another stride",
                                 layer.name, layer.stride * column_bytes(layer)));
  }
  g.source_words = ceil_div((layer.input.width + padding.left + padding.right) * column_bytes(layer), parameters.K);
  g.pooled = layer.max_pool;
  return g;
}

}  // namespace

int pixel_words(int channels, const Parameters& parameters) { return ceil_div(channels, parameters.K); }

Geometry geometry(const Network& network, std::size_t l, const Parameters& parameters) {
  const Layer& layer = network.layers[l];
  if (layer.stack_rows) return stacked(layer, parameters);
  const Shape& in = network.tensor(network.source(l));
  Geometry g;
  g.rows = in.height;
  g.columns = in.width;
  g.groups = pixel_words(in.channels, parameters);
  g.source_words = g.columns * g.groups;
  if (layer.kind == LayerKind::Dense) {
    g.summed = layer.global_average;
    g.kernel_height = in.height;
    g.kernel_width = in.width;
    return g;
  }
  const Shape out = layer.unpooled();
  g.kernel_height = layer.kernel_height;
  g.kernel_width = layer.kernel_width;
  g.stride_y = g.stride_x = layer.stride;
  g.padding = margins(layer);
  g.out_height = out.height;
  g.out_width = out.width;
  g.pooled = layer.max_pool;
  const bool padded = g.padding.top != 0 || g.padding.left != 0 || g.padding.bottom != 0 || g.padding.right != 0;
  const bool whole = !padded && layer.kernel_height == in.height && layer.kernel_width == in.width;
  g.summed = layer.kind == LayerKind::Pool && layer.average && whole;
  return g;
}

InputLayout input_layout(const Network& network, const Parameters& parameters) {
  const Layer& first = network.layers.front();
  InputLayout layout;
  layout.bank = kInputBank;
  layout.shape = network.input;
  layout.stacked = first.stack_rows;
  if (first.stack_rows) {
    const Margins padding = margins(first);
    layout.rows = first.unpooled().height;
    layout.columns = network.input.width + padding.left + padding.right;
    layout.column_bytes = column_bytes(first);
    layout.kernel_height = first.kernel_height;
    layout.stride = first.stride;
    layout.top = padding.top;
    layout.left = padding.left;
  } else {
    layout.rows = network.input.height;
    layout.columns = network.input.width;
    layout.column_bytes = pixel_words(network.input.channels, parameters) * parameters.K;
  }
  layout.row_halfwords = ceil_div(layout.columns * layout.column_bytes, parameters.K) * parameters.word_halfwords();
  layout.halfwords = layout.rows * layout.row_halfwords;
  layout.half = layout.halfwords <= parameters.InputHalfwords;
  if (layout.halfwords > parameters.Halfwords) {
    throw InputError(fmt::format("network '{}': its input takes {} words as laid out, but the input bank holds {}; use smaller images",
                                 network.name, layout.halfwords / parameters.word_halfwords(), parameters.bank_words()));
  }
  return layout;
}

}  // namespace flexor::stream
