// SPDX-License-Identifier: Apache-2.0
// Residual networks in the golden model against the formulas of docs/arithmetic.md, summed directly in int64 and double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/golden.hpp"
#include "networks.hpp"
#include "seed.hpp"

namespace flexor {
namespace {

using Tensor = std::vector<double>;

double at(const Tensor& t, const Shape& s, int y, int x, int c) {
  if (y < 0 || x < 0 || c < 0 || y >= s.height || x >= s.width || c >= s.channels) return 0;
  return t[static_cast<std::size_t>((y * s.width + x) * s.channels + c)];
}

// One plane's weights of channel m at (ky, kx, c).
class Weights {
 public:
  Weights(const Network& network, const Layer& layer) : l_(layer) {
    for (int p = 0; p < static_cast<int>(layer.planes.size()); ++p) planes_.push_back(decrypt_weights(network, layer, p));
  }
  [[nodiscard]] std::int64_t operator()(std::size_t plane, int m, int ky, int kx, int c) const {
    const int r = l_.stack_rows ? 0 : ky;
    const int k = l_.stack_rows ? (kx * l_.kernel_height + ky) * l_.input.channels + c : kx * l_.input.channels + c;
    return planes_[plane][static_cast<std::size_t>((m * l_.strings() + r) * l_.string_length() + k)];
  }

 private:
  const Layer& l_;
  std::vector<std::vector<std::int8_t>> planes_;
};

// Exact sum, every weight sum_p 2^p b_p.
double exact_sum(const Layer& l, const Weights& weight, const Tensor& in, int y, int x, int m) {
  std::int64_t sum = 0;
  const int height = l.global_average ? l.input.height : l.kernel_height;
  const int width = l.global_average ? l.input.width : l.kernel_width;
  for (int j = 0; j < height; ++j) {
    for (int i = 0; i < width; ++i) {
      for (int c = 0; c < l.input.channels; ++c) {
        std::int64_t w = 0;
        for (std::size_t p = 0; p < l.planes.size(); ++p) {
          w += (std::int64_t{1} << p) * (l.global_average ? weight(p, m, 0, 0, c) : weight(p, m, j, i, c));
        }
        sum += w * static_cast<std::int64_t>(
                       at(in, l.input, y * l.stride + j * l.dilation - l.padding.top, x * l.stride + i * l.dilation - l.padding.left, c));
      }
    }
  }
  return static_cast<double>(sum);
}

Tensor reference_pool(const Layer& l, const Tensor& in) {
  Tensor out;
  for (int y = 0; y < l.output.height; ++y) {
    for (int x = 0; x < l.output.width; ++x) {
      for (int c = 0; c < l.output.channels; ++c) {
        Tensor window;
        for (int j = 0; j < l.kernel_height * l.kernel_width; ++j) {
          window.push_back(
              at(in, l.input, y * l.stride - l.padding.top + j / l.kernel_width, x * l.stride - l.padding.left + j % l.kernel_width, c));
        }
        const double pooled =
            l.average ? std::accumulate(window.begin(), window.end(), 0.0) : *std::max_element(window.begin(), window.end());
        const auto m = static_cast<std::size_t>(c);
        const double v = std::floor((4 * pooled + l.bias[m]) * l.multiplier[m] / std::pow(2.0, l.shift) + 0.5);
        out.push_back(std::clamp(v, 0.0, static_cast<double>(l.activation_max)));
      }
    }
  }
  return out;
}

Tensor reference_layer(const Network& network, const Layer& l, const Tensor& in, const Tensor* shortcut) {
  if (l.kind == LayerKind::Pool) return reference_pool(l, in);
  const Weights weight(network, l);
  const Shape s = l.unpooled();
  Tensor out;
  for (int y = 0; y < s.height; ++y) {
    for (int x = 0; x < s.width; ++x) {
      for (int m = 0; m < s.channels; ++m) {
        const double t = exact_sum(l, weight, in, y, x, m) + l.bias[static_cast<std::size_t>(m)];
        double real = t * l.multiplier[static_cast<std::size_t>(m)] / std::pow(2.0, l.shift);  // fewer than 53 bits, so this is exact
        if (shortcut != nullptr) {
          const Shortcut& from = *l.shortcut;
          real +=
              at(*shortcut, network.tensor(from.source), y * from.stride, x * from.stride, m - from.channel_offset) * from.multiplier / 256;
        }
        const double v = std::floor(real + 0.5);
        const double high = l.logits ? 32767 : l.activation_max;
        out.push_back(std::clamp(v, l.logits || l.projection ? -high - 1 : 0.0, high));
      }
    }
  }
  if (!l.max_pool) return out;
  Tensor pooled;
  for (int y = 0; y < l.output.height; ++y) {
    for (int x = 0; x < l.output.width; ++x) {
      for (int m = 0; m < s.channels; ++m) {
        pooled.push_back(std::max({at(out, s, 2 * y, 2 * x, m), at(out, s, 2 * y, 2 * x + 1, m), at(out, s, 2 * y + 1, 2 * x, m),
                                   at(out, s, 2 * y + 1, 2 * x + 1, m)}));
      }
    }
  }
  return pooled;
}

// Every layer boundary of the reference.
std::vector<Tensor> reference(const Network& network, const std::vector<std::uint8_t>& pixels) {
  const Tensor input(pixels.begin(), pixels.end());
  std::vector<Tensor> outputs;
  const auto tensor = [&](int source) -> const Tensor& { return source < 0 ? input : outputs[static_cast<std::size_t>(source)]; };
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    const Layer& layer = network.layers[l];
    outputs.push_back(
        reference_layer(network, layer, tensor(network.source(l)), layer.shortcut ? &tensor(layer.shortcut->source) : nullptr));
  }
  return outputs;
}

std::vector<Tensor> golden(const Network& network, const std::vector<std::uint8_t>& pixels) {
  std::vector<Tensor> outputs;
  for (const auto& boundary : Golden(network).run(pixels.data())) outputs.emplace_back(boundary.begin(), boundary.end());
  return outputs;
}

TEST(GoldenGraph, EqualsTheDirectSums) {
  const std::uint64_t seed = test::random_seed();
  test::GraphParts parts;
  for (std::uint64_t n = 0; n < 120; ++n) {
    Random random(n < 20 ? n : seed + n);
    test::GraphLimits limits;
    if (n % 3 == 2) limits.slice = {16, 2};
    const Network network = test::draw_graph(random, parts, limits);
    ASSERT_NO_THROW(validate(network)) << "FLEXOR_SEED=" << seed << " network " << n << ": " << test::describe(network);
    const auto pixels = test::random_image(random, network.input);
    ASSERT_EQ(golden(network, pixels), reference(network, pixels))
        << "FLEXOR_SEED=" << seed << " network " << n << ": " << test::describe(network);
  }
  EXPECT_TRUE(parts.shortcut && parts.digits && parts.planes && parts.global_average && parts.source && parts.projection && parts.pool &&
              parts.average && parts.uneven && parts.dilation);
}

// Draws until the network holds a layer for which `wanted` is true.
template <typename Wanted>
std::pair<Network, std::size_t> draw_with(Random& random, Wanted&& wanted) {
  for (;;) {
    test::GraphParts parts;
    Network network = test::draw_graph(random, parts);
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      if (wanted(network, l)) return {std::move(network), l};
    }
  }
}

// Ten changed networks whose direct sums differ from the right ones: the golden model must differ in the same way.
template <typename Wanted, typename Spoil>
void expect_seen(const char* what, Wanted&& wanted, Spoil&& spoil) {
  Random random(11);
  int seen = 0;
  for (int n = 0; n < 60 && seen < 10; ++n) {
    auto [network, l] = draw_with(random, wanted);
    const auto pixels = test::random_image(random, network.input);
    const auto right = reference(network, pixels);
    ASSERT_EQ(golden(network, pixels), right);
    spoil(network, l);
    const auto changed = reference(network, pixels);
    if (changed == right) continue;  // a zero or a clamp hides it
    EXPECT_EQ(golden(network, pixels), changed) << what;
    ++seen;
  }
  EXPECT_EQ(seen, 10) << what;
}

TEST(GoldenGraph, SeesOneChangedBitOfEveryNewField) {
  const auto residual = [](const Network& n, std::size_t l) { return n.layers[l].shortcut && n.layers[l].shortcut->multiplier > 64; };
  // Under the identity code (the second of the network) the first stored bit is a weight that exists.
  const auto plain = [](const Network& n, std::size_t l, std::size_t p) {
    return n.layers[l].planes.size() > p && n.layers[l].planes[p].code == 1;
  };
  const auto digits = [&](const Network& n, std::size_t l) {
    return n.layers[l].digits && n.layers[l].planes.size() > 2 && plain(n, l, n.layers[l].planes.size() - 1);
  };
  const auto plane = [&](const Network& n, std::size_t l) { return n.layers[l].projection && n.layers[l].shortcut && plain(n, l, 0); };
  expect_seen("shortcut multiplier", residual, [](Network& n, std::size_t l) { n.layers[l].shortcut->multiplier ^= 64; });
  const auto dispensable = [&](const Network& n, std::size_t l) {
    return residual(n, l) && !n.is_projection(n.layers[l].shortcut->source);
  };
  expect_seen("no shortcut", dispensable, [](Network& n, std::size_t l) { n.layers[l].shortcut.reset(); });
  const auto movable = [&](const Network& n, std::size_t l) {
    return residual(n, l) && n.layers[l].shortcut->channel_offset > 0 && n.layers[l].output.channels > 4;
  };
  const auto maximum = [](const Network& n, std::size_t l) { return n.layers[l].kind == LayerKind::Pool && !n.layers[l].average; };
  const auto mean = [](const Network& n, std::size_t l) { return n.layers[l].average; };
  expect_seen("maximum as a sum", maximum, [](Network& n, std::size_t l) { n.layers[l].average = true; });
  expect_seen("multiplier of an average", mean, [](Network& n, std::size_t l) { n.layers[l].multiplier[0] ^= 1 << 10; });
  const auto wide = [](const Network& n, std::size_t l) {
    const Layer& layer = n.layers[l];
    return layer.kind == LayerKind::Convolution && layer.padding.left > 0 && layer.padding.right < layer.reach_width() - 1;
  };
  expect_seen("padding on the left", wide, [](Network& n, std::size_t l) {
    --n.layers[l].padding.left;
    ++n.layers[l].padding.right;
  });
  const auto dilated = [](const Network& n, std::size_t l) {
    const Layer& layer = n.layers[l];
    const bool shrinks = layer.padding.bottom >= layer.kernel_height - 1 && layer.padding.right >= layer.kernel_width - 1;
    const bool stays = std::max(layer.padding.top, layer.padding.left) < std::max(layer.kernel_height, layer.kernel_width);
    return layer.dilation > 1 && layer.kernel_height > 1 && shrinks && stays;
  };
  expect_seen("dilation", dilated, [](Network& n, std::size_t l) {
    Layer& layer = n.layers[l];
    --layer.dilation;
    layer.padding.bottom -= layer.kernel_height - 1;
    layer.padding.right -= layer.kernel_width - 1;
  });
  const auto added = [](const Network& n, std::size_t l) { return n.layers[l].projection; };
  expect_seen("bias of a projection", added, [](Network& n, std::size_t l) { n.layers[l].bias[0] ^= 1 << 10; });
  expect_seen("clamp of a projection", added, [](Network& n, std::size_t l) { n.layers[l].activation_max /= 4; });
  expect_seen("channel offset", movable, [](Network& n, std::size_t l) { --n.layers[l].shortcut->channel_offset; });
  expect_seen("most significant digit", digits, [](Network& n, std::size_t l) { n.layers[l].planes.back().stored[0] ^= 1; });
  expect_seen("digits as planes", digits, [](Network& n, std::size_t l) { std::swap(n.layers[l].planes[0], n.layers[l].planes.back()); });
  expect_seen("weight of a plane that adds", plane, [](Network& n, std::size_t l) { n.layers[l].planes[0].stored[0] ^= 1; });
  expect_seen("shortcut of a plane", plane, [](Network& n, std::size_t l) { n.layers[l].shortcut->multiplier ^= 128; });
  const auto average = [&](const Network& n, std::size_t l) {
    return n.layers[l].global_average && plain(n, l, n.layers[l].planes.size() - 1);
  };
  expect_seen("weight of a global average", average, [](Network& n, std::size_t l) { n.layers[l].planes.back().stored[0] ^= 1; });
}

}  // namespace
}  // namespace flexor
