// SPDX-License-Identifier: Apache-2.0
// Kernels that are not square, padding of its own on every side and dilation: the trainer's convolution against libtorch's in double
// precision on an input that is padded beforehand, and its gradients.
#include "train/padded.hpp"

#include <gtest/gtest.h>

#include "code/random.hpp"
#include "seed.hpp"
#include "train/convolution.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;

ConvolutionShape draw_shape(Random& random) {
  const auto draw = [&random](int low, int high) {
    return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
  };
  ConvolutionShape s{.images = 2, .inputs = draw(1, 9), .outputs = draw(1, 17), .height = draw(3, 9), .width = draw(3, 9)};
  do {
    s.kernel_height = draw(1, 5);
    s.kernel_width = draw(1, 5);
    s.stride = draw(1, 3);
    s.dilation = draw(1, 3);
    s.padding = {draw(0, 4), draw(0, 4), draw(0, 4), draw(0, 4)};
  } while (s.padding.top + s.height + s.padding.bottom <= (s.kernel_height - 1) * s.dilation ||
           s.padding.left + s.width + s.padding.right <= (s.kernel_width - 1) * s.dilation);
  return s;
}

// Zeros around x, side by side with it.
torch::Tensor surrounded(const torch::Tensor& x, const Padding& p) {
  const auto zeros = [&x](std::int64_t height, std::int64_t width) {
    return torch::zeros({x.size(0), x.size(1), height, width}, x.options());
  };
  const torch::Tensor rows = torch::cat({zeros(p.top, x.size(3)), x, zeros(p.bottom, x.size(3))}, 2);
  return torch::cat({zeros(rows.size(2), p.left), rows, zeros(rows.size(2), p.right)}, 3);
}

struct Result {
  torch::Tensor y, input_gradient, weight_gradient;
};

Result expected(const ConvolutionShape& s, const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& g) {
  const torch::Tensor input = x.to(torch::kDouble).requires_grad_(true);
  const torch::Tensor kernel = weight.to(torch::kDouble).requires_grad_(true);
  const std::int64_t none[] = {0, 0};
  const torch::Tensor y = torch::conv2d(surrounded(input, s.padding), kernel, {}, s.stride, none, s.dilation);
  y.backward(g.to(torch::kDouble));
  return {y.detach(), input.grad(), kernel.grad()};
}

// Small integers, so that float32 is exact.
TEST(PaddedConvolution, IsLibtorchsOfAPaddedInput) {
  if (!Convolution::available(false)) GTEST_SKIP() << "this build has no oneDNN";
  const std::uint64_t seed = test::random_seed();
  torch::manual_seed(seed);
  Random random(seed);
  int seen = 0;  // draws in which one pixel's change shows
  for (int n = 0; n < 40; ++n) {
    const ConvolutionShape s = draw_shape(random);
    const torch::Tensor x = torch::randint(0, 256, {s.images, s.inputs, s.height, s.width}).to(torch::kFloat).contiguous(kLast);
    const torch::Tensor weight =
        torch::randint(0, 2, {s.outputs, s.inputs, s.kernel_height, s.kernel_width}).mul(2).sub(1).to(torch::kFloat).contiguous(kLast);
    const torch::Tensor g =
        torch::randint(-9, 10, {s.images, s.outputs, s.out_height(), s.out_width()}).to(torch::kFloat).contiguous(kLast);
    const Result e = expected(s, x, weight, g);
    Convolution convolution(s);
    const auto same = [](const torch::Tensor& a, const torch::Tensor& b) { return torch::equal(a.to(torch::kDouble), b); };
    EXPECT_TRUE(same(convolution.forward(x, weight), e.y)) << n;
    EXPECT_TRUE(same(convolution.forward(x, weight, x.to(torch::kUInt8)), e.y)) << n;
    EXPECT_TRUE(same(padded_convolution(x, weight, s.stride, s.padding, s.dilation), e.y)) << n;
    EXPECT_TRUE(same(convolution.input_gradient(g, weight), e.input_gradient)) << n;
    EXPECT_TRUE(same(convolution.weight_gradient(x, g), e.weight_gradient)) << n;
    const bool read = e.input_gradient.abs().max().item<double>() > 0;  // not every draw reads the picture
    torch::Tensor moved = x.clone();
    moved[0][0][0][0] += 1;
    if (read) seen += same(convolution.forward(moved, weight), e.y) ? 0 : 1;
  }
  EXPECT_GT(seen, 10);
}

}  // namespace
}  // namespace flexor
