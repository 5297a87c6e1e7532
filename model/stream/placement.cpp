// SPDX-License-Identifier: Apache-2.0
#include "stream/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>

#include "code/error.hpp"
#include "code/integer.hpp"
#include "stream/geometry.hpp"

namespace flexor::stream {
namespace {

constexpr int kTensorBanks = 2;
constexpr int kMostTries = 100000;
constexpr int kLogitWords = 2;  // of an m-tile; they begin at an even word

// Tries places layer after layer and goes back where one does not fit.
class Search {
 public:
  Search(const Network& network, const Parameters& parameters) : network_(network), parameters_(parameters) {
    const auto layers = static_cast<int>(network.layers.size());
    last_use_.assign(network.layers.size(), 0);
    for (int l = 0; l < layers; ++l) {
      const Layer& layer = network.layers[static_cast<std::size_t>(l)];
      const int source = network.source(static_cast<std::size_t>(l));
      if (source >= 0) last_use_[static_cast<std::size_t>(source)] = l;
      if (layer.shortcut && layer.shortcut->source >= 0) last_use_[static_cast<std::size_t>(layer.shortcut->source)] = l;
    }
    last_use_.back() = layers;
  }

  Placement run() {
    placement_.input = input_layout(network_, parameters_);
    if (!place(0)) {
      const Layer& layer = network_.layers[furthest_];
      throw InputError(fmt::format(
          "layer '{}': its output of {}x{}x{} does not fit beside the tensors that are still needed (two banks of {} words of {} "
          "channels); use smaller images or fewer channels",
          layer.name, layer.output.height, layer.output.width, layer.output.channels, parameters_.bank_words(), parameters_.K));
    }
    return placement_;
  }

 private:
  [[nodiscard]] int words(std::size_t l) const {
    const Layer& layer = network_.layers[l];
    if (layer.logits) return ceil_div(layer.output.channels, parameters_.M) * kLogitWords;
    return layer.output.height * layer.output.width * pixel_words(layer.output.channels, parameters_);
  }

  // Bank of what layer l reads; none for the pixels.
  [[nodiscard]] std::optional<int> input_bank(std::size_t l) const {
    const int source = network_.source(l);
    if (source < 0) return std::nullopt;
    return placement_.outputs[static_cast<std::size_t>(source)].bank;
  }

  // The shortcut's place, if the output of layer l may take it.
  [[nodiscard]] std::optional<TensorPlace> in_place(std::size_t l) const {
    const Layer& layer = network_.layers[l];
    if (!layer.shortcut || layer.shortcut->source < 0 || layer.shortcut->stride != 1) return std::nullopt;
    const auto source = static_cast<std::size_t>(layer.shortcut->source);
    const bool same = network_.layers[source].output == layer.output && layer.shortcut->channel_offset == 0;
    if (!same || last_use_[source] != static_cast<int>(l) || network_.source(l) == layer.shortcut->source) return std::nullopt;
    return placement_.outputs[source];
  }

  // First address of `bank` where `words` are free while layer l runs.
  [[nodiscard]] std::optional<int> free_address(std::size_t l, int bank, int words) const {
    const int align = network_.layers[l].logits ? kLogitWords : 1;
    std::vector<std::pair<int, int>> taken;  // from, to
    for (std::size_t t = 0; t < l; ++t) {
      const TensorPlace& place = placement_.outputs[t];
      if (place.bank == bank && last_use_[t] >= static_cast<int>(l)) taken.emplace_back(place.address, place.address + place.words);
    }
    std::sort(taken.begin(), taken.end());
    int address = 0;
    for (const auto& [from, to] : taken) {
      if (from - address >= words) break;
      address = ceil_div(std::max(address, to), align) * align;
    }
    if (address + words > parameters_.bank_words()) return std::nullopt;
    return address;
  }

  bool place(std::size_t l) {
    if (l == network_.layers.size()) return true;
    if (++tries_ > kMostTries) return false;
    furthest_ = std::max(furthest_, l);
    const int size = words(l);
    const auto take = [&](int bank, int address) {
      placement_.outputs.push_back({bank, address, size, network_.layers[l].output});
      if (place(l + 1)) return true;
      placement_.outputs.pop_back();
      return false;
    };
    const std::optional<TensorPlace> over = in_place(l);
    if (over && take(over->bank, over->address)) return true;
    std::array<int, kTensorBanks> banks{0, 1};
    if (input_bank(l) == 0) std::swap(banks[0], banks[1]);
    for (const int bank : banks) {
      if (network_.layers[l].logits && bank != 0) continue;
      const std::optional<int> address = free_address(l, bank, size);
      if (address && take(bank, *address)) return true;
    }
    return false;
  }

  const Network& network_;
  const Parameters& parameters_;
  std::vector<int> last_use_;
  Placement placement_;
  std::size_t furthest_ = 0;
  int tries_ = 0;
};

}  // namespace

TensorPlace Placement::tensor(int source) const {
  if (source >= 0) return outputs[static_cast<std::size_t>(source)];
  return {input.bank, 0, input.halfwords, input.shape};
}

Placement place(const Network& network, const Parameters& parameters) { return Search(network, parameters).run(); }

}  // namespace flexor::stream
