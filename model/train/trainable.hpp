// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "train/encrypted_layer.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// A network in training: layers that read the pixels or earlier layers. Input: raw pixels 0..255, NCHW.
class TrainableImpl : public torch::nn::Module {
 public:
  /// `codes`: one for each layer (unused by layers of digits and pooling layers).
  TrainableImpl(const NetworkSpec& spec, const std::vector<Code>& codes, const Hyper& hyper, std::uint64_t seed);
  /// The same code for every layer.
  TrainableImpl(const NetworkSpec& spec, const Code& code, Method method, std::uint64_t seed);
  torch::Tensor forward(const torch::Tensor& pixels, bool bfloat16 = false) {
    return run(pixels, bfloat16, [](std::size_t, const torch::Tensor&) {});
  }
  void enrol(Optimiser& optimiser);
  /// Begins where another network of the same layers ended (EncryptedLayer).
  void begin_from(const TrainableImpl& other);
  /// Begins as a model file of the same layers, which may have other rates, slices and activations of other bits, and shortcuts that
  /// begin at other channels (channel_orders()); `pixels`: training images, NCHW,
  /// whose statistics batch norm takes. InputError: other layers.
  void begin_from(const Network& network, const torch::Tensor& pixels);
  void reset_statistics();
  [[nodiscard]] const NetworkSpec& spec() const { return spec_; }
  /// Share of the codewords in the weights of training steps from here on (EncryptedLayer).
  void set_hardness(double hardness);
  [[nodiscard]] const Hyper& hyper() const { return hyper_; }
  /// Training steps from here on are those of a team.
  void set_team(const std::shared_ptr<Team>& team);
  /// Null: this process trains alone.
  [[nodiscard]] Team* team() const { return team_.get(); }
  /// What holds the weights of every layer; empty for a pooling layer, which has none.
  [[nodiscard]] const std::vector<EncryptedLayer>& layers() const { return layers_; }
  /// Every layer without weights.
  [[nodiscard]] const std::vector<Layer>& shapes() const { return shapes_; }
  /// Where the parameters are.
  [[nodiscard]] torch::Device device() const { return parameters().front().device(); }

 private:
  /// before(l, input): called for every layer with weights before it computes.
  torch::Tensor run(const torch::Tensor& pixels, bool bfloat16, const std::function<void(std::size_t, const torch::Tensor&)>& before);
  NetworkSpec spec_;
  Hyper hyper_;
  std::vector<Layer> shapes_;
  std::vector<EncryptedLayer> layers_;
  std::shared_ptr<Team> team_;
};
TORCH_MODULE(Trainable);

/// The recipe of the two methods where nothing else is said: that of LeNet-5.
Hyper usual_hyper(Method method);

}  // namespace flexor
