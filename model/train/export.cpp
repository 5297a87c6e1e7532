// SPDX-License-Identifier: Apache-2.0
#include "train/export.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>

#include "code/error.hpp"
#include "golden/golden.hpp"
#include "train/pool_layer.hpp"

namespace flexor {
namespace {

constexpr double kOne = 65536;  // 2^shift
constexpr double kLargestMultiplier = 32767;
constexpr double kLargestBias = 1 << 18;  // of a layer of 1-bit weights; digits and averages sum more
constexpr double kLargestSum = 1 << 30;

/// The largest power of two, at most the one asked for, with which every multiplier of the last layer fits 16 bits.
double logit_unit(const FoldedNorm& folded, double unit) {
  const double steepest = *std::max_element(folded.scale.begin(), folded.scale.end());
  while (steepest * unit * kOne > kLargestMultiplier) unit /= 2;
  return unit;
}

void fold_into(Layer& layer, const FoldedNorm& folded, const LayerSpec& spec) {
  const double unit = layer.logits ? logit_unit(folded, spec.logit_unit) : 1.0;
  const double largest_bias = std::min(kLargestSum, std::ldexp(kLargestBias, spec.digits) * layer.averaged_pixels());
  for (std::size_t m = 0; m < folded.scale.size(); ++m) {
    const double scale = std::min(folded.scale[m] * unit, kLargestMultiplier / kOne);
    const double bias = folded.bias[m];
    if (!(std::abs(bias) < largest_bias)) {
      throw InputError(fmt::format("layer {}: channel {} needs bias {:.0f}, beyond 2^{:.0f}; train longer or with another seed", layer.name,
                                   m, bias, std::log2(largest_bias)));
    }
    layer.real_scale.push_back(scale);
    layer.real_bias.push_back(bias);
    layer.bias.push_back(static_cast<std::int32_t>(std::lround(bias)));
    layer.multiplier.push_back(static_cast<std::int16_t>(std::lround(scale * kOne)));
  }
}

// A pooling layer's numbers follow from its window.
void fill_pool(Layer& layer) {
  const auto channels = static_cast<std::size_t>(layer.output.channels);
  layer.bias.assign(channels, 0);
  layer.multiplier.assign(channels, pool_multiplier(layer));
  layer.real_scale.assign(channels, 1.0 / layer.pooled_units());
  layer.real_bias.assign(channels, 0);
}

// A layer with its stored bits and folded numbers.
Layer trained_layer(EncryptedLayer trained, std::vector<Code>& codes) {
  Layer layer = trained->shape();
  const Code own = trained->plane_code();
  auto code = std::find(codes.begin(), codes.end(), own);
  if (code == codes.end()) code = codes.insert(code, own);
  for (const std::vector<std::uint32_t>& plane : trained->stored()) {
    layer.planes.push_back({.code = static_cast<int>(code - codes.begin()), .stored = pack_slices(plane, own.n_in)});
  }
  if (layer.shortcut) {
    layer.shortcut->multiplier = trained->shortcut_multiplier();
    layer.shortcut->real_multiplier = layer.shortcut->multiplier / 256.0;
  }
  fold_into(layer, trained->fold(), trained->spec());
  return layer;
}

}  // namespace

Network to_network(const Trainable& model, const std::string& name) {
  if (model->hyper().method == Method::Real) {
    throw InputError(fmt::format(
        "{} was trained with real weights, which have no stored bits and no engine runs; train it with another --method", name));
  }
  Network network;
  network.name = name;
  network.input = model->spec().input;
  network.slice = model->spec().slice;
  for (std::size_t l = 0; l < model->shapes().size(); ++l) {
    const EncryptedLayer& trained = model->layers()[l];
    network.layers.push_back(trained.is_empty() ? model->shapes()[l] : trained_layer(trained, network.codes));
    if (trained.is_empty()) fill_pool(network.layers.back());
  }
  validate(network);
  return network;
}

double golden_accuracy(const Network& network, const Dataset& data) {
  const Golden golden(network);
  std::atomic<int> right = 0;
  at::parallel_for(0, data.count, 100, [&](std::int64_t begin, std::int64_t end) {
    for (auto i = static_cast<int>(begin); i < end; ++i) {
      if (golden.classify(data.read(i).data()) == data.labels[static_cast<std::size_t>(i)]) ++right;
    }
  });
  return 100.0 * right / data.count;
}

}  // namespace flexor
