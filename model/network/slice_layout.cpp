// SPDX-License-Identifier: Apache-2.0
#include "network/slice_layout.hpp"

#include <functional>
#include <stdexcept>

#include "code/integer.hpp"

namespace flexor {
namespace {

int round_up(int value, int step) { return ceil_div(value, step) * step; }

// Inputs that stand one after another before the layout begins a new word, or of a row-stacked layer a new column.
int run_length(const SliceShape& slice, const Layer& layer, const Shape& flattened) {
  if (!slice.aligned()) return layer.string_length();
  if (layer.stack_rows) return layer.kernel_height * layer.input.channels;
  return layer.kind == LayerKind::Dense && !layer.global_average ? flattened.channels : layer.input.channels;
}

}  // namespace

SliceLayout::SliceLayout(const SliceShape& slice, const Layer& layer, const Shape& flattened)
    : slice_(slice),
      channels_(layer.kind == LayerKind::Pool ? 0 : layer.output.channels),
      groups_of_channels_(ceil_div(channels_, slice.channels)),
      length_(run_length(slice, layer, flattened)),
      stride_(round_up(length_, slice.aligned() && layer.stack_rows ? 2 : slice.inputs)),
      inputs_(layer.strings() * layer.string_length()),
      words_(ceil_div(inputs_ / length_ * stride_, slice.inputs)) {}

int SliceLayout::input(int word, int lane) const {
  const int place = word * slice_.inputs + lane;
  const int run = place / stride_;
  const int k = place % stride_;
  const int input = run * length_ + k;
  return k < length_ && input < inputs_ ? input : -1;
}

SliceLayout::Weight SliceLayout::weight(int slice, int bit) const {
  const int channel = slice / words_ * slice_.channels + bit / slice_.inputs;
  const int at = input(slice % words_, bit % slice_.inputs);
  return channel < channels_ && at >= 0 ? Weight{channel, at} : Weight{};
}

SliceLayout slice_layout(const Network& network, const Layer& layer) {
  const std::less<> before;
  const Layer* first = network.layers.data();
  if (before(&layer, first) || !before(&layer, first + network.layers.size())) {
    throw std::logic_error("slice_layout() wants a layer of the network itself");
  }
  return {network.slice, layer, network.tensor(network.source(static_cast<std::size_t>(&layer - first)))};
}

}  // namespace flexor
