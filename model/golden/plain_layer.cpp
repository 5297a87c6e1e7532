// SPDX-License-Identifier: Apache-2.0
#include "golden/plain_layer.hpp"

#include <algorithm>
#include <array>

#include "code/integer.hpp"
#include "golden/blocks.hpp"
#include "golden/window_pool.hpp"
#include "network/slice_layout.hpp"

namespace flexor::golden {
namespace {

// What a layer reads at one output pixel.
struct Site {
  const std::uint8_t* window = nullptr;    // windows * inputs values
  int windows = 1;                         // pixels that are summed
  const std::uint8_t* shortcut = nullptr;  // the source's channels, or none
};

// Place of input k of string r in (ky, kx, c) order.
int window_index(const Layer& l, int r, int k) {
  const int channels = l.input.channels;
  if (!l.stack_rows) return r * l.string_length() + k;
  const int ky = k / channels % l.kernel_height;
  const int kx = k / channels / l.kernel_height;
  return (ky * l.kernel_width + kx) * channels + k % channels;
}

std::vector<std::int8_t> lay_out_weights(const Network& network, const Layer& layer, const Plane& plane, int inputs, int blocks) {
  const Code& code = network.codes[static_cast<std::size_t>(plane.code)];
  const SliceLayout layout = slice_layout(network, layer);
  std::vector<std::int8_t> weight(static_cast<std::size_t>(blocks) * static_cast<std::size_t>(inputs) * kArrayChannels, 0);
  for (int slice = 0; slice < layout.slices(); ++slice) {
    const std::uint32_t bits = xor_decryptor(code, slice_bits(plane, code.n_in, slice));
    for (int i = 0; i < code.n_out; ++i) {
      const auto [m, input] = layout.weight(slice, i);
      if (m < 0) continue;
      const int row = m / kArrayChannels * inputs + window_index(layer, input / layer.string_length(), input % layer.string_length());
      weight[static_cast<std::size_t>(row) * kArrayChannels + static_cast<std::size_t>(m % kArrayChannels)] =
          (bits >> i & 1U) != 0 ? 1 : -1;
    }
  }
  return weight;
}

// The window of output pixel (oy, ox) in (ky, kx, c) order; places outside the input stay 0.
void fetch_window(const Layer& l, const std::uint8_t* input, int oy, int ox, std::uint8_t* window) {
  const int channels = l.input.channels;
  const int row = l.kernel_width * channels;
  const int x0 = ox * l.stride - l.padding.left;
  const int y0 = oy * l.stride - l.padding.top;
  if (l.dilation > 1) {
    for (int i = 0; i < l.kernel_height * l.kernel_width; ++i, window += channels) {
      const int y = y0 + i / l.kernel_width * l.dilation;
      const int x = x0 + i % l.kernel_width * l.dilation;
      const bool inside = y >= 0 && y < l.input.height && x >= 0 && x < l.input.width;
      std::fill_n(window, channels, std::uint8_t{0});
      if (inside) std::copy_n(input + (y * l.input.width + x) * channels, channels, window);
    }
    return;
  }
  const int first = std::clamp(-x0, 0, l.kernel_width);
  const int end = std::clamp(l.input.width - x0, first, l.kernel_width);
  for (int ky = 0; ky < l.kernel_height; ++ky, window += row) {
    const int y = y0 + ky;
    if (y < 0 || y >= l.input.height || first == end) {
      std::fill_n(window, row, std::uint8_t{0});
      continue;
    }
    std::fill_n(window, first * channels, std::uint8_t{0});
    const std::uint8_t* from = input + (y * l.input.width + x0 + first) * channels;
    std::copy_n(from, (end - first) * channels, window + first * channels);
    std::fill(window + end * channels, window + row, std::uint8_t{0});
  }
}

using Sums = std::array<std::int32_t, kArrayChannels>;

// Sums of one block of channels and one plane over all windows.
Sums sum_plane(const PlainLayer& plan, int plane, int block, const Site& site) {
  const std::int8_t* weight =
      plan.weight[static_cast<std::size_t>(plane)].data() + static_cast<std::ptrdiff_t>(block) * plan.inputs * kArrayChannels;
  Sums acc{};
  for (int w = 0; w < site.windows; ++w) {
    const std::uint8_t* window = site.window + static_cast<std::ptrdiff_t>(w) * plan.inputs;
    for (int k = 0; k < plan.inputs; k += kArrayLanes) {
      std::array<std::int16_t, kArrayChannels> dot;
      pe_array(weight + k * kArrayChannels, window + k, std::min(kArrayLanes, plan.inputs - k), dot.data());
      accumulator(dot.data(), acc.data());
    }
  }
  return acc;
}

// Channel m of the shortcut's tensor, moved by its offset; 0 where that channel does not exist.
int shortcut_value(const PlainLayer& plan, const Site& site, int m) {
  const int c = m - plan.layer.shortcut->channel_offset;
  if (c < 0 || c >= plan.shortcut.channels) return 0;
  return plan.signed_shortcut ? static_cast<std::int8_t>(site.shortcut[c]) : site.shortcut[c];
}

// One output pixel before pooling: every channel's sums, requantised.
void compute_pixel(const PlainLayer& plan, const Site& site, std::int16_t* out) {
  const Layer& l = plan.layer;
  for (int block = 0; block < plan.blocks; ++block) {
    const int first = block * kArrayChannels;
    const int channels = std::min(kArrayChannels, l.output.channels - first);
    Sums acc{};
    for (int p = static_cast<int>(plan.weight.size()) - 1; p >= 0; --p) {
      digit_accumulator(sum_plane(plan, p, block, site).data(), acc.data());
    }
    for (int i = 0; i < channels; ++i) {
      const std::size_t m = static_cast<std::size_t>(first) + static_cast<std::size_t>(i);
      std::int64_t sum = accumulator_product(acc[static_cast<std::size_t>(i)], l.bias[m], l.multiplier[m]);
      if (l.shortcut) sum += shortcut_product(shortcut_value(plan, site, first + i), l.shortcut->multiplier, l.shift);
      const std::int64_t v = requantise(sum, l.shift);
      if (l.logits) {
        out[first + i] = clamp_logit(v);
      } else {
        out[first + i] = l.projection ? clamp_projection(v, l.activation_max) : clamp_activation(v, l.activation_max);
      }
    }
  }
}

// 2x2 pooling of an NHWC tensor of shape `in`; an odd last row or column is dropped.
std::vector<std::int16_t> pool(const std::vector<std::int16_t>& tensor, const Shape& in, const Shape& out) {
  std::vector<std::int16_t> pooled(static_cast<std::size_t>(out.size()));
  const int right = in.channels;
  const int down = in.width * in.channels;
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      const std::int16_t* from = tensor.data() + 2 * y * down + 2 * x * right;
      std::int16_t* to = pooled.data() + (y * out.width + x) * out.channels;
      for (int c = 0; c < out.channels; ++c) to[c] = max_pool(from[c], from[c + right], from[c + down], from[c + down + right]);
    }
  }
  return pooled;
}

}  // namespace

std::vector<std::int16_t> compute_layer(const PlainLayer& plan, const std::uint8_t* input, const std::uint8_t* shortcut) {
  const Layer& l = plan.layer;
  const Shape shape = l.unpooled();
  if (l.kind == LayerKind::Pool) {
    const std::vector<std::uint8_t> pooled = pool_windows(l, input);
    return {pooled.begin(), pooled.end()};
  }
  std::vector<std::int16_t> tensor(static_cast<std::size_t>(shape.size()));
  if (l.global_average) {
    compute_pixel(plan, {input, l.averaged_pixels(), nullptr}, tensor.data());
    return tensor;
  }
  std::vector<std::uint8_t> window(static_cast<std::size_t>(plan.inputs));
  for (int y = 0; y < shape.height; ++y) {
    for (int x = 0; x < shape.width; ++x) {
      fetch_window(l, input, y, x, window.data());
      Site site{window.data(), 1, nullptr};
      if (l.shortcut) {
        site.shortcut = shortcut + (y * plan.shortcut.width + x) * l.shortcut->stride * plan.shortcut.channels;
      }
      compute_pixel(plan, site, tensor.data() + (y * shape.width + x) * shape.channels);
    }
  }
  return l.max_pool ? pool(tensor, shape, l.output) : tensor;
}

PlainLayer make_plain_layer(const Network& network, std::size_t l) {
  const Layer& layer = network.layers[l];
  PlainLayer plan;
  plan.source = network.source(l);
  if (layer.shortcut) {
    plan.shortcut = network.tensor(layer.shortcut->source);
    plan.signed_shortcut = network.is_projection(layer.shortcut->source);
  }
  plan.inputs = layer.kernel_height * layer.kernel_width * layer.input.channels;
  plan.blocks = ceil_div(layer.output.channels, kArrayChannels);
  for (const Plane& plane : layer.planes) plan.weight.push_back(lay_out_weights(network, layer, plane, plan.inputs, plan.blocks));
  plan.layer = layer;
  plan.layer.planes.clear();
  return plan;
}

}  // namespace flexor::golden
