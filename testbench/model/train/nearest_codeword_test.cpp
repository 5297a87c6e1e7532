// SPDX-License-Identifier: Apache-2.0
#include "train/nearest_codeword.hpp"

#include <gtest/gtest.h>

#include "expect_input_error.hpp"
#include "train/recipe.hpp"

namespace flexor {
namespace {

constexpr std::uint64_t kSearchSeed = 3111;

double score(const Code& code, std::uint32_t stored, const float* u) {
  const std::uint32_t bits = code.decrypt(stored);
  double sum = 0;
  for (int i = 0; i < code.n_out; ++i) sum += (bits >> i & 1U) != 0 ? u[i] : -u[i];
  return sum;
}

void expect_nearest(const Code& code, int slices) {
  torch::manual_seed(kSearchSeed);
  SCOPED_TRACE(testing::Message() << code.name << ", seed " << kSearchSeed);
  const torch::Tensor latent = torch::randn({slices, code.n_out});
  const std::vector<std::uint32_t> found = NearestCodeword(code).search(latent);
  for (int s = 0; s < slices; ++s) {
    const float* u = latent.data_ptr<float>() + s * code.n_out;
    double best = -1e30;
    for (std::uint32_t x = 0; x < 1U << code.n_in; ++x) best = std::max(best, score(code, x, u));
    ASSERT_LT(found[static_cast<std::size_t>(s)], 1ULL << code.n_in);
    ASSERT_NEAR(score(code, found[static_cast<std::size_t>(s)], u), best, 1e-4) << "slice " << s;
  }
}

TEST(NearestCodeword, EqualsBruteForceOfEveryCode) {
  for (const int n : {1, 2, 4, 8, 9, 10, 12}) expect_nearest(nested_code(n), 37);
  expect_nearest(nested_code(16), 3);
  expect_nearest(random_tap_code(20, 8, 2, 5), 37);
  expect_nearest(random_tap_code(20, 10, 3, 6), 20);
  expect_nearest(dense_code(20, 8, 7), 37);
  expect_nearest(dense_code(13, 6, 8), 37);
}

// Slices of 32: one core of 13 bits; blocks with a core each; free bits beside a core.
TEST(NearestCodeword, EqualsBruteForceInSlicesOf32) {
  const SliceShape aligned{16, 2};
  for (const char* name : {"nested", "nested@16", "nested@8", "tap2", "dense", "dense@16"})
    expect_nearest(make_code(name, 0.4, 3, aligned), 20);
  for (const char* name : {"nested", "nested@16", "nested@8"}) expect_nearest(make_code(name, 0.6, 3, aligned), 3);
  expect_nearest(block_code({dense_code(20, 7, 1), random_tap_code(5, 3, 2, 2), nested_code(4, 8)}), 20);
}

// All codewords of 26 of 32 are too many to look at: no single stored bit and no pair of them makes the found codeword better, and where
// the code is two blocks each block's half is the block's own nearest.
TEST(NearestCodeword, OfBlocksIsThatOfEveryBlock) {
  torch::manual_seed(kSearchSeed);
  const Code whole = make_code("nested@16", 0.8, 1, {16, 2});
  const Code half = nested_code(13, 16);
  ASSERT_EQ(whole.n_in, 26);
  const torch::Tensor latent = torch::randn({40, 32});
  const std::vector<std::uint32_t> found = NearestCodeword(whole).search(latent);
  for (const int first : {0, 16}) {
    const std::vector<std::uint32_t> alone = NearestCodeword(half).search(latent.slice(1, first, first + 16).contiguous());
    for (std::size_t s = 0; s < found.size(); ++s) EXPECT_EQ(found[s] >> (first == 0 ? 0 : 13) & 0x1FFF, alone[s]);
  }
  const Code nested = nested_code(26, 32);
  const std::vector<std::uint32_t> best = NearestCodeword(nested).search(latent);
  for (int s = 0; s < 40; ++s) {
    const float* u = latent.data_ptr<float>() + s * 32;
    const double top = score(nested, best[static_cast<std::size_t>(s)], u);
    for (int i = 0; i < 26; ++i) {
      for (int j = 0; j < 26; ++j) ASSERT_LE(score(nested, best[static_cast<std::size_t>(s)] ^ (1U << i | 1U << j), u), top + 1e-4);
    }
  }
}

TEST(NearestCodeword, WithAllBitsStoredIsTheSign) {
  torch::manual_seed(kSearchSeed);
  const torch::Tensor latent = torch::randn({100, 20});
  const torch::Tensor expected = torch::where(latent < 0, torch::full_like(latent, -1.0F), torch::ones_like(latent));
  EXPECT_TRUE(torch::equal(nearest_codeword(latent, NearestCodeword(nested_code(20))), expected));
  EXPECT_TRUE(torch::equal(nearest_codeword(latent, NearestCodeword(identity_code(20))), expected));
}

TEST(NearestCodeword, ForwardDecodesTheStoredBitsAndGradientPassesStraight) {
  torch::manual_seed(kSearchSeed);
  const Code code = nested_code(12);
  const NearestCodeword nearest(code);
  torch::Tensor latent = torch::randn({50, 20}).requires_grad_(true);
  const torch::Tensor y = nearest_codeword(latent, nearest);
  const std::vector<std::uint32_t> stored = nearest.search(latent);
  for (int s = 0; s < 50; ++s) {
    const std::uint32_t bits = code.decrypt(stored[static_cast<std::size_t>(s)]);
    for (int i = 0; i < 20; ++i) ASSERT_EQ(y[s][i].item<float>(), (bits >> i & 1U) != 0 ? 1.0F : -1.0F);
  }
  const torch::Tensor up = torch::randn({50, 20});
  y.backward(up);
  EXPECT_TRUE(torch::equal(latent.grad(), up));
}

// The table product of other devices gives the search's codewords. Latents are multiples of 1/1024, so that every score is exact.
TEST(NearestCodeword, TableGivesTheSameCodewords) {
  torch::manual_seed(kSearchSeed);
  for (const Code& code :
       {nested_code(4), nested_code(8), nested_code(12), nested_code(20), random_tap_code(20, 8, 2, 5), dense_code(20, 10, 2),
        nested_code(13, 32), make_code("nested@16", 0.6, 1, {16, 2}), make_code("nested@8", 0.4, 1, {16, 2})}) {
    const NearestCodeword nearest(code);
    const torch::Tensor latent = (torch::randn({300, code.n_out}) * 1024).round() / 1024;
    const torch::Tensor searched = nearest.decoder().decode(nearest.search(latent));
    const torch::Tensor found = nearest.codewords_by_table(latent);
    EXPECT_TRUE(torch::equal((found * latent).sum(1), (searched * latent).sum(1))) << code.name;
    const std::int64_t same = found.eq(searched).all(1).sum().item<std::int64_t>();
    EXPECT_GE(same, 295) << code.name;  // ties may fall either way
  }
}

TEST(NearestCodeword, OneCorruptedRowIsSeen) {
  Code code = nested_code(8);
  torch::manual_seed(kSearchSeed);
  const torch::Tensor latent = torch::randn({200, 20});
  const auto before = Decoder(nested_code(8)).decode(NearestCodeword(code).search(latent));
  code.rows[13] ^= 1U << 5;
  EXPECT_FALSE(torch::equal(before, Decoder(nested_code(8)).decode(NearestCodeword(code).search(latent))));
}

TEST(NearestCodeword, RefusesACodeThatItCannotSearch) {
  test::expect_input_error([] { NearestCodeword(dense_code(20, 18, 1)); }, "entangled stored bits");
}

}  // namespace
}  // namespace flexor
