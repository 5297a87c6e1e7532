// SPDX-License-Identifier: Apache-2.0
#include "boundary_check.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flexor {

std::string to_string(const Difference& d) {
  const auto place = fmt::format("image {}, layer {} ({}), channel {}, pixel ({}, {}), cycle {}", d.image, d.layer, d.layer_name, d.channel,
                                 d.row, d.column, d.cycle);
  switch (d.kind) {
    case Difference::Kind::Missing:
      return fmt::format("{}: expected {}, never written", place, d.expected);
    case Difference::Kind::Twice:
      return fmt::format("{}: expected {}, written a second time with {}", place, d.expected, d.found);
    case Difference::Kind::Unexpected:
      return fmt::format("{}: expected no word here, found {}", place, d.found);
    default:
      return fmt::format("{}: expected {}, found {}", place, d.expected, d.found);
  }
}

BoundaryCheck::BoundaryCheck(const Network& network, std::vector<Boundaries> golden, int first_image,
                             const std::vector<MemoryImage::LayerPlan>& layers)
    : network_(network), golden_(std::move(golden)), counts_(network.layers.size()), first_image_(first_image) {
  for (const MemoryImage::LayerPlan& layer : layers)
    parts_.push_back({layer.layer, static_cast<int>(layer.first_pixel), layer.first_channel});
  for (const auto& image : golden_) {
    auto& states = state_.emplace_back();
    for (std::size_t l = 0; l < image.size(); ++l) {
      states.emplace_back(image[l].size(), Word::Waiting);
      counts_[l].compared += image[l].size();
    }
  }
}

void BoundaryCheck::on_write(const TraceWrite& traced) {
  TraceWrite write = traced;
  if (!parts_.empty()) {
    const bool known = write.layer >= 0 && static_cast<std::size_t>(write.layer) < parts_.size();
    const Part part = known ? parts_[static_cast<std::size_t>(write.layer)] : Part{static_cast<int>(network_.layers.size()), 0, 0};
    write.layer = part.layer;
    write.pixel += part.first_pixel;
    write.channel += part.first_channel;
  }
  for (int i = 0; i < write.count; ++i) {
    word(write, write.channel + i, write.value[i]);
  }
}

void BoundaryCheck::word(const TraceWrite& write, int channel, int found) {
  const auto layer = static_cast<std::size_t>(write.layer);
  if (layer >= network_.layers.size()) {
    difference(Difference::Kind::Unexpected, static_cast<int>(network_.layers.size()) - 1, write.pixel, channel, write.cycle, 0, found);
    return;
  }
  const Shape& shape = network_.layers[layer].output;
  const int pixels = shape.height * shape.width;
  const auto image = static_cast<std::size_t>(write.pixel / pixels);
  if (write.pixel < 0 || image >= golden_.size() || channel < 0 || channel >= shape.channels) {
    difference(Difference::Kind::Unexpected, write.layer, write.pixel, channel, write.cycle, 0, found);
    return;
  }
  const auto index =
      static_cast<std::size_t>(write.pixel % pixels) * static_cast<std::size_t>(shape.channels) + static_cast<std::size_t>(channel);
  const int expected = golden_[image][layer][index];
  Word& state = state_[image][layer][index];
  if (state == Word::Waiting && expected == found) {
    state = Word::Seen;
  } else if (state != Word::Wrong) {
    const auto kind = state == Word::Seen ? Difference::Kind::Twice : Difference::Kind::Value;
    state = Word::Wrong;
    difference(kind, write.layer, write.pixel, channel, write.cycle, expected, found);
  }
}

void BoundaryCheck::finish(std::uint64_t cycle) {
  for (std::size_t image = 0; image < state_.size(); ++image) {
    for (std::size_t layer = 0; layer < state_[image].size(); ++layer) {
      const Shape& shape = network_.layers[layer].output;
      auto& words = state_[image][layer];
      for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == Word::Waiting) {
          words[i] = Word::Wrong;
          const auto index = static_cast<int>(i);
          const int pixel = static_cast<int>(image) * shape.height * shape.width + index / shape.channels;
          difference(Difference::Kind::Missing, static_cast<int>(layer), pixel, index % shape.channels, cycle, golden_[image][layer][i], 0);
        }
      }
    }
  }
}

void BoundaryCheck::difference(Difference::Kind kind, int layer, int pixel, int channel, std::uint64_t cycle, int expected, int found) {
  const auto& of = network_.layers[static_cast<std::size_t>(layer)];
  ++counts_[static_cast<std::size_t>(layer)].differing;
  if (first_) {
    return;
  }
  const int pixels = of.output.height * of.output.width;
  const int inside = pixel % pixels;
  first_ = Difference{
      kind, first_image_ + pixel / pixels, layer, of.name, channel, inside / of.output.width, inside % of.output.width, cycle, expected,
      found};
}

}  // namespace flexor
