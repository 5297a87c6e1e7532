// SPDX-License-Identifier: Apache-2.0
#include "train/fused_layer.hpp"

#include <algorithm>
#include <cmath>

#include "train/norm_pass.hpp"
#include "train/team.hpp"

namespace flexor {
namespace {

// What the backward pass needs, kept by the graph.
struct Kept : torch::CustomClassHolder {
  std::shared_ptr<Convolution> convolution;
  FusedShape shape;
  ChannelMap map;
  std::vector<double> mean, inverse_deviation;
  double pixels = 0;      // of all processes
  bool integers = false;  // gradients of the accumulators are 16-bit integers
};

constexpr float kLargestInteger = 32766;  // below 32767, so that nothing rounds beyond it

// An autograd function takes no undefined tensor: an empty one stands for no shortcut there.
bool present(const torch::Tensor& tensor) { return tensor.defined() && tensor.numel() > 0; }

template <typename T>
const T* values(const torch::Tensor& tensor) {
  return present(tensor) ? reinterpret_cast<const T*>(tensor.data_ptr()) : nullptr;
}
template <typename T>
T* target(const torch::Tensor& tensor) {
  return present(tensor) ? reinterpret_cast<T*>(tensor.data_ptr()) : nullptr;
}

PixelRows rows_of(const torch::Tensor& tensor) { return {tensor.size(0) * tensor.size(2) * tensor.size(3), tensor.size(1)}; }

torch::Tensor per_channel(const std::vector<double>& values) {
  torch::Tensor tensor = torch::empty({static_cast<std::int64_t>(values.size())}, torch::kDouble);
  std::copy(values.begin(), values.end(), tensor.data_ptr<double>());
  return tensor;
}

// Fills the map of a layer from the statistics of its accumulators. The passes clamp from 0 on: everything is `lowest` higher there.
void fill_map(Kept& kept, const torch::Tensor& gain, const torch::Tensor& offset, const std::vector<double>& mean,
              const std::vector<double>& variance) {
  for (std::size_t c = 0; c < mean.size(); ++c) {
    const double inverse = 1 / std::sqrt(variance[c] + kept.shape.variance_floor);
    const double scale = gain.data_ptr<float>()[c] * inverse / kept.shape.step;
    kept.map.scale.push_back(static_cast<float>(scale));
    kept.map.shift.push_back(static_cast<float>(offset.data_ptr<float>()[c] / kept.shape.step - scale * mean[c] - kept.shape.lowest));
    kept.inverse_deviation.push_back(inverse);
  }
  kept.mean = mean;
  kept.map.shortcut = static_cast<float>(kept.shape.shortcut);
  kept.map.largest = static_cast<float>(kept.shape.largest - kept.shape.lowest);
}

template <typename T>
torch::Tensor round_all(const torch::Tensor& sums, const torch::Tensor& shortcut, const ChannelMap& map, int lowest, torch::Tensor& bytes) {
  torch::Tensor q = torch::empty_like(sums);
  bytes = torch::Tensor();
  const auto is_number = [](float value) { return std::isfinite(value); };
  const bool numbers =
      std::all_of(map.scale.begin(), map.scale.end(), is_number) && std::all_of(map.shift.begin(), map.shift.end(), is_number);
  if (!numbers) return q.fill_(std::nan(""));  // the rounding would hide it from the loss
  if (lowest == 0) bytes = torch::empty_like(sums, torch::kUInt8);
  map_and_round(values<T>(sums), values<T>(shortcut), map, rows_of(sums), target<T>(q), target<std::uint8_t>(bytes));
  return lowest == 0 ? q : q.add_(lowest);
}

// Sums and pixels of all processes.
void join(Team* team, ChannelSums& sums, std::int64_t& pixels) {
  if (team == nullptr) return;
  std::vector<double> values = sums.first;
  values.insert(values.end(), sums.second.begin(), sums.second.end());
  values.push_back(static_cast<double>(pixels));
  torch::Tensor shared = torch::tensor(values, torch::kDouble);
  team->sum(shared);
  const auto* from = shared.data_ptr<double>();
  const std::size_t channels = sums.first.size();
  std::copy_n(from, channels, sums.first.begin());
  std::copy_n(from + channels, channels, sums.second.begin());
  pixels = std::lround(from[2 * channels]);
}

template <typename T>
torch::Tensor round_layer(const torch::Tensor& sums, const torch::Tensor& gain, const torch::Tensor& offset, const torch::Tensor& shortcut,
                          Kept& kept, BatchStatistics& statistics, torch::Tensor& bytes) {
  const PixelRows rows = rows_of(sums);
  ChannelSums total = sum_squares(values<T>(sums), rows);
  std::int64_t count = rows.pixels;
  join(kept.shape.team, total, count);
  const auto pixels = static_cast<double>(count);
  kept.pixels = pixels;
  std::vector<double> mean, variance;
  for (std::size_t c = 0; c < total.first.size(); ++c) {
    mean.push_back(total.first[c] / pixels);
    variance.push_back(std::max(total.second[c] / pixels - mean.back() * mean.back(), 0.0));
  }
  fill_map(kept, gain, offset, mean, variance);
  statistics = {per_channel(mean), per_channel(variance), count};
  return round_all<T>(sums, shortcut, kept.map, kept.shape.lowest, bytes);
}

struct Gradients {
  torch::Tensor sums;  // undefined where they are integers
  IntegerGradient integers;
  torch::Tensor gain, offset, shortcut;
};

// Size of one step of the integers in which the gradient of every accumulator fits.
float integer_step(const GradientMap& map, const ChannelBounds& bounds) {
  float largest = 0;
  for (std::size_t c = 0; c < map.slope.size(); ++c) {
    const float ends = std::max(std::abs(map.by_value[c] * bounds.lowest[c] + map.constant[c]),
                                std::abs(map.by_value[c] * bounds.highest[c] + map.constant[c]));
    const float own = std::abs(map.slope[c]) * bounds.gradient[c] + ends;
    if (!std::isfinite(own)) return std::nanf("");  // all gradients become so, and the run stops
    largest = std::max(largest, own);
  }
  return largest > 0 ? largest / kLargestInteger : 1;
}

// The gradient of the accumulators in integers.
IntegerGradient spread_integers(const torch::Tensor& g, const torch::Tensor& sums, bool masked, const ChannelMap& map, GradientMap to,
                                const ChannelBounds& bounds) {
  IntegerGradient result{torch::empty_like(sums, torch::kShort), integer_step(to, bounds)};
  for (std::vector<float>* values : {&to.slope, &to.by_value, &to.constant}) {
    for (float& value : *values) value /= result.step;
  }
  spread_gradient(values<float>(g), values<float>(sums), masked, map, to, rows_of(sums), target<std::int16_t>(result.values));
  return result;
}

// more: a second gradient of the same output, or undefined.
template <typename T>
Gradients round_gradient(const torch::Tensor& gradient, const torch::Tensor& more, const torch::Tensor& sums, const torch::Tensor& shortcut,
                         const Kept& kept) {
  const PixelRows rows = rows_of(sums);
  const bool keeps = present(shortcut) || more.defined();
  const torch::Tensor masked = keeps ? torch::empty_like(sums) : torch::Tensor();
  ChannelBounds bounds;
  const ChannelSums own = sum_gradients({values<T>(gradient), values<T>(more)}, values<T>(sums), values<T>(shortcut), kept.map, rows,
                                        target<T>(masked), kept.integers ? &bounds : nullptr);
  ChannelSums total = own;
  std::int64_t count = rows.pixels;
  join(kept.shape.team, total, count);
  const auto channels = static_cast<std::int64_t>(total.first.size());
  Gradients result{{}, {}, torch::empty({channels}), torch::empty({channels}), {}};
  GradientMap map;
  for (std::size_t c = 0; c < total.first.size(); ++c) {
    const double inverse = kept.inverse_deviation[c];
    // Sums of g times the normalised accumulator: of this process, whose gradients are its part, and of all.
    const double own_normal = inverse * (own.second[c] - kept.mean[c] * own.first[c]);
    const double by_normal = inverse * (total.second[c] - kept.mean[c] * total.first[c]);
    result.gain.data_ptr<float>()[c] = static_cast<float>(own_normal / kept.shape.step);
    result.offset.data_ptr<float>()[c] = static_cast<float>(own.first[c] / kept.shape.step);
    const double scale = kept.map.scale[c];
    const double by_value = -scale * inverse * by_normal / kept.pixels;
    map.slope.push_back(kept.map.scale[c]);
    map.by_value.push_back(static_cast<float>(by_value));
    map.constant.push_back(static_cast<float>(-scale * total.first[c] / kept.pixels - by_value * kept.mean[c]));
  }
  const torch::Tensor& flow = keeps ? masked : gradient;
  if (kept.integers) {
    result.integers = spread_integers(flow, sums, !keeps, kept.map, map, bounds);
  } else {
    result.sums = torch::empty_like(sums);
    spread_gradient(values<T>(flow), values<T>(sums), !keeps, kept.map, map, rows, target<T>(result.sums));
  }
  if (!present(shortcut)) return result;
  result.shortcut = kept.shape.shortcut == 1 ? masked : masked.mul_(kept.shape.shortcut);
  return result;
}

struct Fused : torch::autograd::Function<Fused> {
  static torch::autograd::tensor_list forward(torch::autograd::AutogradContext* context, const torch::Tensor& input,
                                              const torch::Tensor& weight, const torch::Tensor& gain, const torch::Tensor& offset,
                                              const torch::Tensor& shortcut, const std::shared_ptr<Convolution>& convolution,
                                              const FusedShape& shape, BatchStatistics* statistics, Copies* copies) {
    auto kept = c10::make_intrusive<Kept>();
    kept->convolution = convolution;
    kept->shape = shape;
    kept->integers = shape.integer_gradients && copies->input.defined() && convolution->takes_integers();
    const torch::Tensor sums = convolution->forward(input, weight, copies->input);
    const torch::Tensor multiplied = kept->integers ? copies->input : input;
    torch::Tensor q = sums.scalar_type() == torch::kBFloat16
                          ? round_layer<BFloat16>(sums, gain, offset, shortcut, *kept, *statistics, copies->output)
                          : round_layer<float>(sums, gain, offset, shortcut, *kept, *statistics, copies->output);
    context->save_for_backward({multiplied, weight, shortcut, sums});
    context->saved_data["kept"] = c10::IValue::make_capsule(kept);
    context->set_materialize_grads(false);
    return {q, q.variable_data()};
  }

  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context, torch::autograd::tensor_list gradients) {
    const auto saved = context->get_saved_variables();
    const torch::Tensor& input = saved[0];
    const torch::Tensor& weight = saved[1];
    const torch::Tensor& shortcut = saved[2];
    const torch::Tensor& sums = saved[3];
    const auto capsule = context->saved_data["kept"].toCapsule();
    const auto& kept = static_cast<const Kept&>(*capsule);
    const auto typed = [&sums](const torch::Tensor& gradient) {
      return gradient.defined() ? gradient.to(sums.scalar_type()).contiguous(torch::MemoryFormat::ChannelsLast) : torch::Tensor();
    };
    const bool both = gradients[0].defined() && gradients[1].defined();
    const torch::Tensor dq = typed(gradients[gradients[0].defined() ? 0 : 1]);
    const torch::Tensor more = both ? typed(gradients[1]) : torch::Tensor();
    const Gradients g = sums.scalar_type() == torch::kBFloat16 ? round_gradient<BFloat16>(dq, more, sums, shortcut, kept)
                                                               : round_gradient<float>(dq, more, sums, shortcut, kept);
    const auto back = [&](const auto& gradient) {
      torch::Tensor before;
      if (context->needs_input_grad(0)) before = kept.convolution->input_gradient(gradient, weight);
      return torch::autograd::tensor_list{
          before, kept.convolution->weight_gradient(input, gradient), g.gain, g.offset, g.shortcut, {}, {}, {}, {}};
    };
    return kept.integers ? back(g.integers) : back(g.sums);
  }
};

}  // namespace

torch::Tensor fused_layer(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain, const torch::Tensor& offset,
                          const torch::Tensor& shortcut, const std::shared_ptr<Convolution>& convolution, const FusedShape& shape,
                          BatchStatistics& statistics, Copies& copies) {
  const torch::Tensor added = shortcut.defined() ? shortcut : torch::empty({0});
  const torch::autograd::tensor_list outputs = Fused::apply(input, weight, gain, offset, added, convolution, shape, &statistics, &copies);
  copies.added = outputs[1];
  return outputs[0];
}

torch::Tensor fused_evaluation(const torch::Tensor& input, const torch::Tensor& weight, const torch::Tensor& gain,
                               const torch::Tensor& offset, const torch::Tensor& shortcut, Convolution& convolution,
                               const FusedShape& shape, const KnownStatistics& statistics, Copies& copies) {
  const torch::NoGradGuard guard;
  Kept kept;
  kept.shape = shape;
  const auto host = [](const torch::Tensor& values) {
    const auto* from = values.data_ptr<float>();
    return std::vector<double>(from, from + values.numel());
  };
  fill_map(kept, gain, offset, host(statistics.mean), host(statistics.variance));
  const torch::Tensor sums = convolution.forward(input, weight, copies.input);
  return sums.scalar_type() == torch::kBFloat16 ? round_all<BFloat16>(sums, shortcut, kept.map, shape.lowest, copies.output)
                                                : round_all<float>(sums, shortcut, kept.map, shape.lowest, copies.output);
}

}  // namespace flexor
