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
      : network_(network), layers_(layers), plan_(plan), parts_(parts), engine_(engine) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (p == 0 || parts[p - 1].layer != parts[p].layer) weights_.push_back(weights[p]);
    }
  }

  StripSchedule run() {
    bring_weights(0);
    if (plan_.outside.front() == 0) {
      add({.what = Move::What::Load, .chip = bytes(parts_.front().input), .bytes = bytes(layers_.front().input.size())});
    }
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const std::size_t l = parts_[p].layer;
      const bool begins = p == 0 || parts_[p - 1].layer != l;
      if (begins) bring_weights(l);
      if (plan_.outside[tensor_read(network_, l)] != 0) load(p);
      result_.progress.push_back(last_progress());
      if (begins && l + 1 < layers_.size() && room_for(l + 1) <= static_cast<int>(p)) bring_weights(l + 1);
      if (plan_.outside[l + 1] != 0) store(p);
    }
    return result_;
  }

 private:
  [[nodiscard]] static std::uint32_t bytes(std::int64_t value) { return static_cast<std::uint32_t>(value); }
  [[nodiscard]] int last_progress() const { return result_.moves.back().progress; }

  void add(Move move) {
    move.progress = kFirstProgress + static_cast<int>(result_.moves.size());
    result_.moves.push_back(move);
  }

  // Parts that must have ended before the weights of layer l may come.
  [[nodiscard]] int room_for(std::size_t l) const {
    int after = 0;
    for (std::size_t p = 0; p < parts_.size() && parts_[p].layer < l; ++p) {
      if (weights_[parts_[p].layer].overlaps(weights_[l])) after = static_cast<int>(p) + 1;
    }
    return after;
  }

  void bring_weights(std::size_t l) {
    if (l < brought_ || weights_[l].words == 0) return;
    brought_ = l + 1;
    add({.what = Move::What::Weights, .layer = static_cast<int>(l), .after = room_for(l)});
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
  }

  void store(std::size_t p) {
    const Strip& strip = parts_[p].strip;
    const Geometry& g = layers_[parts_[p].layer];
    const bool whole = strip.rows == g.rows;
    add({.what = Move::What::Store,
         .tensor = static_cast<int>(parts_[p].layer) + 1,
         .offset = bytes(strip.first * g.output_row_bytes()),
         .chip = bytes(parts_[p].output),
         .bytes = bytes(whole ? g.output_size() : strip.rows * g.output_row_bytes()),
         .after = static_cast<int>(p) + 1});
  }

  const Network& network_;
  const std::vector<Geometry>& layers_;
  const StripPlan& plan_;
  const std::vector<Part>& parts_;
  const EngineParameters& engine_;
  std::vector<WeightPlace> weights_;  // of layer l
  std::size_t brought_ = 0;
  StripSchedule result_;
};

}  // namespace

std::vector<Part> strip_parts(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const EngineParameters& engine) {
  std::vector<Part> parts;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const bool loads = plan.outside[tensor_read(network, l)] != 0;
    const bool stores = plan.outside[l + 1] != 0;
    for (const Strip& strip : cut(layers[l], plan.layers[l].rows)) {
      const std::int64_t in = strip.input_first * layers[l].input_row_bytes();
      const std::int64_t out = strip.first * layers[l].output_row_bytes();
      parts.push_back({l,
                       strip,
                       {0, layers[l].channels},
                       plan.layers[l].input + (loads ? in % engine.AxiBytes : in),
                       plan.layers[l].output + (stores ? 0 : out)});
    }
  }
  return parts;
}

StripSchedule schedule_strips(const Network& network, const std::vector<Geometry>& layers, const StripPlan& plan,
                              const std::vector<Part>& parts, const std::vector<WeightPlace>& weights, const EngineParameters& engine) {
  return Scheduler(network, layers, plan, parts, weights, engine).run();
}

}  // namespace flexor
