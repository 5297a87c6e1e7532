// SPDX-License-Identifier: Apache-2.0
#include "import/weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "code/error.hpp"

// Only odd integers are sums of digits (docs/arithmetic.md, "Digits"). An engine that adds its last digit without doubling could hold even
// ones and zero too: then nearest_odd() is all that changes.

namespace flexor::foreign {
namespace {

constexpr double kSame = 1e-5;  // relative: float32 constants that were computed in two ways

double largest_of(std::span<const double> weights) {
  double largest = 0;
  for (const double weight : weights) largest = std::max(largest, std::abs(weight));
  return largest;
}

int nearest_odd(double value) { return 2 * static_cast<int>(std::floor(value / 2)) + 1; }

// The smallest odd n such that all weights are odd multiples of largest / n; 0: none up to `most`.
int odd_levels(std::span<const double> weights, int most) {
  const double largest = largest_of(weights);
  constexpr double kTiny = 1e-30;
  if (largest < kTiny) return 0;
  for (int n = 1; n <= most; n += 2) {
    const double unit = largest / n;
    const bool fits = std::all_of(weights.begin(), weights.end(), [&](double weight) {
      const double multiple = weight / unit;
      return std::abs(multiple - nearest_odd(multiple)) < kSame * n;
    });
    if (fits) return n;
  }
  return 0;
}

// With all digits alike, a weight of one bit counts 2^digits - 1 times: finer units where one bit would be too steep.
bool keep_exact(const std::vector<double>& weights, std::size_t inputs, int digits, IntegerWeights& made) {
  const std::size_t channels = weights.size() / inputs;
  std::vector<int> levels;
  for (std::size_t m = 0; m < channels; ++m) {
    levels.push_back(odd_levels(std::span(weights).subspan(m * inputs, inputs), (1 << digits) - 1));
    if (levels.back() == 0) return false;
  }
  const int most = *std::max_element(levels.begin(), levels.end());
  made.digits = 1;
  while ((1 << made.digits) - 1 < most) ++made.digits;
  std::vector<int> factor(channels, 1);
  const auto unit = [&](std::size_t m) { return largest_of(std::span(weights).subspan(m * inputs, inputs)) / (levels[m] * factor[m]); };
  for (std::size_t m = 0; m < channels; ++m) {
    while (unit(m) * kOne > kLargestMultiplier && levels[m] == 1 && factor[m] < (1 << digits) - 1) factor[m] = 2 * factor[m] + 1;
    if (unit(m) * kOne > kLargestMultiplier) return false;
    while ((1 << made.digits) - 1 < levels[m] * factor[m]) ++made.digits;
  }
  for (std::size_t m = 0; m < channels; ++m) {
    made.unit.push_back(unit(m));
    made.multiplier.push_back(std::max(1, static_cast<int>(std::lround(unit(m) * kOne))));
    for (std::size_t i = 0; i < inputs; ++i) made.values.push_back(nearest_odd(weights[m * inputs + i] / unit(m)));
  }
  return true;
}

// Moves as many weights by one step as it takes for their sum to be what it was, those that lose least.
void keep_sum(std::span<int> values, std::span<const double> wanted, int most) {
  double error = 0;
  for (std::size_t i = 0; i < values.size(); ++i) error += wanted[i] - values[i];
  const int sign = error < 0 ? -1 : 1;
  auto steps = static_cast<std::ptrdiff_t>(std::abs(error) / 2 + 0.5);
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  const auto gain = [&](std::size_t i) { return sign * (wanted[i] - values[i]); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return gain(a) > gain(b); });
  for (const std::size_t i : order) {
    if (steps == 0) break;
    if (std::abs(values[i] + 2 * sign) > most) continue;
    values[i] += 2 * sign;
    --steps;
  }
}

}  // namespace

IntegerWeights integer_weights(const std::vector<double>& weights, std::size_t inputs, int digits) {
  IntegerWeights made;
  for (const double weight : weights) {
    if (!std::isfinite(weight)) throw InputError("a weight is not a finite number; train the network again");
  }
  if (keep_exact(weights, inputs, digits, made)) return made;
  made = {};
  made.digits = digits;
  const int most = (1 << digits) - 1;
  std::vector<double> wanted(inputs);
  made.values.resize(weights.size());
  for (std::size_t m = 0; m * inputs < weights.size(); ++m) {
    const auto own = std::span(weights).subspan(m * inputs, inputs);
    const double largest = largest_of(own);
    const double steps = std::max(1.0, std::ceil(largest * kOne / most - kSame));
    if (steps > kLargestMultiplier) {
      throw InputError(fmt::format("channel {} gives {:.3g} levels per level of its input, but at most {:.3g} are possible; train with a "
                                   "wider range of its activations",
                                   m, largest, most * kLargestMultiplier / kOne));
    }
    const double unit = steps / kOne;
    const auto values = std::span(made.values).subspan(m * inputs, inputs);
    for (std::size_t i = 0; i < inputs; ++i) {
      wanted[i] = own[i] / unit;
      values[i] = std::clamp(nearest_odd(wanted[i]), -most, most);
    }
    keep_sum(values, wanted, most);
    for (std::size_t i = 0; i < inputs; ++i) {
      const double error = std::abs(wanted[i] - values[i]);
      if (error > kSame * most) ++made.rounded;
      if (largest > 0) made.worst = std::max(made.worst, error * unit / largest);
    }
    made.unit.push_back(unit);
    made.multiplier.push_back(static_cast<int>(steps));
  }
  return made;
}

std::vector<std::int8_t> digit_plane(const IntegerWeights& weights, int p) {
  const int most = (1 << weights.digits) - 1;
  std::vector<std::int8_t> plane;
  plane.reserve(weights.values.size());
  for (const int value : weights.values) plane.push_back(static_cast<std::int8_t>(((value + most) / 2 >> p & 1) != 0 ? 1 : -1));
  return plane;
}

}  // namespace flexor::foreign
