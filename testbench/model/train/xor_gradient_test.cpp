// SPDX-License-Identifier: Apache-2.0
#include "train/xor_gradient.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>

namespace flexor {
namespace {

constexpr std::uint64_t kGradientSeed = 20201;

/// Random rows of exactly `taps` ones.
Code random_code(std::mt19937_64& random, int n_out, int n_in, int taps) {
  Code code{.name = "random", .n_out = n_out, .n_in = n_in, .rows = {}};
  for (int i = 0; i < n_out; ++i) {
    std::uint32_t row = 0;
    while (std::popcount(row) < taps) row |= 1U << (random() % static_cast<std::uint64_t>(n_in));
    code.rows.push_back(row);
  }
  return code;
}

double sign(double value) { return value < 0 ? -1.0 : 1.0; }

/// The paper's equation 6 as printed: one derivative dy_i/dx_j.
double closed_form(const Code& code, const double* x, int i, int j, double s_tanh) {
  const std::uint32_t row = code.rows[static_cast<std::size_t>(i)];
  if ((row >> j & 1U) == 0) return 0;
  double product = std::popcount(row) % 2 == 1 ? 1.0 : -1.0;
  for (int k = 0; k < code.n_in; ++k) {
    if (k != j && (row >> k & 1U) != 0) product *= sign(x[k]);
  }
  const double t = std::tanh(s_tanh * x[j]);
  return s_tanh * (1 - t * t) * product;
}

/// The same for the ablations: the straight estimator's slope is 1, the analog one has tanh in place of every sign.
double closed_form(Estimator estimator, const Code& code, const double* x, int i, int j, double s_tanh) {
  if (estimator == Estimator::Equation6) return closed_form(code, x, i, j, s_tanh);
  const std::uint32_t row = code.rows[static_cast<std::size_t>(i)];
  if ((row >> j & 1U) == 0) return 0;
  double product = std::popcount(row) % 2 == 1 ? 1.0 : -1.0;
  for (int k = 0; k < code.n_in; ++k) {
    if (k != j && (row >> k & 1U) != 0) product *= estimator == Estimator::Analog ? std::tanh(s_tanh * x[k]) : sign(x[k]);
  }
  const double t = std::tanh(s_tanh * x[j]);
  return estimator == Estimator::Analog ? s_tanh * (1 - t * t) * product : product;
}

class XorGradient : public testing::TestWithParam<int> {};

TEST_P(XorGradient, BackwardIsTheClosedFormOfEveryEstimator) {
  std::mt19937_64 random(kGradientSeed + static_cast<std::uint64_t>(GetParam()));
  SCOPED_TRACE(testing::Message() << "seed " << kGradientSeed + static_cast<std::uint64_t>(GetParam()));
  for (int trial = 0; trial < 30; ++trial) {
    const int n_in = 6 + static_cast<int>(random() % 15);
    const Code code = random_code(random, 1 + static_cast<int>(random() % 32), n_in, GetParam());
    const double s_tanh = trial % 2 == 0 ? 100 : 10;
    const Estimator estimator = static_cast<Estimator>(trial % 3);
    torch::Tensor x = (torch::rand({7, n_in}, torch::kDouble) - 0.5) * (4 / s_tanh);
    x[0][0] = 0;
    x.requires_grad_(true);
    const torch::Tensor up = torch::randn({7, code.n_out}, torch::kDouble);
    xor_decrypt(x, code, s_tanh, estimator).backward(up);
    for (int s = 0; s < 7; ++s) {
      for (int j = 0; j < n_in; ++j) {
        double expected = 0;
        for (int i = 0; i < code.n_out; ++i) {
          expected += up[s][i].item<double>() * closed_form(estimator, code, x.detach().data_ptr<double>() + s * n_in, i, j, s_tanh);
        }
        ASSERT_NEAR(x.grad()[s][j].item<double>(), expected, 1e-12 * std::max(1.0, std::abs(expected))) << "slice " << s << ", input " << j;
      }
    }
  }
}

TEST_P(XorGradient, ForwardIsXorDecryption) {
  std::mt19937_64 random(kGradientSeed * 3 + static_cast<std::uint64_t>(GetParam()));
  for (int trial = 0; trial < 20; ++trial) {
    const Code code = random_code(random, 20, 8, GetParam());
    torch::Tensor x = torch::randn({16, 8}, torch::kDouble);
    x[3][2] = 0;  // sign(0) = +1
    const torch::Tensor y = xor_decrypt(x, code, 10);
    for (int s = 0; s < 16; ++s) {
      std::uint32_t stored = 0;
      for (int j = 0; j < 8; ++j) stored |= (x[s][j].item<double>() < 0 ? 0U : 1U) << j;
      const std::uint32_t bits = code.decrypt(stored);
      for (int i = 0; i < 20; ++i) ASSERT_EQ(y[s][i].item<double>(), (bits >> i & 1U) != 0 ? 1.0 : -1.0) << "slice " << s << ", bit " << i;
    }
  }
}

TEST_P(XorGradient, TensorOperationsAgreeWithTheLoops) {
  std::mt19937_64 random(kGradientSeed * 5 + static_cast<std::uint64_t>(GetParam()));
  for (int trial = 0; trial < 20; ++trial) {
    const Code code = random_code(random, 20, 8, GetParam());
    torch::Tensor loops = torch::randn({16, 8}, torch::kDouble) * 0.1;
    loops[3][2] = 0;
    torch::Tensor tensors = loops.clone().requires_grad_(true);
    loops.requires_grad_(true);
    const Estimator estimator = trial % 2 == 0 ? Estimator::Equation6 : Estimator::Straight;
    const torch::Tensor y = xor_decrypt(loops, code, 10, estimator);
    const torch::Tensor z = xor_decrypt_by_tensors(tensors, code, 10, estimator);
    EXPECT_TRUE(torch::equal(y, z));
    const torch::Tensor up = torch::randn({16, 20}, torch::kDouble);
    y.backward(up);
    z.backward(up);
    EXPECT_TRUE(torch::allclose(loops.grad(), tensors.grad(), 1e-12, 1e-12));
  }
}

TEST_P(XorGradient, AnalogForwardIsAProductOfTanh) {
  std::mt19937_64 random(kGradientSeed * 7 + static_cast<std::uint64_t>(GetParam()));
  const Code code = random_code(random, 20, 8, GetParam());
  const torch::Tensor x = torch::randn({16, 8}, torch::kDouble) * 0.1;
  const torch::Tensor y = xor_decrypt(x, code, 10, Estimator::Analog);
  for (int s = 0; s < 16; ++s) {
    for (int i = 0; i < 20; ++i) {
      double wanted = GetParam() % 2 == 1 ? 1.0 : -1.0;
      for (int j = 0; j < 8; ++j) {
        if ((code.rows[static_cast<std::size_t>(i)] >> j & 1U) != 0) wanted *= std::tanh(10 * x[s][j].item<double>());
      }
      ASSERT_NEAR(y[s][i].item<double>(), wanted, 1e-12);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Taps, XorGradient, testing::Range(1, 7));

TEST(XorGradientAnalog, AgreesWithAutogradOfTanhProductForOneTap) {
  const Code code{.name = "one tap", .n_out = 5, .n_in = 5, .rows = {1, 2, 4, 8, 16}};
  torch::manual_seed(7);
  const torch::Tensor start = torch::randn({9, 5}, torch::kDouble) * 0.1;
  torch::Tensor x = start.clone().requires_grad_(true);
  torch::Tensor z = start.clone().requires_grad_(true);
  const torch::Tensor up = torch::randn({9, 5}, torch::kDouble);
  xor_decrypt(x, code, 10).backward(up);
  torch::tanh(10 * z).backward(up);
  EXPECT_TRUE(torch::allclose(x.grad(), z.grad(), 1e-12, 1e-12));
}

}  // namespace
}  // namespace flexor
