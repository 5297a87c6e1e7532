// SPDX-License-Identifier: Apache-2.0
#include "stream_networks.hpp"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "network/slice_layout.hpp"

namespace flexor::test {
namespace {

constexpr int kDigits = 8;

// Appends layers to a network, drawing stored bits, biases and multipliers.
class Drawer {
 public:
  Drawer(Network& network, Random& random) : network_(network), random_(random) {}

  void add(Layer layer, int code, int digits) {
    layer.input = layer.kind == LayerKind::Dense ? Shape{1, 1, last().size()} : last();
    if (layer.kind == LayerKind::Pool) layer.output.channels = last().channels;
    layer.output = layer.unpooled();
    layer.digits = digits > 1;
    const int n_in = network_.codes[static_cast<std::size_t>(code)].n_in;
    const int slices = SliceLayout(network_.slice, layer, last()).slices();
    for (int digit = 0; layer.kind != LayerKind::Pool && digit < digits; ++digit) {
      Plane plane{code, {}};
      for (int i = 0; i < (slices * n_in + 7) / 8; ++i) plane.stored.push_back(static_cast<std::uint8_t>(random_.next()));
      layer.planes.push_back(std::move(plane));
    }
    requantise(layer, digits);
    network_.layers.push_back(std::move(layer));
  }

 private:
  [[nodiscard]] const Shape& last() const { return network_.layers.empty() ? network_.input : network_.layers.back().output; }

  void requantise(Layer& layer, int digits) {
    const int channels = layer.output.channels;
    if (layer.kind == LayerKind::Pool) {
      layer.multiplier.assign(static_cast<std::size_t>(channels), static_cast<std::int16_t>((1 << layer.shift) / layer.pooled_units()));
      layer.bias.assign(static_cast<std::size_t>(channels), 0);
      return;
    }
    const double inputs = static_cast<double>(layer.weights()) / channels;
    const double spread = 60 * std::sqrt(inputs) * (digits > 1 ? std::ldexp(0.6, digits) : 1);
    const double full = layer.logits ? 4000 : 100;
    for (int m = 0; m < channels; ++m) {
      const double scale = full / spread * 65536 * (0.5 + static_cast<double>(random_.below(1000)) / 1000);
      layer.multiplier.push_back(static_cast<std::int16_t>(scale < 1 ? 1 : scale > 32767 ? 32767 : scale));
      layer.bias.push_back(static_cast<int>(random_.below(static_cast<std::uint64_t>(spread) + 1)));
    }
  }

  Network& network_;
  Random& random_;
};

Layer convolution(std::string name, int channels, int stride) {
  Layer layer;
  layer.name = std::move(name);
  layer.kernel_height = layer.kernel_width = 3;
  layer.padding = 1;
  layer.stride = stride;
  layer.output.channels = channels;
  return layer;
}

}  // namespace

Network random_resnet20(Random& random, int n_in) {
  Network network;
  network.name = "resnet20-random";
  network.input = {32, 32, 3};
  network.slice = {16, 2};
  network.codes = {dense_code(32, n_in, random.next()), identity_code(32)};
  Drawer drawer(network, random);
  Layer first = convolution("conv1", 16, 1);
  first.stack_rows = true;
  drawer.add(first, 1, kDigits);
  for (int stage = 0; stage < 3; ++stage) {
    for (int block = 0; block < 3; ++block) {
      const int stride = stage > 0 && block == 0 ? 2 : 1;
      const int from = static_cast<int>(network.layers.size()) - 1;
      drawer.add(convolution(fmt::format("s{}.{}a", stage + 1, block), 16 << stage, stride), 0, 1);
      Layer second = convolution(fmt::format("s{}.{}b", stage + 1, block), 16 << stage, 1);
      second.shortcut = Shortcut{from, stride, 0, 256, 1.0};
      drawer.add(second, 0, 1);
    }
  }
  Layer pool;
  pool.name = "pool";
  pool.kind = LayerKind::Pool;
  pool.average = true;
  pool.kernel_height = pool.kernel_width = 8;
  drawer.add(pool, 0, 1);
  Layer dense;
  dense.name = "dense";
  dense.kind = LayerKind::Dense;
  dense.logits = true;
  dense.output.channels = 10;
  drawer.add(dense, 1, kDigits);
  return network;
}

}  // namespace flexor::test
