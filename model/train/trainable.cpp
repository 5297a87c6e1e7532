// SPDX-License-Identifier: Apache-2.0
#include "train/trainable.hpp"

#include <fmt/format.h>

#include <tuple>

#include "code/error.hpp"
#include "train/channel_order.hpp"
#include "train/model_weights.hpp"
#include "train/pool_layer.hpp"

namespace flexor {
namespace {

constexpr double kNearestRate = 3e-2;
constexpr double kEq6Rate = 1e-4;       // the paper's
constexpr double kStoredSpread = 1e-3;  // of the paper's stored values
constexpr double kRealRate = 1e-3;
constexpr double kRealSpread = 0.05;

// Whether a model file has the layers of a network, whatever their rates and bits.
void check_layers(const Network& network, const std::vector<Layer>& shapes, const NetworkSpec& spec) {
  const auto refuse = [&](const std::string& what) {
    throw InputError(fmt::format("model {} does not have the layers of network {} ({}); give a model of the same network", network.name,
                                 spec.name, what));
  };
  if (network.layers.size() != shapes.size()) refuse(fmt::format("{} of them, not {}", network.layers.size(), shapes.size()));
  for (std::size_t l = 0; l < shapes.size(); ++l) {
    const Layer& theirs = network.layers[l];
    const Layer& ours = shapes[l];
    const auto form = [](const Layer& layer) {
      const Padding& p = layer.padding;
      return std::tuple(layer.kind, layer.kernel_height, layer.kernel_width, layer.stride, p.top, p.left, p.bottom, p.right, layer.dilation,
                        layer.max_pool, layer.logits, layer.average, layer.global_average, layer.projection,
                        layer.shortcut ? layer.shortcut->source : kPreviousLayer);
    };
    const int digits = theirs.digits ? static_cast<int>(theirs.planes.size()) : 0;
    const bool pools = ours.kind == LayerKind::Pool;
    const int source = ours.source == kPreviousLayer ? static_cast<int>(l) - 1 : ours.source;
    const bool same =
        theirs.input == ours.input && network.source(l) == source && theirs.output == ours.output && form(theirs) == form(ours);
    if (!same || (!pools && digits != spec.layers[l].digits)) refuse(fmt::format("{} is another layer", theirs.name));
  }
}

}  // namespace

Hyper usual_hyper(Method method) {
  Hyper hyper;
  hyper.method = method;
  switch (method) {
    case Method::Nearest:
      hyper.latent.rate = kNearestRate;
      break;
    case Method::Real:
      hyper.latent.rate = kRealRate;
      hyper.latent_spread = kRealSpread;
      break;
    default:
      hyper.latent.rate = kEq6Rate;
      hyper.latent_spread = kStoredSpread;
  }
  return hyper;
}

TrainableImpl::TrainableImpl(const NetworkSpec& spec, const std::vector<Code>& codes, const Hyper& hyper, std::uint64_t seed)
    : spec_(spec), hyper_(hyper), shapes_(layer_shapes(spec)) {
  torch::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (std::size_t i = 0; i < shapes_.size(); ++i) {
    if (shapes_[i].kind == LayerKind::Pool) {
      layers_.emplace_back(nullptr);
    } else {
      const int source = spec.layers[i].source == kPreviousLayer ? static_cast<int>(i) - 1 : spec.layers[i].source;
      const auto map = slice_map(spec.slice, shapes_[i], source < 0 ? spec.input : shapes_[static_cast<std::size_t>(source)].output);
      layers_.emplace_back(
          register_module(shapes_[i].name, EncryptedLayer(spec.layers[i], shapes_[i], map, codes.at(i), hyper, generator)));
    }
  }
}

TrainableImpl::TrainableImpl(const NetworkSpec& spec, const Code& code, Method method, std::uint64_t seed)
    : TrainableImpl(spec, std::vector<Code>(spec.layers.size(), code), usual_hyper(method), seed) {}

torch::Tensor TrainableImpl::run(const torch::Tensor& pixels, bool bfloat16,
                                 const std::function<void(std::size_t, const torch::Tensor&)>& before) {
  const torch::Tensor input = pixels.contiguous(torch::MemoryFormat::ChannelsLast);
  std::vector<torch::Tensor> outputs;
  std::vector<Copies> copies;
  const auto tensor = [&](int source) { return source < 0 ? input : outputs[static_cast<std::size_t>(source)]; };
  const auto added = [&](int source) {
    const bool apart = source >= 0 && copies[static_cast<std::size_t>(source)].added.defined();
    return apart ? copies[static_cast<std::size_t>(source)].added : tensor(source);
  };
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerSpec& spec = spec_.layers[i];
    const int source = spec.source == kPreviousLayer ? static_cast<int>(i) - 1 : spec.source;
    Copies& own = copies.emplace_back();
    if (layers_[i].is_empty()) {
      outputs.push_back(pool_layer(tensor(source), shapes_[i]));
      continue;
    }
    const torch::Tensor shortcut = spec.shortcut ? added(spec.shortcut->source) : torch::Tensor();
    before(i, tensor(source));
    if (source >= 0) own.input = copies[static_cast<std::size_t>(source)].output;
    outputs.push_back(layers_[i]->forward(tensor(source), shortcut, bfloat16, own));
  }
  return outputs.back().reshape({pixels.size(0), -1});
}

void TrainableImpl::enrol(Optimiser& optimiser) {
  for (EncryptedLayer& layer : layers_) {
    if (!layer.is_empty()) layer->enrol(optimiser);
  }
}

void TrainableImpl::begin_from(const TrainableImpl& other) {
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (!layers_[i].is_empty()) layers_[i]->begin_from(*other.layers_[i]);
  }
}

void TrainableImpl::begin_from(const Network& network, const torch::Tensor& pixels) {
  check_layers(network, shapes_, spec_);
  const torch::NoGradGuard guard;
  const bool trains = is_training();
  eval();
  const std::vector<std::vector<int>> orders = channel_orders(network, shapes_);
  run(pixels, false, [&](std::size_t i, const torch::Tensor& input) {
    const torch::Tensor weight = reorder_weights(network, i, orders, weight_tensor(network, network.layers[i]));
    layers_[i]->begin_from(reorder_channels(network, i, orders), weight, input);
  });
  train(trains);
}

void TrainableImpl::set_hardness(double hardness) {
  for (EncryptedLayer& layer : layers_) {
    if (!layer.is_empty()) layer->set_hardness(hardness);
  }
}

void TrainableImpl::set_team(const std::shared_ptr<Team>& team) {
  team_ = team;
  for (EncryptedLayer& layer : layers_) {
    if (!layer.is_empty()) layer->set_team(team);
  }
}

void TrainableImpl::reset_statistics() {
  for (EncryptedLayer& layer : layers_) {
    if (!layer.is_empty()) layer->reset_statistics();
  }
}

}  // namespace flexor
