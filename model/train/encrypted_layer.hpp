// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "train/nearest_codeword.hpp"
#include "train/optimiser.hpp"
#include "train/slice_map.hpp"
#include "train/spec.hpp"

namespace flexor {

enum class Method { Eq6, Nearest };

/// A layer whose accumulators become outputs as real_scale * (accumulator + real_bias), per channel.
struct FoldedNorm {
  std::vector<double> scale;  ///< output LSBs (activations) or logit units per accumulator unit, > 0
  std::vector<double> bias;   ///< accumulator units
};

/// One trained layer: encrypted weights, integer accumulators, batch norm, pooling, quantised activation.
class EncryptedLayerImpl : public torch::nn::Module {
 public:
  EncryptedLayerImpl(const LayerSpec& spec, const Layer& shape, const Code& code, Method method, torch::Generator generator);

  /// input: NCHW integers as floats. Training uses batch statistics; evaluation the recalibrated ones.
  torch::Tensor forward(const torch::Tensor& input, bool bfloat16);
  /// Weights in {-1, +1} as the forward pass uses them.
  torch::Tensor weight();
  /// Stored bits of every slice, as the engine will load them.
  [[nodiscard]] std::vector<std::uint32_t> stored() const;
  /// Evaluation from here on uses statistics gathered since; see recalibrate().
  void reset_statistics();
  /// Hands the parameters to the optimiser, each with its box: latents within +-1 (nearest codeword), batch-norm gain positive
  /// and not tiny, so that an integer bias exists and pooling may stand before or after requantisation.
  void enrol(Adam& optimiser, double latent_rate, double other_rate);
  [[nodiscard]] FoldedNorm fold() const;

  [[nodiscard]] const Layer& shape() const { return shape_; }
  [[nodiscard]] const LayerSpec& spec() const { return spec_; }
  [[nodiscard]] const Code& code() const { return code_; }
  /// Real value of one output LSB in batch-norm units (1 for logits).
  [[nodiscard]] double step() const { return spec_.logits ? 1.0 : spec_.clip / shape_.activation_max; }

 private:
  LayerSpec spec_;
  Layer shape_;
  Code code_;
  Method method_;
  std::optional<NearestCodeword> nearest_;
  std::shared_ptr<const SliceMap> map_;
  torch::Tensor latent_, gain_, offset_, mean_, variance_;
  std::int64_t gathered_ = 0;
};
TORCH_MODULE(EncryptedLayer);

}  // namespace flexor
