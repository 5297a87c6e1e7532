// SPDX-License-Identifier: Apache-2.0
#include "compiler/strip_schedule.hpp"

#include <algorithm>

#include "compiler/activation_plan.hpp"
#include "compiler/transfer_list.hpp"

namespace flexor {
namespace {

class Scheduler {
 public:
  Scheduler(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan, const std::vector<Part>& parts,
            const std::vector<WeightPlace>& weights, const EngineParameters& engine)
      : network_(network), layers_(layers), plan_(plan), parts_(parts), weights_(weights), engine_(engine), ready_(parts.size(), 0) {}

  StripSchedule run() {
    int progress = 0;
    bring_weights(0);
    if (plan_.outside.front() == 0) {
      add({.what = Move::What::Load, .chip = bytes(parts_.front().input), .bytes = bytes(layers_.front().input.size())});
      progress = last_progress();
    }
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const std::size_t l = parts_[p].layer;
      bring_weights(p);
      if (plan_.outside[tensor_read(network_, l)] != 0 && begins_strip(p)) load(p);
      progress = std::max(progress, ready_[p]);
      result_.progress.push_back(progress);
      const std::size_t next = next_weights(p);
      if ((weights_[p].words != 0 || begins_layer(p)) && next < parts_.size() && room_for(next) <= static_cast<int>(p)) bring_weights(next);
      if (plan_.outside[l + 1] == 0 || (p + 1 < parts_.size() && !begins_strip(p + 1))) continue;
      store(p);
      progress = last_progress();  // the next strip takes the place that is stored
    }
    return result_;
  }

 private:
  [[nodiscard]] static std::uint32_t bytes(std::int64_t value) { return static_cast<std::uint32_t>(value); }
  [[nodiscard]] int last_progress() const { return result_.moves.back().progress; }

  [[nodiscard]] bool begins_strip(std::size_t p) const {
    return p == 0 || parts_[p - 1].layer != parts_[p].layer || parts_[p - 1].strip.first != parts_[p].strip.first;
  }

  void add(Move move) {
    move.progress = kFirstProgress + static_cast<int>(result_.moves.size());
    result_.moves.push_back(move);
  }

  // The first part behind p that brings weights.
  [[nodiscard]] std::size_t next_weights(std::size_t p) const {
    std::size_t next = p + 1;
    while (next < parts_.size() && weights_[next].words == 0) ++next;
    return next;
  }

  // Parts that must have ended before the weights of part p may come: those that use the place, strips that find their weights there too.
  [[nodiscard]] int room_for(std::size_t p) const {
    int after = 0;
    WeightPlace used;
    for (std::size_t before = 0; before < p; ++before) {
      if (weights_[before].words != 0 || begins_layer(before)) used = weights_[before];
      if (used.overlaps(weights_[p])) after = static_cast<int>(before) + 1;
    }
    return after;
  }
  [[nodiscard]] bool begins_layer(std::size_t p) const { return p == 0 || parts_[p - 1].layer != parts_[p].layer; }

  void bring_weights(std::size_t p) {
    if (p < brought_ || weights_[p].words == 0) return;
    brought_ = p + 1;
    add({.what = Move::What::Weights, .layer = static_cast<int>(parts_[p].layer), .after = room_for(p)});
    ready_[p] = last_progress();
  }

  void load(std::size_t p) {
    const Strip& strip = parts_[p].strip;
    const std::size_t l = parts_[p].layer;
    const std::int64_t first = strip.input_first * layers_[l].input_row_bytes();
    const std::int64_t before = first % engine_.AxiBytes;
    add({.what = Move::What::Load,
         .tensor = static_cast<int>(tensor_read(network_, l)),
         .offset = bytes(first - before),
         .chip = bytes(parts_[p].input - before),
         .bytes = bytes(before + strip.input_rows * layers_[l].input_row_bytes()),
         .after = static_cast<int>(p)});
    ready_[p] = last_progress();
  }

  void store(std::size_t p) {
    const Strip& strip = parts_[p].strip;
    const Geometry& g = layers_[parts_[p].layer];
    const bool whole = strip.rows == g.rows;
    add({.what = Move::What::Store,
         .tensor = static_cast<int>(parts_[p].layer) + 1,
         .offset = bytes(strip.first * g.output_row_bytes()),
         .chip = bytes(parts_[p].output - std::int64_t{parts_[p].channels.first} * g.channel_bytes),
         .bytes = bytes(whole ? g.output_size() : strip.rows * g.output_row_bytes()),
         .after = static_cast<int>(p) + 1});
  }

  const Network& network_;
  const std::vector<Geometry>& layers_;
  const StripPlan& plan_;
  const std::vector<Part>& parts_;
  const std::vector<WeightPlace>& weights_;
  const EngineParameters& engine_;
  std::vector<int> ready_;  // progress when what part p itself waits for has come
  std::size_t brought_ = 0;
  StripSchedule result_;
};

}  // namespace

std::vector<Part> strip_parts(const Network& network, const std::vector<Geometry>& layers, const std::vector<TiledLayer>& tiles,
                              const StripPlan& plan, const EngineParameters& engine) {
  std::vector<Part> parts;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool loads = plan.outside[tensor_read(network, l)] != 0;
    const bool stores = plan.outside[l + 1] != 0;
    const Geometry& g = layers[l];
    const std::vector<Strip> strips = cut(g, plan.layers[l].rows);
    const std::vector<ChannelRange> all{{0, g.channels}};
    const std::vector<ChannelRange> ranges = strips.size() == 1 ? cut_channels(tiles[l], g.channels, engine) : all;
    for (const Strip& strip : strips) {
      const std::int64_t in = strip.input_first * g.input_row_bytes();
      const std::int64_t out = strip.first * g.output_row_bytes();
      for (const ChannelRange& channels : ranges) {
        parts.push_back({l, strip, channels, plan.layers[l].input + (loads ? in % engine.AxiBytes : in),
                         plan.layers[l].output + (stores ? 0 : out) + std::int64_t{channels.first} * g.channel_bytes});
      }
    }
  }
  return parts;
}

StripSchedule schedule_strips(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const std::vector<Part>& parts, const std::vector<WeightPlace>& weights, const EngineParameters& engine) {
  return Scheduler(network, layers, plan, parts, weights, engine).run();
}

}  // namespace flexor
