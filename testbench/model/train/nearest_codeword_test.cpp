// SPDX-License-Identifier: Apache-2.0
#include "train/nearest_codeword.hpp"

#include <gtest/gtest.h>

#include "expect_input_error.hpp"

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
       {nested_code(4), nested_code(8), nested_code(12), nested_code(20), random_tap_code(20, 8, 2, 5), dense_code(20, 10, 2)}) {
    const NearestCodeword nearest(code);
    const torch::Tensor latent = (torch::randn({300, 20}) * 1024).round() / 1024;
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
