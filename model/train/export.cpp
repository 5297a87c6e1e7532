// SPDX-License-Identifier: Apache-2.0
#include "train/export.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>

#include "code/error.hpp"
#include "code/random.hpp"
#include "golden/golden.hpp"
#include "network/slice_layout.hpp"
#include "train/pool_layer.hpp"

namespace flexor {
namespace {

constexpr double kOne = 65536;  // 2^shift
constexpr double kLargestMultiplier = 32767;
constexpr std::size_t kNamedChannels = 8;
constexpr double kNoticed = 1.02;  // less than this beyond the largest multiplier is not worth a sentence
constexpr double kLostImages = 4;  // of a small test set, which say nothing

/// The largest power of two, at most the one asked for, with which every multiplier of the last layer fits 16 bits.
double logit_unit(const FoldedNorm& folded, double unit) {
  const double steepest = *std::max_element(folded.scale.begin(), folded.scale.end());
  while (steepest * unit * kOne > kLargestMultiplier) unit /= 2;
  return unit;
}

// "channels 0, 3 and 5", or the first few of many.
std::string channel_list(const std::vector<std::size_t>& channels) {
  std::string text = channels.size() == 1 ? "channel " : "channels ";
  for (std::size_t i = 0; i < std::min(channels.size(), kNamedChannels); ++i) text += fmt::format("{}{}", i == 0 ? "" : ", ", channels[i]);
  if (channels.size() > kNamedChannels) text += fmt::format(" and {} more", channels.size() - kNamedChannels);
  return text;
}

// What does not fit of the multipliers of a layer.
struct Misfits {
  std::vector<std::size_t> cut, raised;
  double steepest = 0;

  void tell(const Layer& layer, std::vector<std::string>* notes) const {
    if (notes == nullptr) return;
    if (!cut.empty()) {
      notes->push_back(
          fmt::format("layer {}: {} would multiply by up to {:.3g} but multipliers end at {:.3g}, so a larger \"clip\" is needed",
                      layer.name, channel_list(cut), steepest, kLargestMultiplier / kOne));
    }
    if (!raised.empty()) {
      notes->push_back(
          fmt::format("layer {}: {} would multiply by less than half of 1/65536, so fewer \"digits\" or a smaller \"clip\" are needed",
                      layer.name, channel_list(raised)));
    }
  }
};

void fold_into(Layer& layer, const FoldedNorm& folded, const LayerSpec& spec, std::vector<std::string>* notes) {
  const double unit = layer.logits ? logit_unit(folded, spec.logit_unit) : 1.0;
  const auto largest_bias = static_cast<double>(std::numeric_limits<std::int32_t>::max() - layer.largest_sum());
  Misfits misfits;
  for (std::size_t m = 0; m < folded.scale.size(); ++m) {
    const double scale = folded.scale[m] * unit;
    const double bias = folded.bias[m];
    if (!(std::abs(bias) < largest_bias)) {
      throw InputError(
          fmt::format("layer {}: channel {} needs bias {:.0f}, but with its sums of up to {} 32 bits hold biases below {:.0f}; train "
                      "longer or with another seed",
                      layer.name, m, bias, layer.largest_sum(), largest_bias));
    }
    layer.real_scale.push_back(scale);
    layer.real_bias.push_back(bias);
    layer.bias.push_back(static_cast<std::int32_t>(std::lround(bias)));
    const double multiplier = std::round(std::min(scale * kOne, 2 * kLargestMultiplier));
    if (multiplier > kNoticed * kLargestMultiplier) misfits.cut.push_back(m);
    if (multiplier < 1) misfits.raised.push_back(m);
    misfits.steepest = std::max(misfits.steepest, scale);
    layer.multiplier.push_back(static_cast<std::int16_t>(std::clamp(multiplier, 1.0, kLargestMultiplier)));
  }
  misfits.tell(layer, notes);
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
Layer trained_layer(EncryptedLayer trained, std::vector<Code>& codes, std::vector<std::string>* notes) {
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
  fold_into(layer, trained->fold(), trained->spec(), notes);
  return layer;
}

}  // namespace

Network to_network(const Trainable& model, const std::string& name, std::vector<std::string>* notes) {
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
    network.layers.push_back(trained.is_empty() ? model->shapes()[l] : trained_layer(trained, network.codes, notes));
    if (trained.is_empty()) fill_pool(network.layers.back());
  }
  validate(network);
  return network;
}

Network untrained_network(const NetworkSpec& spec, const std::vector<Code>& codes) {
  Network network;
  network.name = spec.name;
  network.input = spec.input;
  network.slice = spec.slice;
  Random random(1);
  for (Layer layer : layer_shapes(spec)) {
    if (layer.kind == LayerKind::Pool) {
      fill_pool(network.layers.emplace_back(std::move(layer)));
      continue;
    }
    const std::size_t l = network.layers.size();
    network.layers.push_back(std::move(layer));
    Layer& placed = network.layers.back();
    const auto slices = static_cast<std::size_t>(slice_layout(network, placed).slices());
    const Code own = placed.digits ? identity_code(codes.at(l).n_out) : codes.at(l);
    const auto known = std::find(network.codes.begin(), network.codes.end(), own) - network.codes.begin();
    if (static_cast<std::size_t>(known) == network.codes.size()) network.codes.push_back(own);
    placed.planes.resize(placed.digits ? static_cast<std::size_t>(spec.layers[l].digits) : 1);
    for (Plane& plane : placed.planes) {
      plane.code = static_cast<int>(known);
      plane.stored.resize((slices * static_cast<std::size_t>(own.n_in) + 7) / 8);
      for (std::uint8_t& byte : plane.stored) byte = static_cast<std::uint8_t>(random.next());
    }
    placed.bias.assign(static_cast<std::size_t>(placed.output.channels), 0);
    placed.multiplier.assign(placed.bias.size(), 1);
  }
  validate(network);
  return network;
}

void check_loss(double trainer, double integer, int images, double most_loss, const std::vector<std::string>& notes) {
  const double lost = trainer - integer;
  if (lost <= most_loss || lost * images <= kLostImages * 100 + 1e-6) return;
  std::string text =
      fmt::format("the integer model gives {:.2f} % where the trainer gave {:.2f} %, a loss beyond the {:g} points of --most-loss", integer,
                  trainer, most_loss);
  for (const std::string& note : notes) text += "; " + note;
  if (notes.empty()) text += "; give layers more \"activation_bits\" or another \"clip\"";
  throw InputError(text + "; no model file was written, and the checkpoint stays");
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
