// SPDX-License-Identifier: Apache-2.0
#include "compiler/engine_limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "code/error.hpp"
#include "compiler/pe_style.hpp"

namespace flexor {
namespace {

bool same_codes(const Network& network, const Layer& layer) {
  const auto code = [&network](const Plane& plane) -> const Code& { return network.codes[static_cast<std::size_t>(plane.code)]; };
  const Code& first = code(layer.planes[0]);
  return std::all_of(layer.planes.begin(), layer.planes.end(),
                     [&](const Plane& plane) { return code(plane).n_in == first.n_in && code(plane).rows == first.rows; });
}

// Sum of a channel's positive weights and of its negative ones, w = sum_p 2^p b_p.
struct WeightSums {
  std::int64_t plus = 0, minus = 0;
};

std::vector<WeightSums> weight_sums(const Network& network, const Layer& layer) {
  std::vector<std::int64_t> weights(static_cast<std::size_t>(layer.weights()), 0);
  for (std::size_t p = 0; p < layer.planes.size(); ++p) {
    const std::vector<std::int8_t> plane = decrypt_weights(network, layer, static_cast<int>(p));
    for (std::size_t i = 0; i < plane.size(); ++i) weights[i] += std::int64_t{plane[i]} << p;
  }
  std::vector<WeightSums> sums(layer.bias.size());
  if (layer.kind == LayerKind::Pool) {
    for (WeightSums& s : sums) s.plus = layer.pooled_units();
    return sums;
  }
  const std::size_t inputs = weights.size() / sums.size();
  for (std::size_t i = 0; i < weights.size(); ++i) (weights[i] > 0 ? sums[i / inputs].plus : sums[i / inputs].minus) += weights[i];
  return sums;
}

void check_graph(const Network& network, std::size_t l, const EngineParameters& engine) {
  const Layer& layer = network.layers[l];
  const auto refuse = [&layer](bool has, const std::string& what) {
    if (has) throw InputError(fmt::format("layer '{}' {}; run it with flexor eval", layer.name, what));
  };
  const auto missing = [&engine](const char* what) { return fmt::format("{}, for which engine '{}' is not built", what, engine.name); };
  refuse(layer.dilation > 1, fmt::format("has a dilation of {}, which no engine runs", layer.dilation));
  refuse(layer.shortcut.has_value() && engine.ResidualWords == 0, missing("has a shortcut"));
  refuse(layer.kind == LayerKind::Pool && engine.Windows == 0, missing("pools windows"));
  refuse(layer.digits && static_cast<int>(layer.planes.size()) > engine.Digits, missing("has weights of several binary digits"));
  refuse(layer.global_average && layer.averaged_pixels() > std::min(1 << engine.SumBits, engine.PMax),
         missing(fmt::format("averages over {} pixels", layer.averaged_pixels()).c_str()));
  refuse(layer.digits && !same_codes(network, layer), "has binary digits of different codes, which no engine runs");
  refuse(l > 0 && network.source(l) == kNetworkInput && network.layers.front().stack_rows,
         "reads the pixels, which the first layer wants row-stacked");
  if (!layer.shortcut) return;
  refuse(layer.shortcut->source == kNetworkInput, "adds the pixels, which no engine does");
  refuse(layer.shortcut->channel_offset % engine.R != 0,
         fmt::format("adds its shortcut from channel {} on, but engine '{}' adds from multiples of {} on", layer.shortcut->channel_offset,
                     engine.name, engine.R));
}

void check_supported(const Network& network, const Layer& layer, const EngineParameters& engine) {
  if (layer.shift != engine.Shift) {
    throw InputError(
        fmt::format("layer '{}' requantises with shift {}, but engine '{}' is built for {}; export the network with that shift", layer.name,
                    layer.shift, engine.name, engine.Shift));
  }
  if (layer.planes.empty()) return;
  const Code& code = network.codes[static_cast<std::size_t>(layer.planes[0].code)];
  if (engine.Decryption == static_cast<int>(Decryption::Fixed) && code.rows != wired_code().rows) {
    throw InputError(
        fmt::format("layer '{}' uses the code '{}', but engine '{}' is wired for the code 'wired' of 12 stored bits; take an engine with "
                    "serial decryption",
                    layer.name, code.name, engine.name));
  }
}

}  // namespace

void check_runs(const Network& network, const EngineParameters& engine) {
  if (network.slice != SliceShape{kSliceK, kSliceM}) {
    throw InputError(fmt::format("network '{}' has slices of {}x{} weights, but engine '{}' takes {}x{}; train it with --slice {}x{}",
                                 network.name, network.slice.inputs, network.slice.channels, engine.name, kSliceK, kSliceM, kSliceK,
                                 kSliceM));
  }
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    check_graph(network, l, engine);
    check_supported(network, network.layers[l], engine);
  }
}

void prove_no_overflow(const Network& network, const Layer& layer, const TiledLayer& tiled, int largest_input,
                       const EngineParameters& engine) {
  const std::vector<WeightSums> sums = weight_sums(network, layer);
  const int width = engine.AccWidth + engine.SumBits;
  const auto refuse = [&](std::size_t m, std::int64_t worst, std::int64_t limit, int bits) {
    if (worst < limit) return;
    throw InputError(
        fmt::format("layer '{}', channel {}: its sums may reach {}, but engine '{}' accumulates below {} ({} bits); take a wider engine",
                    layer.name, m, worst, engine.name, limit, bits));
  };
  for (std::size_t m = 0; m < sums.size(); ++m) {
    const std::int64_t worst = largest_input * std::max(sums[m].plus, -sums[m].minus);
    refuse(m, worst * layer.averaged_pixels() + std::abs(static_cast<std::int64_t>(layer.bias[m])), std::int64_t{1} << (width - 1), width);
    if (engine.SumBits == 0) continue;
    const bool is_signed = dot_signed(engine.PeStyle);
    const std::int64_t limit = std::int64_t{1} << (engine.AccWidth - (is_signed ? 1 : 0));
    refuse(m, tiled.correction[m] + largest_input * sums[m].plus, limit, engine.AccWidth);
    if (is_signed) refuse(m, -tiled.correction[m] - largest_input * sums[m].minus, limit, engine.AccWidth);
  }
}

}  // namespace flexor
