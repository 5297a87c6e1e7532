// SPDX-License-Identifier: Apache-2.0
#include "corrupt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "code/error.hpp"

namespace flexor {

namespace {

constexpr std::array<std::pair<std::string_view, Corruption::Kind>, 5> kNames{{{"stored-bit", Corruption::Kind::StoredBit},
                                                                               {"code-entry", Corruption::Kind::CodeEntry},
                                                                               {"bias", Corruption::Kind::Bias},
                                                                               {"activation", Corruption::Kind::Activation},
                                                                               {"golden-shift", Corruption::Kind::GoldenShift}}};

// The channel with the steepest requantisation shows a changed bias best.
std::size_t steepest_channel(const Layer& layer) {
  const auto at =
      std::max_element(layer.multiplier.begin(), layer.multiplier.end(), [](int a, int b) { return std::abs(a) < std::abs(b); });
  return static_cast<std::size_t>(at - layer.multiplier.begin());
}

Layer& target(Network& network, const Corruption& corruption) {
  const auto layer = static_cast<std::size_t>(corruption.layer);
  if (layer >= network.layers.size()) {
    throw InputError(fmt::format("--corrupt names layer {}, the network has layers 0 to {}", layer, network.layers.size() - 1));
  }
  const bool weights = corruption.kind == Corruption::Kind::StoredBit || corruption.kind == Corruption::Kind::CodeEntry;
  if (weights && network.layers[layer].planes.empty()) {
    throw InputError(fmt::format("--corrupt names layer {}, which pools and has no weights; take bias, or another layer", layer));
  }
  return network.layers[layer];
}

}  // namespace

Corruption parse_corruption(std::string_view text) {
  const auto colon = text.find(':');
  Corruption result;
  for (const auto& [name, kind] : kNames) {
    if (text.substr(0, colon) == name) {
      result.kind = kind;
    }
  }
  bool good = result.kind != Corruption::Kind::None;
  if (colon != std::string_view::npos) {
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.layer);
    good = good && error == std::errc{} && end == digits.data() + digits.size() && result.layer >= 0;
  }
  if (!good) {
    throw InputError(
        fmt::format("--corrupt '{}' is not stored-bit, code-entry, bias, activation or golden-shift with an optional :LAYER", text));
  }
  return result;
}

Network corrupt_engine_network(const Network& network, const Corruption& corruption) {
  Network changed = network;
  Layer& layer = target(changed, corruption);
  switch (corruption.kind) {
    case Corruption::Kind::StoredBit:
      layer.planes[0].stored[0] ^= 1;
      break;
    case Corruption::Kind::CodeEntry:
      changed.codes[static_cast<std::size_t>(layer.planes[0].code)].rows[0] ^= 1;
      break;
    case Corruption::Kind::Bias:
      layer.bias[steepest_channel(layer)] ^= 1 << 4;
      break;
    default:
      break;
  }
  return changed;
}

Network corrupt_golden_network(const Network& network, const Corruption& corruption) {
  Network changed = network;
  if (corruption.kind == Corruption::Kind::GoldenShift) {
    target(changed, corruption).shift ^= 1;
  }
  return changed;
}

void corrupt_input(std::vector<std::uint8_t>& tensor, const Corruption& corruption) {
  if (corruption.kind == Corruption::Kind::Activation) {
    tensor[tensor.size() / 2] ^= 0x80;
  }
}

}  // namespace flexor
