// SPDX-License-Identifier: Apache-2.0
#include "train/encrypted_layer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "train/device.hpp"
#include "train/digit_weight.hpp"
#include "train/norm_pass.hpp"
#include "train/padded.hpp"
#include "train/quantise.hpp"
#include "train/strided_shortcut.hpp"
#include "train/team_norm.hpp"

namespace flexor {
namespace {

constexpr double kVarianceFloor = 1e-2;  // accumulators are integers with a variance of thousands
constexpr std::int64_t kMostBatches = 100;
constexpr double kUnbounded = 1e30;
constexpr double kShortcutOne = 256;
constexpr double kLargestShortcut = 255;
constexpr double kDigitSpread = 0.25;  // of weights that stay within +-1
/// [N, C, H, W] -> [N, H*W*C, 1, 1]: bytes in NHWC order become channels.
torch::Tensor as_channels(const torch::Tensor& x) { return x.permute({0, 2, 3, 1}).reshape({x.size(0), -1, 1, 1}); }

/// [N, C, H, W] -> [1, H*W*C, N, 1]: every image becomes one pixel, so that a dense layer is a 1x1 convolution over the batch
/// (libtorch's dense layer calls BLAS, which Debian ships as the slow reference; its convolution calls oneDNN).
torch::Tensor as_pixels(const torch::Tensor& x) { return as_channels(x).permute({2, 1, 0, 3}); }

constexpr double kLogitGain = 2.0;  // logits start with this standard deviation

}  // namespace

EncryptedLayerImpl::EncryptedLayerImpl(const LayerSpec& spec, const Layer& shape, std::shared_ptr<const SliceMap> map, const Code& code,
                                       const Hyper& hyper, const torch::Generator& generator)
    : spec_(spec), shape_(shape), code_(code), hyper_(hyper), map_(std::move(map)) {
  const std::int64_t channels = shape.output.channels;
  if (spec.digits > 0) {
    latent_ = register_parameter("latent", (torch::randn(map_->sizes, generator) * kDigitSpread).clamp_(-1, 1));
  } else {
    if (hyper.method == Method::Nearest) nearest_.emplace(code);
    const bool whole = nearest_ || hyper.method == Method::Real;
    latent_ = register_parameter("latent", torch::randn({map_->slices, whole ? code.n_out : code.n_in}, generator) * hyper.latent_spread);
  }
  gain_ = register_parameter("gain", torch::full({channels}, spec.logits ? kLogitGain : spec.gain));
  offset_ = register_parameter("offset", torch::zeros({channels}));
  if (spec.shortcut && spec.shortcut->learned) {
    shortcut_scale_ = register_parameter("shortcut_scale", torch::full({1}, spec.shortcut->scale));
  }
  mean_ = register_buffer("mean", torch::zeros({channels}));
  variance_ = register_buffer("variance", torch::ones({channels}));
}

// What is not trained, as in evaluation and recalibration, has the weights of the engine: -1 and +1.
Estimator EncryptedLayerImpl::estimator() const {
  if (hyper_.method == Method::Straight) return Estimator::Straight;
  return hyper_.method == Method::Analog && torch::GradMode::is_enabled() ? Estimator::Analog : Estimator::Equation6;
}

// [S, n_out]
torch::Tensor EncryptedLayerImpl::slices() {
  if (hyper_.method == Method::Real) return latent_;
  if (!nearest_) return xor_decrypt(latent_, code_, hyper_.s_tanh, estimator());
  const torch::Tensor hard = nearest_codeword(latent_, *nearest_);
  if (hardness_ >= 1 || !torch::GradMode::is_enabled()) return hard;
  const torch::Tensor u = latent_.detach();
  return hard + (u / u.abs().mean() - hard.detach()) * (1 - hardness_);  // the gradient goes to the latents as it is
}

torch::Tensor EncryptedLayerImpl::weight() {
  if (lent_weight_.defined()) return lent_weight_;
  if (spec_.digits > 0) return digit_weight(latent_, spec_.digits).contiguous(torch::MemoryFormat::ChannelsLast);
  return place_slices(slices(), map_);
}

std::vector<std::vector<std::uint32_t>> EncryptedLayerImpl::stored() {
  if (spec_.digits > 0) {
    std::vector<std::vector<std::uint32_t>> planes;
    for (int p = 0; p < spec_.digits; ++p) planes.push_back(digit_slices(weight(), *map_, spec_.digits, p));
    return planes;
  }
  const torch::Tensor x = latent_.detach().to(torch::kCPU).contiguous();
  std::vector<std::uint32_t> bits(static_cast<std::size_t>(x.size(0)), 0);
  const float* from = x.data_ptr<float>();
  for (std::int64_t i = 0; !nearest_ && i < x.numel(); ++i) {
    const std::uint32_t one = from[i] < 0.0F ? 0 : 1;
    bits[static_cast<std::size_t>(i / code_.n_in)] |= one << (i % code_.n_in);
  }
  if (nearest_) bits = nearest_->search(x);
  return {bits};
}

void EncryptedLayerImpl::begin_from(const EncryptedLayerImpl& other) {
  const torch::NoGradGuard guard;
  const double size = other.latent_.square().mean().sqrt().item<double>();
  const double factor = spec_.digits > 0 || size == 0 ? 1.0 : hyper_.start_size / size;
  latent_.copy_((other.latent_ * factor).clamp_(-box(), box()));
  gain_.copy_(other.gain_);
  offset_.copy_(other.offset_);
  if (shortcut_scale_.defined()) shortcut_scale_.copy_(other.shortcut_scale_);
}

void EncryptedLayerImpl::begin_from(const Layer& layer, const torch::Tensor& weight, const torch::Tensor& input) {
  const torch::NoGradGuard guard;
  const bool rounded = layer.digits && spec_.digits == 0;  // digits become codewords
  if (spec_.digits > 0) {
    latent_.copy_(weight * std::ldexp(1.0, -spec_.digits));
  } else {
    const torch::Tensor flat = weight.to(torch::kFloat).permute({0, 2, 3, 1}).contiguous();  // NHWC, the order of position
    const double size = rounded ? weight.square().mean().sqrt().item<double>() : 1.0;
    const auto factor = static_cast<float>(hyper_.start_size / size);
    const auto* from = flat.data_ptr<float>();
    auto* to = latent_.data_ptr<float>();
    for (const std::int32_t place : map_->position) *to++ = place < 0 ? 0.0F : factor * from[place];
    latent_.clamp_(-box(), box());
  }
  lent_weight_ = weight.to(torch::kFloat).contiguous(torch::MemoryFormat::ChannelsLast);
  const torch::Tensor sums = accumulators(input, this->weight(), false).to(torch::kDouble);
  mean_.copy_(sums.mean({0, 2, 3}));
  variance_.copy_(sums.var({0, 2, 3}, false));
  // The inverse of fold(), with the step of the file's activations and the statistics of the file's weights.
  const torch::Tensor mean = mean_.to(torch::kDouble);
  const torch::Tensor variance = variance_.to(torch::kDouble);
  const int low = layer.projection ? -layer.activation_max - 1 : 0;
  const double unit = layer.logits ? 1 / spec_.logit_unit : spec_.clip / (layer.activation_max - low);
  const torch::Tensor scale = torch::tensor(layer.real_scale, torch::kDouble) * unit;
  gain_.copy_(scale * (variance + kVarianceFloor).sqrt());
  offset_.copy_((torch::tensor(layer.real_bias, torch::kDouble) + mean) * scale);
  if (shortcut_scale_.defined()) shortcut_scale_.fill_(layer.shortcut->multiplier / kShortcutOne);
}

int EncryptedLayerImpl::shortcut_multiplier() const {
  if (!spec_.shortcut) return 0;
  const double scale = shortcut_scale_.defined() ? shortcut_scale_.item<double>() : spec_.shortcut->scale;
  return static_cast<int>(std::lround(scale * kShortcutOne));
}

// The source's strided and zero-extended channels (option A).
torch::Tensor EncryptedLayerImpl::shaped_shortcut(const torch::Tensor& shortcut, std::int64_t channels) const {
  const Shortcut& shape = *shape_.shortcut;
  if (on_cpu(shortcut) && (shape.stride > 1 || channels != shortcut.size(1))) {
    return strided_shortcut(shortcut, {shape.stride, shape.channel_offset, channels});
  }
  torch::Tensor r = shortcut;
  if (shape.stride > 1) r = r.slice(2, 0, r.size(2), shape.stride).slice(3, 0, r.size(3), shape.stride);
  const std::int64_t behind = channels - r.size(1) - shape.channel_offset;
  if (shape.channel_offset > 0 || behind > 0) r = torch::constant_pad_nd(r, {0, 0, 0, 0, shape.channel_offset, behind});
  return r;
}

// x in batch-norm units plus the shortcut scaled to the same units.
torch::Tensor EncryptedLayerImpl::add_shortcut(const torch::Tensor& x, const torch::Tensor& shortcut) const {
  const torch::Tensor r = shaped_shortcut(shortcut, x.size(1));
  if (!shortcut_scale_.defined()) return x + r * (shortcut_multiplier() / kShortcutOne * step());
  // Rounded to 1/256 in the forward pass, straight through in the backward pass.
  const torch::Tensor rounded =
      shortcut_scale_ + ((shortcut_scale_ * kShortcutOne + 0.5).floor() / kShortcutOne - shortcut_scale_).detach();
  return x + r * rounded * step();
}

bool EncryptedLayerImpl::fits_fused(const torch::Tensor& input, bool bfloat16) const {
  const bool plain = shape_.kind == LayerKind::Convolution && !shape_.max_pool && !spec_.logits && !shortcut_scale_.defined();
  if (!hyper_.fused || !plain || !on_cpu(input) || !Convolution::available(bfloat16)) return false;
  const ConvolutionShape shape = convolution_shape(input, bfloat16);
  return norm_pass_fits({shape.images * shape.out_height() * shape.out_width(), shape.outputs});
}

ConvolutionShape EncryptedLayerImpl::convolution_shape(const torch::Tensor& input, bool bfloat16) const {
  return {.images = input.size(0),
          .inputs = input.size(1),
          .outputs = shape_.output.channels,
          .height = input.size(2),
          .width = input.size(3),
          .kernel_height = shape_.kernel_height,
          .kernel_width = shape_.kernel_width,
          .stride = shape_.stride,
          .dilation = shape_.dilation,
          .padding = shape_.padding,
          .bfloat16 = bfloat16};
}

std::shared_ptr<Convolution> EncryptedLayerImpl::convolution(const torch::Tensor& input, bool bfloat16) {
  const ConvolutionShape shape = convolution_shape(input, bfloat16);
  const auto same = [&shape](const std::shared_ptr<Convolution>& made) { return made->shape() == shape; };
  const auto found = std::find_if(convolutions_.begin(), convolutions_.end(), same);
  if (found != convolutions_.end()) return *found;
  return convolutions_.emplace_back(std::make_shared<Convolution>(shape));
}

// Counts the pixels of a minibatch of statistics; returns their weight in the running ones: their share of all since reset_statistics(), or
// of the last kMostBatches whole minibatches.
double EncryptedLayerImpl::count_pixels(std::int64_t pixels) {
  gathered_ += pixels;
  largest_ = std::max(largest_, pixels);
  return static_cast<double>(pixels) / static_cast<double>(std::min(gathered_, kMostBatches * largest_));
}

// Every process gathers statistics for evaluation on its own, on the same images.
Team* EncryptedLayerImpl::step_team() const { return torch::GradMode::is_enabled() && is_training() ? team_.get() : nullptr; }

// Brings the statistics of a minibatch into the running ones.
void EncryptedLayerImpl::gather(const BatchStatistics& batch) {
  const torch::NoGradGuard guard;
  const double weight = count_pixels(batch.pixels);
  // The variance of both together: that within each and that between their means.
  if (on_cpu(mean_)) {  // a few values: tensor operations would cost more than the layer's smaller passes
    auto* mean = mean_.data_ptr<float>();
    auto* variance = variance_.data_ptr<float>();
    const auto* fresh_mean = batch.mean.data_ptr<double>();
    const auto* fresh_variance = batch.variance.data_ptr<double>();
    for (std::int64_t c = 0; c < mean_.numel(); ++c) {
      const double apart = fresh_mean[c] - mean[c];
      mean[c] = static_cast<float>(mean[c] + weight * apart);
      variance[c] = static_cast<float>((1 - weight) * (variance[c] + weight * apart * apart) + weight * fresh_variance[c]);
    }
    return;
  }
  const torch::Tensor apart = batch.mean - mean_;
  variance_.add_(apart.square(), weight).mul_(1 - weight).add_(batch.variance, weight);
  mean_.add_(apart, weight);
}

// Whether weight() is -1 and +1 now.
bool EncryptedLayerImpl::has_signs() const {
  const bool by_method = hyper_.method != Method::Real && hyper_.method != Method::Analog;
  return spec_.digits == 0 && by_method && (hardness_ >= 1 || !torch::GradMode::is_enabled());
}

torch::Tensor EncryptedLayerImpl::forward_fused(const torch::Tensor& input, const torch::Tensor& shortcut, bool bfloat16, Copies& copies) {
  if (!has_signs()) copies.input = torch::Tensor();
  const auto type = bfloat16 ? torch::kBFloat16 : torch::kFloat;
  const torch::Tensor x = input.to(type).contiguous(torch::MemoryFormat::ChannelsLast);
  torch::Tensor r;
  if (spec_.shortcut) r = shaped_shortcut(shortcut.to(type), shape_.output.channels).contiguous(torch::MemoryFormat::ChannelsLast);
  const FusedShape shape{.step = step(),
                         .lowest = lowest(),
                         .largest = largest(),
                         .shortcut = shortcut_multiplier() / kShortcutOne,
                         .variance_floor = kVarianceFloor,
                         .integer_gradients = hyper_.integer_gradients && !bfloat16,
                         .team = step_team()};
  if (!is_training()) return fused_evaluation(x, weight(), gain_, offset_, r, *convolution(x, bfloat16), shape, {mean_, variance_}, copies);
  BatchStatistics batch;
  torch::Tensor q = fused_layer(x, weight(), gain_, offset_, r, convolution(x, bfloat16), shape, batch, copies);
  gather(batch);
  return q;
}

// By libtorch's operations, behind a maximum of 2x2.
torch::Tensor EncryptedLayerImpl::accumulators(const torch::Tensor& input, torch::Tensor w, bool bfloat16) {
  torch::Tensor x = shape_.global_average ? input.to(torch::kFloat).sum({2, 3}, true) : input;
  const bool dense = shape_.kind == LayerKind::Dense;
  if (bfloat16 &&
      !shape_.global_average) {  // exact: activations 0..255 and weights +-1 fit 8 significant bits; only the accumulator is rounded
    x = x.to(torch::kBFloat16);
    w = w.to(torch::kBFloat16);
  } else {
    x = x.to(w.scalar_type());
  }
  const bool pixels = dense && bfloat16 && !shape_.global_average;
  if (dense) x = pixels ? as_pixels(x) : as_channels(x);
  x = padded_convolution(x, w, shape_.stride, shape_.padding, shape_.dilation);
  if (pixels) x = x.permute({2, 1, 0, 3});
  return shape_.max_pool ? torch::max_pool2d(x, 2) : x;  // before batch norm: the gain is positive, so the order does not matter
}

torch::Tensor EncryptedLayerImpl::forward(const torch::Tensor& input, const torch::Tensor& shortcut, bool bfloat16, Copies& copies) {
  if (fits_fused(input, bfloat16)) return forward_fused(input, shortcut, bfloat16, copies);
  torch::Tensor x = accumulators(input, weight(), bfloat16);
  if (x.scalar_type() != torch::kFloat) x = x.to(torch::kFloat);
  if (Team* team = step_team()) {
    BatchStatistics batch;
    x = team_norm(x, gain_, offset_, *team, kVarianceFloor, batch);
    gather(batch);
  } else if (is_training()) {
    const auto [y, mean, inverse] = torch::native_batch_norm(x, gain_, offset_, {}, {}, true, 0, kVarianceFloor);
    const torch::Tensor variance = (inverse.detach().to(torch::kDouble).square().reciprocal() - kVarianceFloor).clamp_min(0);
    gather({mean.detach().to(torch::kDouble), variance, x.numel() / x.size(1)});
    x = y;
  } else {
    x = torch::batch_norm(x, gain_, offset_, mean_, variance_, false, 0, kVarianceFloor, x.is_cuda());
  }
  if (spec_.shortcut) x = add_shortcut(x, shortcut);
  return spec_.logits ? x : quantise_activation(x, step(), largest(), lowest());
}

std::vector<double> EncryptedLayerImpl::deviations(const torch::Tensor& input) {
  const torch::NoGradGuard guard;
  const torch::Tensor found =
      accumulators(input, weight(), false).to(torch::kCPU, torch::kDouble).var({0, 2, 3}, false).sqrt().contiguous();
  return {found.data_ptr<double>(), found.data_ptr<double>() + found.numel()};
}

void EncryptedLayerImpl::reset_statistics() { gathered_ = largest_ = 0; }

// Latents, real weights or digits stay within +-this.
double EncryptedLayerImpl::box() const { return spec_.digits > 0 ? 1.0 : nearest_ ? hyper_.latent_box : kUnbounded; }

void EncryptedLayerImpl::enrol(Optimiser& optimiser) {
  optimiser.add(latent_, spec_.digits > 0 ? hyper_.digit : hyper_.latent, -box(), box());
  optimiser.add(gain_, hyper_.norm, hyper_.smallest_gain, hyper_.largest_gain);
  optimiser.add(offset_, hyper_.norm, -kUnbounded, kUnbounded);
  if (shortcut_scale_.defined()) optimiser.add(shortcut_scale_, hyper_.norm, 0, kLargestShortcut);
}

FoldedNorm EncryptedLayerImpl::fold() const {
  FoldedNorm folded;
  const auto host = [](const torch::Tensor& values) { return values.detach().to(torch::kCPU, torch::kDouble); };
  const torch::Tensor gain = host(gain_);
  const torch::Tensor offset = host(offset_);
  const torch::Tensor mean = host(mean_);
  const torch::Tensor sigma = (host(variance_) + kVarianceFloor).sqrt();
  for (std::int64_t m = 0; m < gain.size(0); ++m) {
    const double g = gain[m].item<double>();
    const double s = sigma[m].item<double>();
    folded.scale.push_back(g / s / step());
    folded.bias.push_back(offset[m].item<double>() * s / g - mean[m].item<double>());
  }
  return folded;
}

}  // namespace flexor
