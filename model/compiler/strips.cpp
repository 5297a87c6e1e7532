// SPDX-License-Identifier: Apache-2.0
#include "compiler/strips.hpp"

#include <algorithm>
#include <numeric>

#include "compiler/activation_plan.hpp"

namespace flexor {
namespace {

class Planner {
 public:
  Planner(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine)
      : network_(network), layers_(layers), engine_(engine), tensors_(activation_tensors(network, layers)) {
    plan_.outside.assign(tensors_.size(), 0);
    plan_.layers.resize(layers.size());
  }

  std::optional<StripPlan> run() {
    const auto residual = place_residuals(network_, engine_, 1);
    if (engine_.AxiBytes == 0 || !residual) return std::nullopt;
    plan_.residual = *residual;
    for (;;) {
      const int full = choose_rows();
      if (full < 0 && place()) return plan_;
      if (!move_out(full < 0 ? fullest() : full)) return std::nullopt;
    }
  }

 private:
  [[nodiscard]] bool is_outside(std::size_t tensor) const { return plan_.outside[tensor] != 0; }

  // Bytes of whole tensors that are on the chip while layer `step` runs.
  [[nodiscard]] std::int64_t whole(int step) const {
    std::int64_t sum = 0;
    for (std::size_t t = 0; t < tensors_.size(); ++t) {
      if (!is_outside(t) && tensors_[t].first <= step && step <= tensors_[t].last) sum += tensors_[t].size;
    }
    return sum;
  }

  // Strips of the input start at the beat before their first byte.
  [[nodiscard]] std::int64_t input_place(std::size_t l, int rows) const {
    if (!is_outside(tensor_read(network_, l))) return 0;
    int most = 0;
    for (const Strip& strip : cut(layers_[l], rows)) most = std::max(most, strip.input_rows);
    return most * layers_[l].input_row_bytes() + engine_.AxiBytes - 1;
  }
  [[nodiscard]] std::int64_t output_place(std::size_t l, int rows) const {
    return !is_outside(l + 1) ? 0 : rows == layers_[l].rows ? tensors_[l + 1].size : rows * layers_[l].output_row_bytes();
  }

  // Rows of a strip are a multiple of this.
  [[nodiscard]] int multiple(std::size_t l) const {
    if (!is_outside(l + 1)) return 1;
    const std::int64_t beat = engine_.AxiBytes;
    return static_cast<int>(beat / std::gcd(beat, layers_[l].output_row_bytes()));
  }

  [[nodiscard]] int most_rows(std::size_t l) const {
    const Geometry& g = layers_[l];
    const std::int64_t room = engine_.activation_bytes() - whole(static_cast<int>(l));
    const auto fits = [&](int rows) { return input_place(l, rows) + output_place(l, rows) <= room; };
    if (fits(g.rows)) return g.rows;
    if (g.sum_pixels != 1) return 0;
    const int step = multiple(l);
    int rows = (g.rows - 1) / step * step;
    while (rows > 0 && !fits(rows)) rows -= step;
    return rows;
  }

  // The first layer that does not fit whatever its strips, or -1.
  int choose_rows() {
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      plan_.layers[l].rows = most_rows(l);
      if (plan_.layers[l].rows == 0) return static_cast<int>(l);
    }
    return -1;
  }

  bool place() {
    struct Item {
      Lifetime life;
      std::size_t tensor, layer;
      enum class Is : std::uint8_t { Tensor, Input, Output } is;
    };
    std::vector<Item> items;
    for (std::size_t t = 0; t < tensors_.size(); ++t) {
      if (!is_outside(t)) items.push_back({tensors_[t], t, 0, Item::Is::Tensor});
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const int step = static_cast<int>(l);
      const int rows = plan_.layers[l].rows;
      if (const auto size = input_place(l, rows); size != 0) items.push_back({{step, step, size}, 0, l, Item::Is::Input});
      if (const auto size = output_place(l, rows); size != 0) items.push_back({{step, step, size}, 0, l, Item::Is::Output});
    }
    std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.life.first < b.life.first; });
    std::vector<Lifetime> lives;
    lives.reserve(items.size());
    for (const Item& item : items) lives.push_back(item.life);
    const auto places = place_tensors(lives, engine_.activation_bytes());
    if (!places) return false;
    std::vector<std::int64_t> whole(tensors_.size(), 0);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const std::int64_t at = (*places)[i];
      if (items[i].is == Item::Is::Tensor) whole[items[i].tensor] = at;
      if (items[i].is == Item::Is::Input) plan_.layers[items[i].layer].input = at;
      if (items[i].is == Item::Is::Output) plan_.layers[items[i].layer].output = at;
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      if (!is_outside(tensor_read(network_, l))) plan_.layers[l].input = whole[tensor_read(network_, l)];
      if (!is_outside(l + 1)) plan_.layers[l].output = whole[l + 1];
    }
    return true;
  }

  // The layer in which most is on the chip.
  [[nodiscard]] int fullest() const {
    int step = 0;
    for (int s = 1; s < static_cast<int>(layers_.size()); ++s) {
      if (whole(s) > whole(step)) step = s;
    }
    return step;
  }

  // Of the whole tensors in that step the largest one goes; the logits stay. False: there is none.
  bool move_out(int step) {
    std::size_t largest = tensors_.size();
    for (std::size_t t = 0; t + 1 < tensors_.size(); ++t) {
      if (is_outside(t) || tensors_[t].size == 0 || tensors_[t].first > step || tensors_[t].last < step) continue;
      if (largest == tensors_.size() || tensors_[t].size > tensors_[largest].size) largest = t;
    }
    if (largest == tensors_.size()) return false;
    plan_.outside[largest] = tensors_[largest].size;
    return true;
  }

  const Network& network_;
  const std::vector<Geometry>& layers_;
  const EngineParameters& engine_;
  std::vector<Lifetime> tensors_;
  StripPlan plan_;
};

}  // namespace

Strip strip_of(const Geometry& layer, int first, int rows) {
  if (rows == layer.rows) return {first, rows, 0, layer.input.height};
  const int window = layer.pool ? 2 : 1;
  const int top = first * window * layer.stride_y - layer.padding_y;
  const int bottom = ((first + rows) * window - 1) * layer.stride_y - layer.padding_y + layer.strings - 1;
  const int from = std::clamp(top, 0, layer.input.height - 1);
  return {first, rows, from, std::clamp(bottom, from, layer.input.height - 1) - from + 1};
}

std::vector<Strip> cut(const Geometry& layer, int rows) {
  std::vector<Strip> strips;
  for (int first = 0; first < layer.rows; first += rows) strips.push_back(strip_of(layer, first, std::min(rows, layer.rows - first)));
  return strips;
}

Geometry part_of(const Geometry& layer, const Strip& strip) {
  Geometry part = layer;
  const int top = strip.first * (layer.pool ? 2 : 1) * layer.stride_y - layer.padding_y;
  part.rows = strip.rows;
  part.input.height = strip.input_rows;
  part.padding_y = strip.input_first - top;
  return part;
}

std::optional<StripPlan> plan_strips(const Network& network, const std::vector<Geometry>& layers, const EngineParameters& engine) {
  return Planner(network, layers, engine).run();
}

}  // namespace flexor
