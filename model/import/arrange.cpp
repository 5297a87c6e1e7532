// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "import/emit.hpp"

namespace flexor::foreign {
namespace {

// Depth first, earlier layers first.
void place(const std::vector<PlanLayer>& layers, int at, std::vector<int>& position, std::vector<int>& order) {
  constexpr int kSeen = -2;
  if (at == kPixels || position[static_cast<std::size_t>(at)] != -1) return;
  position[static_cast<std::size_t>(at)] = kSeen;
  const PlanLayer& layer = layers[static_cast<std::size_t>(at)];
  place(layers, layer.input.layer, position, order);
  if (layer.shortcut) place(layers, layer.shortcut->layer, position, order);
  position[static_cast<std::size_t>(at)] = static_cast<int>(order.size());
  order.push_back(at);
}

void point_to(std::vector<PlanLayer>& layers, const std::vector<int>& target) {
  for (PlanLayer& layer : layers) {
    if (layer.input.layer != kPixels) layer.input.layer = target[static_cast<std::size_t>(layer.input.layer)];
    if (layer.shortcut && layer.shortcut->layer != kPixels) layer.shortcut->layer = target[static_cast<std::size_t>(layer.shortcut->layer)];
  }
}

std::ptrdiff_t readers(const std::vector<PlanLayer>& layers, int of) {
  return std::count_if(layers.begin(), layers.end(), [of](const PlanLayer& layer) { return layer.input.layer == of; }) +
         std::count_if(layers.begin(), layers.end(), [of](const PlanLayer& layer) { return layer.shortcut && layer.shortcut->layer == of; });
}

// Whether a layer is the 2x2 maximum that the convolution before it can take along.
bool joins(const std::vector<PlanLayer>& layers, const PlanLayer& pool) {
  const bool shape = pool.kind == LayerKind::Pool && !pool.average && pool.kernel == std::array<int, 2>{2, 2} && pool.stride == 2 &&
                     pool.pads == std::array<std::int64_t, 4>{};
  if (!shape || !keeps_levels(pool) || pool.input.layer == kPixels) return false;
  const PlanLayer& before = layers[static_cast<std::size_t>(pool.input.layer)];
  return before.kind == LayerKind::Convolution && !before.max_pool && !before.shortcut && !before.projection && !before.bordered &&
         readers(layers, pool.input.layer) == 1;
}

}  // namespace

bool keeps_levels(const PlanLayer& layer) {
  return layer.kind == LayerKind::Pool && !layer.finer && std::all_of(layer.gain.begin(), layer.gain.end(), [](double gain) { return gain == 1; }) &&
         std::all_of(layer.offset.begin(), layer.offset.end(), [](double offset) { return offset == 0; }) && !layer.clipped() &&
         !layer.quantiser;
}

void order_layers(Plan& plan) {
  std::vector<int> position(plan.layers.size(), -1), order;
  for (std::size_t i = 0; i < plan.layers.size(); ++i) place(plan.layers, static_cast<int>(i), position, order);
  std::vector<PlanLayer> ordered;
  ordered.reserve(order.size());
  for (const int at : order) ordered.push_back(plan.layers[static_cast<std::size_t>(at)]);
  point_to(ordered, position);
  plan.layers = std::move(ordered);
}

void join_maxima(Plan& plan) {
  std::vector<PlanLayer>& layers = plan.layers;
  std::vector<int> target(layers.size());
  std::vector<PlanLayer> kept;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (joins(layers, layers[i])) {
      target[i] = target[static_cast<std::size_t>(layers[i].input.layer)];
      PlanLayer& convolution = kept[static_cast<std::size_t>(target[i])];
      convolution.max_pool = true;
      convolution.output = layers[i].output;
      convolution.value = layers[i].value;
    } else {
      target[i] = static_cast<int>(kept.size());
      kept.push_back(layers[i]);
    }
  }
  point_to(kept, target);
  layers = std::move(kept);
}

}  // namespace flexor::foreign
