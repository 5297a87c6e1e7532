// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <stdexcept>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "network/network.hpp"
#include "network/slice_layout.hpp"

namespace flexor {
namespace {

constexpr int kMaxSide = 4096;
constexpr int kMaxChannels = 65535;
constexpr int kMaxKernel = 15;
constexpr int kMaxDigits = 8;
constexpr int kShortcutShift = 8;  // of the shortcut multiplier
constexpr int kLargestSigned = 127;
constexpr std::int64_t kMaxWeights = std::int64_t{1} << 28;

// Checks one layer; every complaint begins with its name.
class LayerCheck {
 public:
  LayerCheck(const Network& network, std::size_t index)
      : network_(network), layer_(network.layers[index]), index_(index), last_(index + 1 == network.layers.size()) {}

  void run() const {
    check_source();
    check_input();
    check_kernel();
    check_output();
    check_activation();
    check_shortcut();
    check_projection();
    check_pool();
    check_planes();
    check_channels();
  }

 private:
  template <typename... T>
  void require(bool ok, fmt::format_string<T...> format, T&&... values) const {
    if (ok) return;
    const std::string name = layer_.name.empty() ? fmt::format("{}", index_) : fmt::format("'{}'", layer_.name);
    throw InputError(fmt::format("layer {}: {}", name, fmt::format(format, std::forward<T>(values)...)));
  }

  // What the layer reads, in words.
  [[nodiscard]] std::string giver() const {
    if (layer_.source == kPreviousLayer) return "the layer before";
    return layer_.source == kNetworkInput ? "the network's input"
                                          : fmt::format("layer '{}'", network_.layers[static_cast<std::size_t>(layer_.source)].name);
  }

  static std::string text(const Shape& s) { return fmt::format("{}x{}x{}", s.height, s.width, s.channels); }

  static std::string text(const Padding& p) {
    return p.even() ? fmt::format("{}", p.top) : fmt::format("[{}, {}, {}, {}]", p.top, p.left, p.bottom, p.right);
  }

  void check_source() const {
    const int source = network_.source(index_);
    require(layer_.source >= kPreviousLayer && source < static_cast<int>(index_),
            "it reads layer {}, but a layer reads an earlier one, -1 (the pixels) or -2 (the layer before)", layer_.source);
    require(layer_.kind == LayerKind::Dense || !layer_.global_average, "only a dense layer may average over all pixels");
  }

  void check_shortcut() const {
    if (!layer_.shortcut) return;
    const Shortcut& s = *layer_.shortcut;
    require(s.source >= kNetworkInput && s.source < static_cast<int>(index_),
            "its shortcut comes from layer {}, but it must come from an earlier one or from -1 (the pixels)", s.source);
    require(adds_or_is_added(), "only a layer with weights that neither pools, averages nor gives logits may have a shortcut");
    require(s.stride == 1 || s.stride == 2, "its shortcut has stride {}, but 1 and 2 are possible", s.stride);
    require(s.multiplier >= 0 && s.multiplier <= 65535, "its shortcut multiplier is {}, but 0 to 65535 are possible", s.multiplier);
    require(std::isfinite(s.real_multiplier), "its real shortcut multiplier is not a finite number");
    require(layer_.shift >= kShortcutShift, "its shift is {}, but a layer with a shortcut needs 8 or more", layer_.shift);
    const Shape& from = network_.tensor(s.source);
    const Shape& to = layer_.output;
    require(ceil_div(from.height, s.stride) == to.height && ceil_div(from.width, s.stride) == to.width,
            "its shortcut gives {}x{} pixels, but its output is {}", ceil_div(from.height, s.stride), ceil_div(from.width, s.stride),
            text(to));
    require(s.channel_offset >= 0 && s.channel_offset + from.channels <= to.channels,
            "its shortcut puts {} channels at channel {}, but its output has {}", from.channels, s.channel_offset, to.channels);
  }

  void check_pool() const {
    const Layer& l = layer_;
    require(l.kind == LayerKind::Pool || !l.average, "only a pooling layer may take the sum of its windows");
    if (l.kind != LayerKind::Pool) return;
    require(!l.max_pool && !l.logits && !l.digits && !l.stack_rows,
            "a pooling layer has neither digits, stacked rows, logits nor pooling behind it");
    require(l.output.channels == l.input.channels, "it pools {} channels into {}", l.input.channels, l.output.channels);
  }

  // Whether it may have a shortcut or be a projection.
  [[nodiscard]] bool adds_or_is_added() const {
    return layer_.kind != LayerKind::Pool && !layer_.max_pool && !layer_.logits && !layer_.global_average;
  }

  // Signed values are only ever added: no array takes them.
  void check_projection() const {
    const int source = network_.source(index_);
    require(source < 0 || !network_.layers[static_cast<std::size_t>(source)].projection, "it reads {}, a projection, which layers only add",
            giver());
    if (!layer_.projection) return;
    require(adds_or_is_added(), "only a layer with weights that neither pools, averages nor gives logits may be a projection");
    require(layer_.activation_max <= kLargestSigned, "its upper clamp is {}, but a projection has at most {}", layer_.activation_max,
            kLargestSigned);
    const auto adds = [this](const Layer& l) { return l.shortcut && l.shortcut->source == static_cast<int>(index_); };
    require(std::any_of(network_.layers.begin(), network_.layers.end(), adds), "it is a projection, but no layer adds it");
  }

  void check_input() const {
    const Shape& in = layer_.input;
    const Shape& before = network_.tensor(network_.source(index_));
    require(layer_.kind <= LayerKind::Pool, "its kind {} is unknown; update the program", static_cast<int>(layer_.kind));
    if (layer_.kind == LayerKind::Dense && !layer_.global_average) {
      require(in.height == 1 && in.width == 1, "a dense layer takes 1x1xN inputs, but its input is {}", text(in));
      require(in.channels == before.size(), "it takes {} inputs, but {} gives {} ({})", in.channels, giver(), before.size(), text(before));
    } else {
      require(in == before, "its input is {}, but {} gives {}", text(in), giver(), text(before));
    }
  }

  void check_kernel() const {
    const Layer& l = layer_;
    if (l.kind == LayerKind::Dense) {
      require(l.kernel_height == 1 && l.kernel_width == 1 && l.stride == 1 && l.padding.none(),
              "a dense layer has kernel 1x1, stride 1, padding 0, but it says kernel {}x{}, stride {}, padding {}", l.kernel_height,
              l.kernel_width, l.stride, text(l.padding));
    }
    require(l.dilation >= 1 && l.dilation <= kMaxKernel, "its dilation is {}, but 1 to {} are possible", l.dilation, kMaxKernel);
    require(l.dilation == 1 || l.kind == LayerKind::Convolution, "its dilation is {}, but only a convolution may have one", l.dilation);
    require(l.kernel_height >= 1 && l.kernel_width >= 1 && l.kernel_height <= kMaxKernel && l.kernel_width <= kMaxKernel,
            "its kernel is {}x{}, but 1x1 to {}x{} are possible", l.kernel_height, l.kernel_width, kMaxKernel, kMaxKernel);
    require(l.stride >= 1 && l.stride <= kMaxKernel, "its stride is {}, but 1 to {} are possible", l.stride, kMaxKernel);
    for (const int side : {l.padding.top, l.padding.left, l.padding.bottom, l.padding.right}) {
      require(side >= 0 && side < std::max(l.reach_height(), l.reach_width()),
              "its padding is {}, but it must be at least 0 and less than the kernel", text(l.padding));
    }
    require(l.padded_height() >= l.reach_height() && l.padded_width() >= l.reach_width(),
            "its kernel {}x{} is larger than its padded input", l.reach_height(), l.reach_width());
    require(!l.stack_rows || (index_ == 0 && l.kind == LayerKind::Convolution), "only a first convolution may stack its kernel rows");
  }

  void check_output() const {
    const Layer& l = layer_;
    require(l.output.channels >= 1 && l.output.channels <= kMaxChannels, "it has {} output channels, but 1 to {} are possible",
            l.output.channels, kMaxChannels);
    Shape expected = l.unpooled();
    if (l.max_pool) {
      require(expected.height >= 2 && expected.width >= 2, "its output {} is too small for 2x2 pooling", text(expected));
      expected.height /= 2;
      expected.width /= 2;
    }
    require(l.output == expected, "its output is said to be {}, but its input and kernel give {}", text(l.output), text(expected));
    require(l.weights() <= kMaxWeights, "it has {} weights, but at most {} are possible", l.weights(), kMaxWeights);
  }

  void check_activation() const {
    const Layer& l = layer_;
    require(l.logits == last_, "{}", last_ ? "the last layer must give logits" : "only the last layer may give logits");
    require(!(l.logits && l.max_pool), "logits cannot be pooled");
    require(l.activation_max >= 1 && l.activation_max <= 255 && (l.activation_max & (l.activation_max + 1)) == 0,
            "its upper clamp is {}, but it must be 2^bits - 1 with 1 to 8 bits", l.activation_max);
    require(l.shift >= 1 && l.shift <= 24, "its shift is {}, but 1 to 24 are possible", l.shift);
  }

  void check_planes() const {
    if (layer_.kind == LayerKind::Pool) {
      require(layer_.planes.empty(), "a pooling layer has no weights, but it has {} bit planes", layer_.planes.size());
      return;
    }
    require(layer_.digits || layer_.planes.size() == 1, "it has {} bit planes, but only binary digits may have more or fewer than one",
            layer_.planes.size());
    require(!layer_.planes.empty() && layer_.planes.size() <= kMaxDigits, "it has {} bit planes, but 1 to {} are possible",
            layer_.planes.size(), kMaxDigits);
    for (const Plane& plane : layer_.planes) {
      require(plane.code >= 0 && static_cast<std::size_t>(plane.code) < network_.codes.size(),
              "it uses code {}, but the network has {} codes", plane.code, network_.codes.size());
      const Code& code = network_.codes[static_cast<std::size_t>(plane.code)];
      require(code.n_in <= code.n_out, "its code '{}' stores N_in = {} bits for N_out = {} weights; N_in must not exceed N_out", code.name,
              code.n_in, code.n_out);
      require(code.n_out == network_.slice.weights(), "its code '{}' has N_out = {}, but slices hold {} weights", code.name, code.n_out,
              network_.slice.weights());
      const std::int64_t bytes = (std::int64_t{slice_layout(network_, layer_).slices()} * code.n_in + 7) / 8;
      require(static_cast<std::int64_t>(plane.stored.size()) == bytes, "it stores {} bytes of weights, but its shape and code ask for {}",
              plane.stored.size(), bytes);
    }
  }

  void check_channels() const {
    const Layer& l = layer_;
    const auto channels = static_cast<std::size_t>(l.output.channels);
    require(l.bias.size() == channels, "it has {} biases for {} output channels", l.bias.size(), channels);
    const bool pool = l.kind == LayerKind::Pool;
    require(l.multiplier.size() == channels, "it has {} multipliers for {} output channels", l.multiplier.size(), channels);
    require(l.real_scale.size() == channels || l.real_scale.empty(), "it has {} real scales for {} output channels", l.real_scale.size(),
            channels);
    require(l.real_bias.size() == channels || l.real_bias.empty(), "it has {} real biases for {} output channels", l.real_bias.size(),
            channels);
    for (const auto* reals : {&l.real_scale, &l.real_bias}) {
      for (const double value : *reals) require(std::isfinite(value), "a real scale or bias is not a finite number");
    }
    const std::int64_t largest_weight = l.digits ? (std::int64_t{1} << l.planes.size()) - 1 : 1;
    const std::int64_t inputs = pool ? l.pooled_units() : l.weights() / l.output.channels;
    const std::int64_t largest_sum = inputs * 255 * l.averaged_pixels() * largest_weight;
    for (std::size_t m = 0; m < channels; ++m) {
      require(largest_sum + std::abs(static_cast<std::int64_t>(l.bias[m])) <= std::numeric_limits<std::int32_t>::max(),
              "the sums of channel {} with bias {} may pass 32 bits", m, l.bias[m]);
    }
  }

  const Network& network_;
  const Layer& layer_;
  std::size_t index_;
  bool last_;
};

}  // namespace

void validate(const Network& network) {
  const Shape& in = network.input;
  if (in.height < 1 || in.width < 1 || in.channels < 1 || in.height > kMaxSide || in.width > kMaxSide || in.channels > kMaxSide ||
      static_cast<std::int64_t>(in.height) * in.width * in.channels > kMaxWeights) {
    throw InputError(fmt::format("network '{}': its input {}x{}x{} is outside 1 to {} per side", network.name, in.height, in.width,
                                 in.channels, kMaxSide));
  }
  if (network.slice != SliceShape{10, 2} && network.slice != SliceShape{16, 2}) {
    throw InputError(fmt::format("network '{}': its slices are {}x{}, but 10x2 and 16x2 (inputs x channels) are possible", network.name,
                                 network.slice.inputs, network.slice.channels));
  }
  if (network.layers.empty()) throw InputError(fmt::format("network '{}' has no layers", network.name));
  for (const Code& code : network.codes) {
    try {
      validate(code);
    } catch (const std::invalid_argument& error) {
      throw InputError(fmt::format("network '{}': {}", network.name, error.what()));
    }
  }
  for (std::size_t i = 0; i < network.layers.size(); ++i) LayerCheck(network, i).run();
}

}  // namespace flexor
