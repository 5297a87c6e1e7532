// SPDX-License-Identifier: Apache-2.0
#include "compiler/tiler.hpp"

#include "code/integer.hpp"
#include "compiler/pe_style.hpp"

namespace flexor {
namespace {

// Fills one layer's tiles slice by slice.
class Tiler {
 public:
  Tiler(const Network& network, const Layer& layer, const EngineParameters& engine)
      : layer_(layer),
        code_(network.codes[static_cast<std::size_t>(layer.planes[0].code)]),
        engine_(engine),
        plain_(engine.Decryption == static_cast<int>(Decryption::Plain)),
        last_first_(engine.Decryption == static_cast<int>(Decryption::Fixed)),
        slices_k_(engine.K / kSliceK),
        groups_k_(ceil_div(layer.string_length(), kSliceK)),
        pairs_m_(ceil_div(layer.output.channels, kSliceM)) {
    for (int k = 0; k < engine.K; ++k) constants_.push_back(lane_constant(engine.PeStyle, engine.K, k));
    out_.stored_bits = plain_ ? engine.NOut : code_.n_in;
    out_.m_tiles = ceil_div(layer.output.channels, engine.M);
    out_.chunks = ceil_div(layer.string_length(), engine.K);
    out_.correction.assign(static_cast<std::size_t>(layer.output.channels), 0);
  }

  TiledLayer run() {
    const std::size_t tiles = layer_.planes.size() * static_cast<std::size_t>(out_.m_tiles) * static_cast<std::size_t>(layer_.strings()) *
                              static_cast<std::size_t>(out_.chunks);
    out_.words.assign(tiles * tile_words(), 0);
    std::size_t tile = 0;
    for (int mt = 0; mt < out_.m_tiles; ++mt) {
      for (int p = static_cast<int>(layer_.planes.size()) - 1; p >= 0; --p) {
        for (int r = 0; r < layer_.strings(); ++r) {
          for (int c = 0; c < out_.chunks; ++c, ++tile) fill_tile(tile, p, mt, r, c);
        }
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::size_t tile_words() const {
    return static_cast<std::size_t>(engine_.groups()) * static_cast<std::size_t>(out_.stored_bits);
  }

  void fill_tile(std::size_t tile, int plane, int mt, int r, int c) {
    for (int s = 0; s < engine_.slices(); ++s) {
      const int p = mt * (engine_.M / kSliceM) + s / slices_k_;
      const int g = c * slices_k_ + s % slices_k_;
      std::uint32_t stored = 0;
      std::uint32_t weights = 0;
      if (p < pairs_m_ && g < groups_k_) {
        stored = slice_bits(layer_.planes[static_cast<std::size_t>(plane)], code_.n_in,
                            (static_cast<std::int64_t>(p) * layer_.strings() + r) * groups_k_ + g);
        weights = code_.decrypt(stored);
        if (plain_) stored = recode_slice(engine_.PeStyle, weights);
      }
      add_correction(plane, p, s % slices_k_, weights);
      const std::size_t base = tile * tile_words() + static_cast<std::size_t>(s / engine_.D) * static_cast<std::size_t>(out_.stored_bits);
      for (int j = 0; j < out_.stored_bits; ++j) {
        const int word = last_first_ ? out_.stored_bits - 1 - j : j;
        out_.words[base + static_cast<std::size_t>(word)] |= static_cast<std::uint64_t>(stored >> j & 1U) << (s % engine_.D);
      }
    }
  }

  // Lanes 10 * gk .. of the two channels of pair p: every weight bit that is 0 adds its lane's constant.
  void add_correction(int plane, int p, int gk, std::uint32_t weights) {
    const auto lane = constants_.begin() + static_cast<std::ptrdiff_t>(gk) * kSliceK;
    for (int i = 0; i < kSliceK * kSliceM; ++i) {
      const int m = p * kSliceM + i / kSliceK;
      if (m >= layer_.output.channels || (weights >> i & 1U) != 0) continue;
      out_.correction[static_cast<std::size_t>(m)] += static_cast<std::int64_t>(lane[i % kSliceK]) << plane;
    }
  }

  const Layer& layer_;
  const Code& code_;
  const EngineParameters& engine_;
  bool plain_;
  bool last_first_;  // stored bits stand in memory from the last one on, as stored_slice takes them
  int slices_k_;
  int groups_k_;
  int pairs_m_;
  std::vector<int> constants_;
  TiledLayer out_;
};

}  // namespace

TiledLayer no_weights(const Layer& layer, const EngineParameters& engine) {
  TiledLayer out;
  out.stored_bits = 1;
  out.m_tiles = ceil_div(layer.output.channels, engine.M);
  out.chunks = layer.kernel_width;
  out.correction.assign(static_cast<std::size_t>(layer.output.channels), 0);
  return out;
}

TiledLayer tile_layer(const Network& network, const Layer& layer, const EngineParameters& engine) {
  return Tiler(network, layer, engine).run();
}

}  // namespace flexor
