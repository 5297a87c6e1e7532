// SPDX-License-Identifier: Apache-2.0
// Every kind of vectors that this processor runs, and portable C++, against plain sums and against the model that is made of the functions
// of blocks.hpp: word for word.
#include "golden/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "golden/golden.hpp"
#include "networks.hpp"
#include "seed.hpp"

namespace flexor::golden {
namespace {

int draw(Random& random, int low, int high) { return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1))); }

class GoldenKernels : public testing::TestWithParam<Kernels> {};

/// A job with random sizes, and what it must give; its first weight is not 0.
struct DotCase {
  std::vector<std::int8_t> weight;
  std::vector<std::uint8_t> activation;
  std::vector<std::int32_t> sums, expected;
  DotJob job;

  explicit DotCase(Random& random) {
    job.blocks = draw(random, 1, 7);
    job.rows = draw(random, 1, 5);
    job.quads = draw(random, 1, 40);
    job.pixels = draw(random, 1, 21);
    const bool shared = random.below(4) == 0;
    job.weight_row_step = shared ? 0 : job.quads * kBlockChannels * kQuad;
    job.block_step = static_cast<std::ptrdiff_t>(job.quads) * kBlockChannels * kQuad * (shared ? 1 : job.rows);
    job.pixel_step = draw(random, 1, 9);
    job.row_step = draw(random, 1, 200);
    const bool extreme = random.below(4) == 0;
    weight.resize(static_cast<std::size_t>(job.block_step * job.blocks));
    for (auto& w : weight) w = static_cast<std::int8_t>(extreme ? (random.below(8) == 0 ? 63 : -64) : draw(random, -64, 63));
    if (weight[0] == 0) weight[0] = 1;
    activation.resize(static_cast<std::size_t>(job.pixel_step * job.pixels + job.row_step * job.rows + job.quads * kQuad));
    for (auto& a : activation) a = static_cast<std::uint8_t>(extreme ? 255 : draw(random, 0, 255));
    sums.assign(static_cast<std::size_t>(job.pixels * job.blocks * kBlockChannels), -1);
    expected.resize(sums.size());
    for (std::size_t i = 0; i < sums.size(); ++i) {
      const auto channel = static_cast<std::ptrdiff_t>(i) % (job.blocks * kBlockChannels),
                 pixel = static_cast<std::ptrdiff_t>(i) / (job.blocks * kBlockChannels);
      for (std::ptrdiff_t r = 0; r < job.rows; ++r) {
        for (std::ptrdiff_t k = 0; k < job.quads * kQuad; ++k) {
          const auto w = channel / kBlockChannels * job.block_step + r * job.weight_row_step +
                         (k / kQuad * kBlockChannels + channel % kBlockChannels) * kQuad + k % kQuad;
          expected[i] +=
              weight[static_cast<std::size_t>(w)] * activation[static_cast<std::size_t>(pixel * job.pixel_step + r * job.row_step + k)];
        }
      }
    }
    job.weight = weight.data();
    job.activation = activation.data();
    job.sums = sums.data();
  }
  DotCase(const DotCase&) = delete;
  DotCase& operator=(const DotCase&) = delete;
};

TEST_P(GoldenKernels, DotIsTheSumOfProducts) {
  Random random(test::random_seed());
  for (int n = 0; n < 200; ++n) {
    DotCase c(random);
    GetParam().dot(c.job);
    ASSERT_EQ(c.sums, c.expected) << "case " << n;
    // Only the first pixel's first product holds byte 0.
    c.activation[0] ^= 1;
    GetParam().dot(c.job);
    ASSERT_EQ(std::abs(c.sums[0] - c.expected[0]), std::abs(c.weight[0])) << "case " << n;
  }
}

TEST_P(GoldenKernels, RequantiseIsTheFormulaInIntegers) {
  Random random(test::random_seed());
  int corrupted = 0;
  for (int n = 0; n < 300; ++n) {
    const int channels = draw(random, 1, 70), shift = draw(random, 8, 24), limit = draw(random, 1, 255);
    const bool without_more = random.below(3) == 0;
    std::vector<std::int32_t> sums;
    std::vector<double> bias, multiplier, more;
    std::vector<std::uint8_t> expected;
    for (int m = 0; m < channels; ++m) {
      const std::int64_t b = draw(random, -(1 << 30), 1 << 30), factor = draw(random, -32768, 32767),
                         add = without_more ? 0 : draw(random, -(1 << 30), 1 << 30);
      // Near a value inside the clamp, often exactly at a half; or anything.
      const std::int64_t target =
          (std::int64_t{draw(random, -2, limit + 2)} << shift) - (std::int64_t{1} << (shift - 1)) * draw(random, 0, 1);
      const std::int64_t sum = factor == 0 || random.below(4) == 0
                                   ? draw(random, -(1 << 30), 1 << 30)
                                   : std::clamp<std::int64_t>((target - add) / factor - b, INT32_MIN, INT32_MAX);
      sums.push_back(static_cast<std::int32_t>(sum));
      bias.push_back(static_cast<double>(b));
      multiplier.push_back(static_cast<double>(factor));
      more.push_back(static_cast<double>(add));
      const std::int64_t v = ((sum + b) * factor + add + (std::int64_t{1} << (shift - 1))) >> shift;
      expected.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(v, 0, limit)));
    }
    std::vector<std::uint8_t> out(expected.size());
    const int filled = (channels + kBlockChannels - 1) / kBlockChannels * kBlockChannels;
    sums.resize(static_cast<std::size_t>(filled));
    for (auto* values : {&bias, &multiplier, &more}) values->resize(sums.size());
    RequantiseJob job;
    job.sums = sums.data();
    job.more = without_more ? nullptr : more.data();
    job.bias = bias.data();
    job.multiplier = multiplier.data();
    job.sums_step = filled;
    job.channels = channels;
    job.pixels = 1;
    job.half = std::ldexp(1, shift - 1);
    job.scale = std::ldexp(1, -shift);
    job.limit = limit;
    job.out = out.data();
    GetParam().requantise(job);
    ASSERT_EQ(out, expected) << "case " << n << " shift " << shift << " limit " << limit;
    // The kernel alone gets channel 0 with one bit of its sum flipped, the lowest that the formula says can be seen.
    for (int bit = 0; bit < 30; ++bit) {
      const std::int64_t sum = (sums[0] ^ (1 << bit)) + static_cast<std::int64_t>(bias[0]);
      const std::int64_t v =
          (sum * static_cast<std::int64_t>(multiplier[0]) + static_cast<std::int64_t>(more[0]) + (std::int64_t{1} << (shift - 1))) >> shift;
      if (std::clamp<std::int64_t>(v, 0, limit) == expected[0]) continue;
      sums[0] ^= 1 << bit;
      GetParam().requantise(job);
      ASSERT_NE(out, expected) << "case " << n << " bit " << bit;
      ++corrupted;
      break;
    }
  }
  EXPECT_GT(corrupted, 100);
}

void expect_plain_words(const Network& network, std::string_view kernels, Random& random, const std::string& what) {
  const auto pixels = test::random_image(random, network.input);
  const auto plain = Golden(network, kGoldenPlain).run(pixels.data());
  const Golden fast(network, kernels);
  ASSERT_EQ(fast.run(pixels.data()), plain) << what << test::describe(network);
  ASSERT_EQ(fast.logits(pixels.data()), plain.back()) << what << test::describe(network);
}

TEST_P(GoldenKernels, NetworksGiveTheWordsOfThePlainBlocks) {
  const std::uint64_t seed = test::random_seed();
  test::GraphParts parts;
  for (std::uint64_t n = 0; n < 120; ++n) {
    Random random(n < 40 ? n : seed + n);
    const std::string what = "FLEXOR_SEED=" + std::to_string(seed) + " network " + std::to_string(n) + ": ";
    test::GraphLimits limits;
    if (n % 4 == 0) limits.slice = {16, 2};
    ASSERT_NO_FATAL_FAILURE(expect_plain_words(n % 2 == 0 ? test::draw_graph(random, parts, limits) : test::draw_network(random),
                                               GetParam().name, random, what));
  }
  EXPECT_TRUE(parts.shortcut && parts.digits && parts.planes && parts.global_average && parts.source);
  Random random(seed);
  for (const bool stacked : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(expect_plain_words(test::random_lenet(random, 8, stacked), GetParam().name, random, "LeNet "));
  }
}

// A stored bit of the identity code is a weight: here one of the first channel's, whose sum it changes by twice an activation that is not
// 0.
void expect_flip_is_seen(int n_out, std::string_view kernels) {
  Random random(12);
  const test::LayerSpec dense{LayerKind::Dense, 21, 1, 1, 0, false, false, 0, 8};
  Network network = test::random_network(random, {3, 5, 3}, {identity_code(n_out)}, {dense});
  network.layers[0].multiplier[0] = 32767;
  const std::vector<std::uint8_t> pixels(45, 9);
  const auto good = Golden(network, kernels).run(pixels.data());
  network.layers[0].planes[0].stored[0] ^= 4;
  const auto bad = Golden(network, kernels).run(pixels.data());
  EXPECT_NE(bad, good);
  EXPECT_EQ(bad, Golden(network, kGoldenPlain).run(pixels.data()));
}

TEST_P(GoldenKernels, SeesOneFlippedStoredBit) {
  for (const int n_out : {20, 32}) expect_flip_is_seen(n_out, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(Vectors, GoldenKernels, testing::ValuesIn(available_kernels()), [](const auto& info) {
  std::string name = info.param.name;
  std::erase_if(name, [](char c) { return c == ' ' || c == '-'; });
  return name;
});

}  // namespace
}  // namespace flexor::golden
