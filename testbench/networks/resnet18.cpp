// SPDX-License-Identifier: Apache-2.0
#include "resnet18.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "network/slice_layout.hpp"

namespace flexor::test {
namespace {

constexpr int kStages = 4;
constexpr int kBlocks = 2;
constexpr int kClasses = 1000;
constexpr int kDigits = 8;
constexpr int kStoredBits[kStages] = {16, 13, 12, 8};  // of 20: the larger the stage, the lower its rate
constexpr int kDigitCode = kStages;                    // index of the code that stores every bit

double draw(Random& random, double low, double high) { return low + (high - low) * static_cast<double>(random.below(1 << 20)) / (1 << 20); }

// Adds layers to a network; `code` is an index into its codes.
class Builder {
 public:
  Builder(Random& random, Network& network) : random_(random), network_(network) {}

  [[nodiscard]] int last() const { return static_cast<int>(network_.layers.size()) - 1; }

  // A convolution of tensor `source` with `same` padding.
  Layer convolution(const std::string& name, int source, int channels, int kernel, int stride) const {
    Layer l;
    l.name = name;
    l.source = source;
    l.input = network_.tensor(source);
    l.kernel_height = l.kernel_width = kernel;
    l.stride = stride;
    l.padding = kernel / 2;
    l.output.channels = channels;
    l.output = l.unpooled();
    return l;
  }

  // Random stored bits; `gain` is the spread of the outputs in spreads of the inputs, for weights of that spread.
  void add(Layer l, int code, int digits, double gain) {
    l.digits = digits > 1;
    const auto bits = std::int64_t{SliceLayout(network_.slice, l, {}).slices()} * network_.codes[static_cast<std::size_t>(code)].n_in;
    for (int p = 0; p < digits; ++p) {
      Plane plane{code, {}};
      plane.stored.resize(static_cast<std::size_t>((bits + 7) / 8));
      for (std::uint8_t& byte : plane.stored) byte = static_cast<std::uint8_t>(random_.next());
      l.planes.push_back(std::move(plane));
    }
    const double inputs = static_cast<double>(l.weights()) / l.output.channels;
    const double spread = std::sqrt(inputs) * (digits > 1 ? std::ldexp(1 / std::sqrt(3.0), digits) : 1.0);
    for (int m = 0; m < l.output.channels; ++m) {
      const double multiplier = 65536 * gain / spread * draw(random_, 0.6, 1.4);
      l.multiplier.push_back(static_cast<std::int16_t>(std::clamp(std::round(multiplier), 1.0, 32767.0)));
      l.bias.push_back(static_cast<std::int32_t>(draw(random_, -20, 20) * spread));
    }
    network_.layers.push_back(std::move(l));
  }

  void add_maximum(const std::string& name) {
    Layer l = convolution(name, last(), network_.layers.back().output.channels, 3, 2);
    l.kind = LayerKind::Pool;
    l.bias.assign(static_cast<std::size_t>(l.output.channels), 0);
    l.multiplier.assign(static_cast<std::size_t>(l.output.channels), 65536 / kPoolUnit);
    network_.layers.push_back(std::move(l));
  }

  // Two 3x3 convolutions and the shortcut around them.
  void add_block(int stage, int block, int channels) {
    const int source = last();
    const int stride = stage > 0 && block == 0 ? 2 : 1;
    const std::string name = fmt::format("stage{}_block{}", stage + 1, block + 1);
    Shortcut shortcut{.source = source, .multiplier = 192, .real_multiplier = 0.75};
    if (stride == 2) {
      Layer projection = convolution(name + "_projection", source, channels, 1, stride);
      projection.projection = true;
      projection.activation_max = 127;
      add(std::move(projection), stage, 1, 1.0);
      shortcut = {.source = last(), .multiplier = 256, .real_multiplier = 1.0};
    }
    add(convolution(name + "_conv1", source, channels, 3, stride), stage, 1, std::sqrt(2.0));
    Layer second = convolution(name + "_conv2", last(), channels, 3, 1);
    second.shortcut = shortcut;
    add(std::move(second), stage, 1, 0.8);
  }

 private:
  Random& random_;
  Network& network_;
};

}  // namespace

Network make_resnet18(Random& random, int side, int width) {
  Network network;
  network.name = "resnet18-random";
  network.input = {side, side, 3};
  for (const int n : kStoredBits) network.codes.push_back(nested_code(n));
  network.codes.push_back(identity_code(kSliceK * kSliceM));
  Builder build(random, network);
  Layer first = build.convolution("conv1", kNetworkInput, width, 7, 2);
  first.stack_rows = true;
  build.add(std::move(first), kDigitCode, kDigits, 1.0);
  build.add_maximum("pool1");
  for (int stage = 0; stage < kStages; ++stage) {
    for (int block = 0; block < kBlocks; ++block) build.add_block(stage, block, width << stage);
  }
  Layer last = build.convolution("dense", build.last(), kClasses, 1, 1);
  last.kind = LayerKind::Dense;
  last.global_average = true;
  last.logits = true;
  last.output = last.unpooled();
  build.add(std::move(last), kDigitCode, kDigits, 1.0);
  return network;
}

Dataset make_images(Random& random, const Shape& shape, int count) {
  constexpr int kPatch = 16, kNoise = 32;
  Dataset data;
  data.name = "random";
  data.shape = shape;
  data.count = count;
  data.labels.assign(static_cast<std::size_t>(count), 0);
  const int across = (shape.width + kPatch - 1) / kPatch, down = (shape.height + kPatch - 1) / kPatch;
  for (int i = 0; i < count; ++i) {
    std::vector<int> patch(static_cast<std::size_t>(across * down * shape.channels));
    for (int& value : patch) value = static_cast<int>(random.below(256 - kNoise));
    for (int y = 0; y < shape.height; ++y) {
      for (int x = 0; x < shape.width; ++x) {
        for (int c = 0; c < shape.channels; ++c) {
          const int at = (y / kPatch * across + x / kPatch) * shape.channels + c;
          data.pixels.push_back(static_cast<std::uint8_t>(patch[static_cast<std::size_t>(at)] + static_cast<int>(random.below(kNoise))));
        }
      }
    }
  }
  return data;
}

}  // namespace flexor::test
