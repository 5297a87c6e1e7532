// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/torch.h>

#include <string>
#include <vector>

#include "train/encrypted_layer.hpp"

namespace flexor {

/// A network in training: a chain of encrypted layers. Input: raw pixels 0..255, NCHW.
class TrainableImpl : public torch::nn::Module {
 public:
  TrainableImpl(const NetworkSpec& spec, const Code& code, Method method, std::uint64_t seed);
  torch::Tensor forward(const torch::Tensor& pixels, bool bfloat16 = false);
  void enrol(Adam& optimiser, double latent_rate, double other_rate);
  void reset_statistics();
  [[nodiscard]] const NetworkSpec& spec() const { return spec_; }
  [[nodiscard]] const std::vector<EncryptedLayer>& layers() const { return layers_; }

 private:
  NetworkSpec spec_;
  std::vector<EncryptedLayer> layers_;
};
TORCH_MODULE(Trainable);

}  // namespace flexor
