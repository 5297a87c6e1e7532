// SPDX-License-Identifier: Apache-2.0
#include "train/trainable.hpp"

namespace flexor {

TrainableImpl::TrainableImpl(const NetworkSpec& spec, const Code& code, Method method, std::uint64_t seed) : spec_(spec) {
  torch::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const std::vector<Layer> shapes = layer_shapes(spec);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    layers_.push_back(register_module(shapes[i].name, EncryptedLayer(spec.layers[i], shapes[i], code, method, generator)));
  }
}

torch::Tensor TrainableImpl::forward(const torch::Tensor& pixels, bool bfloat16) {
  torch::Tensor x = pixels.contiguous(torch::MemoryFormat::ChannelsLast);
  for (EncryptedLayer& layer : layers_) x = layer->forward(x, bfloat16);
  return x.reshape({x.size(0), -1});
}

void TrainableImpl::enrol(Adam& optimiser, double latent_rate, double other_rate) {
  for (EncryptedLayer& layer : layers_) layer->enrol(optimiser, latent_rate, other_rate);
}

void TrainableImpl::reset_statistics() {
  for (EncryptedLayer& layer : layers_) layer->reset_statistics();
}

}  // namespace flexor
