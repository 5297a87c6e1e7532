// SPDX-License-Identifier: Apache-2.0
#include "train/encrypted_layer.hpp"

#include <algorithm>
#include <cmath>

#include "train/quantise.hpp"
#include "train/xor_gradient.hpp"

namespace flexor {
namespace {

constexpr double kVarianceFloor = 1e-2;  // accumulators are integers with a variance of thousands
constexpr double kSmallestGain = 0.1;    // keeps |bias| = |offset / gain| * sigma below 2^18
constexpr double kSlowestMomentum = 0.01;
constexpr double kUnbounded = 1e30;
constexpr double kTanhScale = 100;      // S_tanh of the paper for MNIST
constexpr double kStoredSpread = 1e-3;  // of the paper's stored values
constexpr double kLatentSpread = 0.1;
/// [N, C, H, W] -> [N, H*W*C, 1, 1]: bytes in NHWC order become channels.
torch::Tensor as_channels(const torch::Tensor& x) { return x.permute({0, 2, 3, 1}).reshape({x.size(0), -1, 1, 1}); }

/// [N, C, H, W] -> [1, H*W*C, N, 1]: every image becomes one pixel, so that a dense layer is a 1x1 convolution over the batch
/// (libtorch's dense layer calls BLAS, which Debian ships as the slow reference; its convolution calls oneDNN).
torch::Tensor as_pixels(const torch::Tensor& x) { return as_channels(x).permute({2, 1, 0, 3}); }

constexpr double kLogitGain = 2.0;  // logits start with this standard deviation

}  // namespace

EncryptedLayerImpl::EncryptedLayerImpl(const LayerSpec& spec, const Layer& shape, const Code& code, Method method,
                                       torch::Generator generator)
    : spec_(spec), shape_(shape), code_(code), method_(method), map_(slice_map(shape)) {
  if (method == Method::Nearest) nearest_.emplace(code);
  const std::int64_t width = method == Method::Nearest ? code.n_out : code.n_in;
  const double spread = method == Method::Nearest ? kLatentSpread : kStoredSpread;
  const std::int64_t channels = shape.output.channels;
  latent_ = register_parameter("latent", torch::randn({map_->slices, width}, generator) * spread);
  gain_ = register_parameter("gain", torch::full({channels}, spec.logits ? kLogitGain : 1.0));
  offset_ = register_parameter("offset", torch::zeros({channels}));
  mean_ = register_buffer("mean", torch::zeros({channels}));
  variance_ = register_buffer("variance", torch::ones({channels}));
}

torch::Tensor EncryptedLayerImpl::weight() {
  const torch::Tensor slices = method_ == Method::Nearest ? nearest_codeword(latent_, *nearest_) : xor_decrypt(latent_, code_, kTanhScale);
  return place_slices(slices, map_);
}

std::vector<std::uint32_t> EncryptedLayerImpl::stored() const {
  if (method_ == Method::Nearest) return nearest_->search(latent_);
  const torch::Tensor x = latent_.detach().contiguous();
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(x.size(0)), 0);
  const float* from = x.data_ptr<float>();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const std::uint32_t one = from[i] < 0.0F ? 0 : 1;
    bits[static_cast<std::size_t>(i / code_.n_in)] |= one << (i % code_.n_in);
  }
  return bits;
}

torch::Tensor EncryptedLayerImpl::forward(const torch::Tensor& input, bool bfloat16) {
  torch::Tensor x = input;
  torch::Tensor w = weight();
  const bool dense = shape_.kind == LayerKind::Dense;
  if (bfloat16) {  // exact: activations 0..255 and weights +-1 fit 8 significant bits; only the accumulator is rounded
    x = x.to(torch::kBFloat16);
    w = w.to(torch::kBFloat16);
  }
  if (dense) x = bfloat16 ? as_pixels(x) : as_channels(x);
  x = torch::conv2d(x, w, {}, shape_.stride, shape_.padding);
  if (dense && bfloat16) x = x.permute({2, 1, 0, 3});
  if (shape_.max_pool) x = torch::max_pool2d(x, 2);  // before batch norm: the gain is positive, so the order does not matter
  if (bfloat16) x = x.to(torch::kFloat);
  if (is_training()) ++gathered_;
  const double momentum = std::max(1.0 / static_cast<double>(std::max<std::int64_t>(gathered_, 1)), kSlowestMomentum);
  x = torch::batch_norm(x, gain_, offset_, mean_, variance_, is_training(), momentum, kVarianceFloor, false);
  return spec_.logits ? x : quantise_activation(x, step(), shape_.activation_max);
}

void EncryptedLayerImpl::reset_statistics() { gathered_ = 0; }

void EncryptedLayerImpl::enrol(Adam& optimiser, double latent_rate, double other_rate) {
  const double box = method_ == Method::Nearest ? 1.0 : kUnbounded;
  optimiser.add(latent_, latent_rate, -box, box);
  optimiser.add(gain_, other_rate, kSmallestGain, kUnbounded);
  optimiser.add(offset_, other_rate, -kUnbounded, kUnbounded);
}

FoldedNorm EncryptedLayerImpl::fold() const {
  FoldedNorm folded;
  const torch::Tensor gain = gain_.detach().to(torch::kDouble);
  const torch::Tensor offset = offset_.detach().to(torch::kDouble);
  const torch::Tensor mean = mean_.to(torch::kDouble);
  const torch::Tensor sigma = (variance_.to(torch::kDouble) + kVarianceFloor).sqrt();
  for (std::int64_t m = 0; m < gain.size(0); ++m) {
    const double g = gain[m].item<double>();
    const double s = sigma[m].item<double>();
    folded.scale.push_back(g / s / step());
    folded.bias.push_back(offset[m].item<double>() * s / g - mean[m].item<double>());
  }
  return folded;
}

}  // namespace flexor
