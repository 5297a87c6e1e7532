// SPDX-License-Identifier: Apache-2.0
#include "train/slice_map.hpp"

#include <ATen/Parallel.h>

#include "network/slice_layout.hpp"
#include "train/device.hpp"

namespace flexor {
namespace {

struct Place : torch::autograd::Function<Place> {
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& slices, const SliceMap* map) {
    context->saved_data["map"] = reinterpret_cast<std::int64_t>(map);
    const torch::Tensor from = slices.contiguous();
    torch::Tensor weight = torch::empty(map->sizes, from.options().memory_format(torch::MemoryFormat::ChannelsLast));
    AT_DISPATCH_FLOATING_TYPES(from.scalar_type(), "place_slices", [&] {
      const auto* source = from.data_ptr<scalar_t>();
      auto* target = weight.data_ptr<scalar_t>();
      at::parallel_for(0, static_cast<std::int64_t>(map->position.size()), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int32_t at = map->position[static_cast<std::size_t>(i)];
          if (at >= 0) target[at] = source[i];
        }
      });
    });
    return weight;
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto* map = reinterpret_cast<const SliceMap*>(context->saved_data["map"].toInt());
    const torch::Tensor from = gradients[0].contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor slices = torch::empty({map->slices, map->n_out}, from.options());
    AT_DISPATCH_FLOATING_TYPES(from.scalar_type(), "place_slices_backward", [&] {
      const auto* source = from.data_ptr<scalar_t>();
      auto* target = slices.data_ptr<scalar_t>();
      at::parallel_for(0, static_cast<std::int64_t>(map->position.size()), 1 << 16, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
          const std::int32_t at = map->position[static_cast<std::size_t>(i)];
          target[i] = at >= 0 ? source[at] : scalar_t(0);
        }
      });
    });
    return {slices, torch::Tensor()};
  }
};

}  // namespace

std::shared_ptr<const SliceMap> slice_map(const SliceShape& slice, const Layer& layer, const Shape& flattened) {
  const SliceLayout layout(slice, layer, flattened);
  const int depth = layer.input.channels;
  const int rows = layer.kernel_height;
  const int columns = layer.kernel_width;
  auto map = std::make_shared<SliceMap>();
  map->sizes = {layer.output.channels, depth, rows, columns};
  map->slices = layout.slices();
  map->n_out = slice.weights();
  for (int s = 0; s < map->slices; ++s) {
    for (int bit = 0; bit < map->n_out; ++bit) {
      const auto [m, input] = layout.weight(s, bit);
      if (m < 0) {
        map->position.push_back(-1);
        continue;
      }
      const int spot = input / depth;
      const int y = layer.stack_rows ? spot % rows : spot / columns;
      const int x = layer.stack_rows ? spot / rows : spot % columns;
      map->position.push_back(((m * rows + y) * columns + x) * depth + input % depth);
    }
  }
  std::vector<std::int64_t> bit(static_cast<std::size_t>(layer.weights()));
  for (std::size_t i = 0; i < map->position.size(); ++i) {
    if (map->position[i] >= 0) bit[static_cast<std::size_t>(map->position[i])] = static_cast<std::int64_t>(i);
  }
  map->bit = torch::tensor(bit, torch::kLong);
  return map;
}

torch::Tensor place_slices(const torch::Tensor& slices, const std::shared_ptr<const SliceMap>& map) {
  return on_cpu(slices) ? Place::apply(slices, map.get()) : place_slices_by_index(slices, *map);
}

torch::Tensor place_slices_by_index(const torch::Tensor& slices, const SliceMap& map) {
  if (map.bit.device() != slices.device()) map.bit = map.bit.to(slices.device());
  const torch::Tensor flat = slices.reshape({-1}).index_select(0, map.bit);
  return flat.view({map.sizes[0], map.sizes[2], map.sizes[3], map.sizes[1]}).permute({0, 3, 1, 2});
}

}  // namespace flexor
