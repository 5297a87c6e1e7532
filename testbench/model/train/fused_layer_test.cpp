// SPDX-License-Identifier: Apache-2.0
// The fused layer against libtorch's own operations in double precision.
#include "train/fused_layer.hpp"

#include <gtest/gtest.h>

#include "seed.hpp"
#include "train/quantise.hpp"

namespace flexor {
namespace {

constexpr auto kLast = torch::MemoryFormat::ChannelsLast;
constexpr double kFloor = 1e-2;

// float32 and bfloat16 with a stride of 2, and gradients of integers, which want a stride of 1.
enum class Kind { Float, BFloat16, Integers };

class FusedLayer : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    bfloat16_ = GetParam() == Kind::BFloat16;
    const bool integers = GetParam() == Kind::Integers;
    if (!Convolution::available(bfloat16_)) GTEST_SKIP() << "oneDNN or this processor does not have the type";
    torch::manual_seed(test::random_seed());
    stride_ = integers ? 1 : 2;
    pixels_ = 12 / stride_;
    const std::int64_t inputs = integers ? 16 : 8;
    input_ = torch::randint(0, 256, {4, inputs, 12, 12}).to(torch::kFloat).contiguous(kLast);
    weight_ = torch::randint(0, 2, {16, inputs, 3, 3}).mul(2).sub(1).to(torch::kFloat).contiguous(kLast);
    gain_ = torch::rand({16}) + 0.5;
    offset_ = torch::randn({16});
    shortcut_ = torch::randint(0, 256, {4, 16, pixels_, pixels_}).to(torch::kFloat).contiguous(kLast);
    shape_ = {.step = 0.03, .largest = 127, .shortcut = 0.5, .variance_floor = kFloor, .integer_gradients = integers};
    convolution_ = std::make_shared<Convolution>(ConvolutionShape{.images = 4,
                                                                  .inputs = inputs,
                                                                  .outputs = 16,
                                                                  .height = 12,
                                                                  .width = 12,
                                                                  .kernel_height = 3,
                                                                  .kernel_width = 3,
                                                                  .stride = stride_,
                                                                  .padding = 1,
                                                                  .bfloat16 = bfloat16_});
    EXPECT_EQ(convolution_->takes_integers(), integers);
    if (integers) copies_.input = input_.to(torch::kUInt8);
  }

  [[nodiscard]] torch::Tensor typed(const torch::Tensor& tensor) const { return tensor.to(bfloat16_ ? torch::kBFloat16 : torch::kFloat); }
  // Accumulators as the layer sees them: bfloat16 rounds them, and the normalised values inherit that.
  [[nodiscard]] torch::Tensor accumulators(const torch::Tensor& input, const torch::Tensor& weight) const {
    const torch::Tensor exact = torch::conv2d(input, weight, {}, stride_, 1);
    return exact + (typed(exact.to(torch::kFloat)).to(torch::kDouble) - exact).detach();
  }
  // What libtorch computes before rounding, in output LSBs.
  [[nodiscard]] torch::Tensor before_rounding(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain,
                                              const torch::Tensor& offset, const torch::Tensor& shortcut) const {
    const torch::Tensor x = torch::batch_norm(accumulators(input, weight), gain, offset, {}, {}, true, 0, kFloor, false);
    return x / shape_.step + shortcut * shape_.shortcut;
  }

  // Outputs and gradients of both; `twice`: the output has two readers.
  void expect_libtorchs(bool twice = false);

  bool bfloat16_ = false;
  std::int64_t stride_ = 2, pixels_ = 6;
  torch::Tensor input_, weight_, gain_, offset_, shortcut_;
  FusedShape shape_;
  Copies copies_;
  std::shared_ptr<Convolution> convolution_;
};

void FusedLayer::expect_libtorchs(bool twice) {
  std::vector<torch::Tensor> ours{typed(input_), weight_, gain_, offset_, typed(shortcut_)};
  std::vector<torch::Tensor> theirs;
  for (torch::Tensor& tensor : ours) {
    theirs.push_back(tensor.to(torch::kDouble).requires_grad_(true));
    tensor = tensor.detach().clone().requires_grad_(true);
  }
  BatchStatistics statistics;
  const torch::Tensor q = fused_layer(ours[0], ours[1], ours[2], ours[3], ours[4], convolution_, shape_, statistics, copies_);
  const torch::Tensor s = before_rounding(theirs[0], theirs[1], theirs[2], theirs[3], theirs[4]);
  const torch::Tensor sums = accumulators(theirs[0], theirs[1]).detach();
  EXPECT_TRUE(torch::allclose(statistics.mean, sums.mean({0, 2, 3}), 1e-5, 1e-3));
  EXPECT_TRUE(torch::allclose(statistics.variance, sums.var({0, 2, 3}, false), 1e-4, 1e-3));
  EXPECT_EQ(statistics.pixels, 4 * pixels_ * pixels_);

  // Values next to a step or an end may fall on its other side; no gradient goes through those.
  const torch::Tensor phase = (s + 0.5 - (s + 0.5).round()).abs().detach();
  const torch::Tensor wanted = (s + 0.5).floor().clamp(shape_.lowest, shape_.largest).detach();
  const torch::Tensor distance = (q.detach().to(torch::kDouble) - wanted).abs();
  EXPECT_EQ(distance.masked_select(phase > 1e-2).sum().item<double>(), 0);
  EXPECT_LE(distance.max().item<double>(), 1);
  const torch::Tensor edge = torch::minimum((s - shape_.lowest).abs(), (s - shape_.largest).abs()).detach();
  const torch::Tensor flow = typed(torch::randn(q.sizes()) * (edge > 1e-2)).contiguous(kLast);
  const torch::Tensor more = typed(torch::randn(q.sizes()) * (edge > 1e-2)).contiguous(kLast);
  torch::Tensor both = flow.to(torch::kDouble);
  if (twice) both += more.to(torch::kDouble);
  if (twice) {
    torch::autograd::backward({q, copies_.added}, {flow, more});
  } else {
    q.backward(flow);
  }
  (quantise_activation(s, 1, shape_.largest, shape_.lowest) * both).sum().backward();
  const double rounding = bfloat16_ ? 2e-2 : shape_.integer_gradients ? 5e-4 : 1e-4;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const torch::Tensor mine = ours[i].grad().to(torch::kDouble);
    const torch::Tensor other = theirs[i].grad();
    EXPECT_LT((mine - other).norm().item<double>(), rounding * other.norm().item<double>()) << "gradient " << i;
  }
}

TEST_P(FusedLayer, OutputsAndGradientsAreLibtorchs) { expect_libtorchs(); }

TEST_P(FusedLayer, GradientsOfTwoReadersAreSummed) { expect_libtorchs(true); }

TEST_P(FusedLayer, AGradientOfTheShortcutsReaderAloneIsEnough) {
  BatchStatistics statistics;
  const torch::Tensor flow = typed(torch::randn({4, 16, pixels_, pixels_})).contiguous(kLast);
  std::vector<torch::Tensor> found;
  for (const bool added : {false, true}) {
    const torch::Tensor weight = weight_.clone().requires_grad_(true);
    const torch::Tensor q = fused_layer(typed(input_), weight, gain_, offset_, {}, convolution_, shape_, statistics, copies_);
    (added ? copies_.added : q).backward(flow);
    found.push_back(weight.grad());
  }
  EXPECT_TRUE(torch::equal(found[0], found[1]));
  EXPECT_GT(found[0].abs().sum().item<float>(), 0);
}

TEST_P(FusedLayer, AProjectionIsSigned) {
  shape_.lowest = -64;
  shape_.largest = 63;
  expect_libtorchs();
  BatchStatistics statistics;
  const torch::Tensor q = fused_layer(typed(input_), weight_, gain_, offset_, {}, convolution_, shape_, statistics, copies_);
  EXPECT_LT(q.min().item<float>(), -1);
  EXPECT_GE(q.min().item<float>(), -64);
  EXPECT_LE(q.max().item<float>(), 63);
}

TEST_P(FusedLayer, EvaluationUsesKnownStatistics) {
  const torch::Tensor mean = torch::randn({16}) * 100;
  const torch::Tensor variance = torch::rand({16}) * 1e5 + 1e4;
  const torch::Tensor q =
      fused_evaluation(typed(input_), weight_, gain_, offset_, typed(shortcut_), *convolution_, shape_, {mean, variance}, copies_);
  const torch::Tensor x =
      torch::batch_norm(accumulators(input_.to(torch::kDouble), weight_.to(torch::kDouble)), gain_.to(torch::kDouble),
                        offset_.to(torch::kDouble), mean.to(torch::kDouble), variance.to(torch::kDouble), false, 0, kFloor, false);
  const torch::Tensor s = x / shape_.step + shortcut_.to(torch::kDouble) * shape_.shortcut;
  const torch::Tensor phase = (s + 0.5 - (s + 0.5).round()).abs();
  const torch::Tensor distance = (q.to(torch::kDouble) - (s + 0.5).floor().clamp(shape_.lowest, shape_.largest)).abs();
  EXPECT_EQ(distance.masked_select(phase > 1e-2).sum().item<double>(), 0);
  EXPECT_LE(distance.max().item<double>(), 1);
}

TEST_P(FusedLayer, BytesGiveTheSameSums) {
  if (!convolution_->multiplies_bytes()) GTEST_SKIP() << "oneDNN has no fast convolution of bytes for this processor";
  torch::Tensor bytes = input_.to(torch::kUInt8);
  const torch::Tensor sums = convolution_->forward({}, weight_, bytes);
  EXPECT_TRUE(torch::equal(sums, convolution_->forward(typed(input_), weight_)));
  EXPECT_TRUE(torch::equal(sums.to(torch::kDouble), accumulators(input_.to(torch::kDouble), weight_.to(torch::kDouble))));
  bytes[2][3][5][7] = 255 - bytes[2][3][5][7];
  EXPECT_FALSE(torch::equal(sums, convolution_->forward({}, weight_, bytes)));
}

TEST_P(FusedLayer, TheOutputComesAsBytesToo) {
  BatchStatistics statistics;
  const torch::Tensor q = fused_layer(typed(input_), weight_, gain_, offset_, typed(shortcut_), convolution_, shape_, statistics, copies_);
  ASSERT_TRUE(copies_.output.defined());
  EXPECT_TRUE(torch::equal(copies_.output.to(torch::kFloat), q.to(torch::kFloat)));
  EXPECT_TRUE(copies_.output.is_contiguous(kLast));
  gain_[3] = std::nan("");
  fused_layer(typed(input_), weight_, gain_, offset_, typed(shortcut_), convolution_, shape_, statistics, copies_);
  EXPECT_FALSE(copies_.output.defined()) << "bytes would hide what is no number";
  gain_[3] = 1;
  shape_.lowest = -128;
  fused_layer(typed(input_), weight_, gain_, offset_, typed(shortcut_), convolution_, shape_, statistics, copies_);
  EXPECT_FALSE(copies_.output.defined()) << "a signed output is no byte";
}

TEST_P(FusedLayer, OneFlippedWeightIsSeen) {
  BatchStatistics before, after;
  const torch::Tensor none;
  fused_layer(typed(input_), weight_, gain_, offset_, none, convolution_, shape_, before, copies_);
  torch::Tensor flipped = weight_.clone();
  flipped[3][5][1][1] *= -1;
  fused_layer(typed(input_), flipped, gain_, offset_, none, convolution_, shape_, after, copies_);
  const torch::Tensor changed = (before.mean - after.mean).abs() > 1e-3;
  EXPECT_EQ(changed.sum().item<std::int64_t>(), 1);
  EXPECT_TRUE(changed[3].item<bool>());
}

// Gradients of 16 bits are not those of float32, only near: the way is taken.
class FusedLayerIntegers : public FusedLayer {};
TEST_P(FusedLayerIntegers, AreTakenWhereTheyFit) {
  BatchStatistics statistics;
  const torch::Tensor flow = torch::randn({4, 16, 12, 12}).contiguous(kLast);
  const auto gradient = [&](bool integers, bool bytes) {
    shape_.integer_gradients = integers;
    copies_.input = bytes ? input_.to(torch::kUInt8) : torch::Tensor();
    const torch::Tensor weight = weight_.clone().requires_grad_(true);
    fused_layer(input_, weight, gain_, offset_, {}, convolution_, shape_, statistics, copies_).backward(flow);
    return weight.grad();
  };
  const torch::Tensor real = gradient(false, true);
  EXPECT_FALSE(torch::equal(gradient(true, true), real));
  EXPECT_TRUE(torch::allclose(gradient(true, false), real)) << "bytes of the input are missing";
}

TEST_P(FusedLayer, AGradientThatIsNoNumberStaysVisible) {
  BatchStatistics statistics;
  torch::Tensor flow = typed(torch::randn({4, 16, pixels_, pixels_})).contiguous(kLast);
  flow[1] = std::nan("");  // of all channels: some of them is inside its range
  const torch::Tensor weight = weight_.clone().requires_grad_(true);
  fused_layer(typed(input_), weight, gain_, offset_, {}, convolution_, shape_, statistics, copies_).backward(flow);
  EXPECT_TRUE(weight.grad().isnan().any().item<bool>());
}

std::string kind_name(const testing::TestParamInfo<Kind>& kind) {
  return kind.param == Kind::Float ? "Float" : kind.param == Kind::BFloat16 ? "BFloat16" : "Integers";
}
INSTANTIATE_TEST_SUITE_P(Types, FusedLayer, testing::Values(Kind::Float, Kind::BFloat16, Kind::Integers), kind_name);
INSTANTIATE_TEST_SUITE_P(Types, FusedLayerIntegers, testing::Values(Kind::Integers), kind_name);

}  // namespace
}  // namespace flexor
