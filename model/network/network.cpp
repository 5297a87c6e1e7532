// SPDX-License-Identifier: Apache-2.0
#include "network/network.hpp"

#include "network/slice_layout.hpp"

namespace flexor {

Shape Layer::unpooled() const {
  if (global_average) return {1, 1, output.channels};
  return {(padded_height() - reach_height()) / stride + 1, (padded_width() - reach_width()) / stride + 1, output.channels};
}

std::int64_t Layer::macs() const {
  const Shape shape = unpooled();
  return weights() * shape.height * shape.width * averaged_pixels();
}

std::int64_t Layer::weights() const {
  if (kind == LayerKind::Pool) return 0;
  return static_cast<std::int64_t>(kernel_height) * kernel_width * input.channels * output.channels;
}

std::int64_t Layer::largest_sum() const {
  constexpr std::int64_t kLargestInput = 255;
  if (kind == LayerKind::Pool) return pooled_units() * kLargestInput;
  const std::int64_t largest_weight = digits ? (std::int64_t{1} << planes.size()) - 1 : 1;
  return weights() / output.channels * kLargestInput * averaged_pixels() * largest_weight;
}

int Network::source(std::size_t l) const {
  const int from = layers[l].source;
  return from == kPreviousLayer ? static_cast<int>(l) - 1 : from;
}

const Shape& Network::tensor(int source) const { return source < 0 ? input : layers[static_cast<std::size_t>(source)].output; }

bool Network::is_projection(int source) const { return source >= 0 && layers[static_cast<std::size_t>(source)].projection; }

int Network::largest(int source) const {
  return source < 0 ? 255 : layers[static_cast<std::size_t>(source)].activation_max + (is_projection(source) ? 1 : 0);
}

std::uint32_t slice_bits(const Plane& plane, int n_in, std::int64_t slice) {
  std::uint32_t bits = 0;
  for (int j = 0; j < n_in; ++j) {
    const auto at = static_cast<std::size_t>(slice * n_in + j);
    bits |= static_cast<std::uint32_t>(plane.stored[at / 8] >> at % 8 & 1) << j;
  }
  return bits;
}

std::vector<std::uint8_t> pack_slices(const std::vector<std::uint32_t>& slices, int n_in) {
  std::vector<std::uint8_t> stored((slices.size() * static_cast<std::size_t>(n_in) + 7) / 8, 0);
  std::size_t at = 0;
  for (const std::uint32_t slice : slices) {
    for (int j = 0; j < n_in; ++j, ++at) {
      stored[at / 8] = static_cast<std::uint8_t>(stored[at / 8] | (slice >> j & 1U) << at % 8);
    }
  }
  return stored;
}

std::vector<std::int8_t> decrypt_weights(const Network& network, const Layer& layer, int plane) {
  const Plane& encrypted = layer.planes.at(static_cast<std::size_t>(plane));
  const Code& code = network.codes.at(static_cast<std::size_t>(encrypted.code));
  const SliceLayout layout = slice_layout(network, layer);
  const auto inputs = static_cast<std::size_t>(layer.strings()) * static_cast<std::size_t>(layer.string_length());
  std::vector<std::int8_t> weights(static_cast<std::size_t>(layer.weights()));
  const int slices = layout.slices();
  for (int s = 0; s < slices; ++s) {
    const std::uint32_t bits = code.decrypt(slice_bits(encrypted, code.n_in, s));
    for (int i = 0; i < code.n_out; ++i) {
      const SliceLayout::Weight at = layout.weight(s, i);
      if (at.channel < 0) continue;
      weights[static_cast<std::size_t>(at.channel) * inputs + static_cast<std::size_t>(at.input)] = (bits >> i & 1U) != 0 ? 1 : -1;
    }
  }
  return weights;
}

}  // namespace flexor
