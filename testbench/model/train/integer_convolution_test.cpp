// SPDX-License-Identifier: Apache-2.0
// Every kind of vectors that this processor runs, and portable C++, against libtorch's convolution in double precision and its gradients.
#include "train/integer_convolution.hpp"

#include <gtest/gtest.h>

#include <random>

#include "seed.hpp"
#include "train/tensor.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;
constexpr float kStep = 0.375F;

// Tensors of one convolution, and what libtorch makes of them.
struct Case {
  IntegerShape shape;
  torch::Tensor x, weight, g;                        // uint8, float, int16
  torch::Tensor y, input_gradient, weight_gradient;  // double

  Case(const IntegerShape& of, bool extreme) : shape(of) {
    const std::vector<std::int64_t> in{of.images, of.inputs, of.height, of.width}, out{of.images, of.outputs, of.height, of.width};
    x = extreme ? torch::full(in, 255) : torch::randint(0, 256, in);
    g = extreme ? torch::full(out, -32767) : torch::randint(-32767, 32768, out);
    weight = extreme ? torch::ones({of.outputs, of.inputs, 3, 3}) : torch::randint(0, 2, {of.outputs, of.inputs, 3, 3}).mul(2).sub(1);
    x = x.to(torch::kUInt8).contiguous(kLast);
    g = g.to(torch::kShort).contiguous(kLast);
    weight = weight.to(torch::kFloat).contiguous(kLast);
    expect();
  }
  void expect() {
    const torch::Tensor input = x.to(torch::kDouble).requires_grad_(true);
    const torch::Tensor signs = weight.to(torch::kDouble).requires_grad_(true);
    y = torch::conv2d(input, signs, {}, 1, 1);
    y.backward(g.to(torch::kDouble) * kStep);
    y = y.detach();
    input_gradient = input.grad();
    weight_gradient = signs.grad();
  }
};

struct Results {
  torch::Tensor y, input_gradient, weight_gradient;
};

Results run(const Case& given, const IntegerKernels& kernels) {
  const IntegerConvolution convolution(given.shape, kernels);
  const auto like = [](const torch::Tensor& shape) { return torch::empty_like(shape, torch::kFloat).contiguous(kLast); };
  Results results{like(given.g), like(given.x), like(given.weight)};
  const auto* weight = given.weight.data_ptr<float>();
  convolution.forward(given.x.data_ptr<std::uint8_t>(), weight, results.y.data_ptr<float>());
  convolution.input_gradient(given.g.data_ptr<std::int16_t>(), weight, kStep, results.input_gradient.data_ptr<float>());
  convolution.weight_gradient(given.x.data_ptr<std::uint8_t>(), given.g.data_ptr<std::int16_t>(), kStep,
                              results.weight_gradient.data_ptr<float>());
  return results;
}

// Whether every number is the nearest float, or next to it after a few sums of floats.
bool same(const torch::Tensor& ours, const torch::Tensor& theirs, double rounding) {
  return torch::allclose(ours.to(torch::kDouble), theirs, rounding, 1e-6 * theirs.abs().max().item<double>());
}

std::vector<IntegerShape> shapes() {
  return {{.images = 1, .inputs = 16, .outputs = 16, .height = 1, .width = 4},   // less than a window
          {.images = 3, .inputs = 16, .outputs = 48, .height = 5, .width = 14},  // several images' products together
          {.images = 19, .inputs = 32, .outputs = 16, .height = 8, .width = 8},  // more images than parts
          {.images = 2, .inputs = 80, .outputs = 32, .height = 3, .width = 20},  // pair sums that fill up inside a row
          {.images = 2, .inputs = 128, .outputs = 16, .height = 4, .width = 4},
          {.images = 1, .inputs = 16, .outputs = 32, .height = 37, .width = 64}};  // one image's products in pieces
}

class IntegerConvolutionTest : public testing::TestWithParam<IntegerKernels> {
 protected:
  void SetUp() override { torch::manual_seed(test::random_seed()); }
};

TEST_P(IntegerConvolutionTest, SumsAndGradientsAreLibtorchs) {
  for (const IntegerShape& shape : shapes()) {
    for (const bool extreme : {false, true}) {
      Case given(shape, extreme);
      ASSERT_TRUE(IntegerConvolution::fits(shape));
      const Results found = run(given, GetParam());
      EXPECT_TRUE(torch::equal(found.y.to(torch::kDouble), given.y)) << shape.inputs << " inputs, extreme " << extreme;
      EXPECT_TRUE(same(found.input_gradient, given.input_gradient, 1e-6)) << shape.inputs << " inputs, extreme " << extreme;
      EXPECT_TRUE(same(found.weight_gradient, given.weight_gradient, 1e-6)) << shape.inputs << " inputs, extreme " << extreme;
    }
  }
}

TEST_P(IntegerConvolutionTest, OneWrongNumberIsSeen) {
  const Case given(shapes()[1], false);
  Case wrong = given;
  wrong.x = given.x.clone(kLast);
  wrong.x[1][3][2][5] = 255 - wrong.x[1][3][2][5];
  Results found = run(wrong, GetParam());
  EXPECT_FALSE(torch::equal(found.y.to(torch::kDouble), given.y));
  EXPECT_FALSE(same(found.weight_gradient, given.weight_gradient, 1e-6));
  EXPECT_TRUE(same(found.input_gradient, given.input_gradient, 1e-6));
  wrong = given;
  wrong.g = given.g.clone(kLast);
  wrong.g[2][7][0][11] += wrong.g[2][7][0][11].item<int>() > 0 ? -1000 : 1000;
  found = run(wrong, GetParam());
  EXPECT_FALSE(same(found.input_gradient, given.input_gradient, 1e-6));
  EXPECT_FALSE(same(found.weight_gradient, given.weight_gradient, 1e-6));
  wrong = given;
  wrong.weight = given.weight.clone(kLast);
  wrong.weight[5][3][0][2] *= -1;
  found = run(wrong, GetParam());
  EXPECT_FALSE(torch::equal(found.y.to(torch::kDouble), given.y));
  EXPECT_FALSE(same(found.input_gradient, given.input_gradient, 1e-6));
}

TEST_P(IntegerConvolutionTest, ThreadsAndVectorsChangeNoBit) {
  const int before = at::get_num_threads();
  for (const IntegerShape& shape : shapes()) {
    const Case given(shape, false);
    torch::set_num_threads(1);
    const Results one = run(given, integer_kernels().back());
    torch::set_num_threads(3);
    const Results three = run(given, GetParam());
    EXPECT_TRUE(torch::equal(one.y, three.y));
    EXPECT_TRUE(torch::equal(one.input_gradient, three.input_gradient));
    EXPECT_TRUE(torch::equal(one.weight_gradient, three.weight_gradient));
  }
  torch::set_num_threads(before);
}

INSTANTIATE_TEST_SUITE_P(Vectors, IntegerConvolutionTest, testing::ValuesIn(integer_kernels()),
                         [](const testing::TestParamInfo<IntegerKernels>& kernels) {
                           return std::string(kernels.param.name) == "AVX2" ? "Avx2" : "Portable";
                         });

TEST(IntegerConvolutionFits, WholeBlocksOfChannelsAndEvenRows) {
  const IntegerShape good{.images = 1, .inputs = 16, .outputs = 16, .height = 3, .width = 4};
  EXPECT_TRUE(IntegerConvolution::fits(good));
  for (int IntegerShape::*const field : {&IntegerShape::inputs, &IntegerShape::outputs, &IntegerShape::width}) {
    for (const int bad : {0, 7, 2048}) {
      IntegerShape shape = good;
      shape.*field = bad;
      EXPECT_FALSE(IntegerConvolution::fits(shape)) << bad;
    }
  }
}

}  // namespace
}  // namespace flexor
