// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "train/sweep.hpp"

namespace flexor {
namespace {

constexpr const char* kColours[] = {"#2050a0", "#b03030", "#308030", "#a06000", "#703090", "#008080", "#606060", "#c03090"};
constexpr double kLeft = 60, kTop = 40, kWidth = 460, kHeight = 300;
constexpr int kTicks = 5;

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return safe;
}

// Labels in the order of their first run.
std::vector<std::string> labels_of(const std::vector<SweepResult>& results) {
  std::vector<std::string> labels;
  for (const SweepResult& result : results) {
    if (std::find(labels.begin(), labels.end(), result.label) == labels.end()) labels.push_back(result.label);
  }
  return labels;
}

// Accuracies of one label by rate.
std::map<double, std::vector<double>> by_rate(const std::vector<SweepResult>& results, const std::string& label) {
  std::map<double, std::vector<double>> found;
  for (const SweepResult& result : results) {
    if (result.label == label) found[result.rate].push_back(result.accuracy);
  }
  return found;
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// From values to places in the picture.
struct Scale {
  explicit Scale(const std::vector<SweepResult>& results) {
    for (const SweepResult& result : results) {
      left = std::min(left, result.rate);
      right = std::max(right, result.rate);
      low = std::min(low, std::floor(result.accuracy));
      high = std::max(high, std::ceil(result.accuracy));
    }
    if (right <= left) left -= 0.05, right = left + 0.1;
    if (high <= low) high = low + 1;
  }
  [[nodiscard]] double x(double rate) const { return kLeft + kWidth * (rate - left) / (right - left); }
  [[nodiscard]] double y(double accuracy) const { return kTop + kHeight * (1 - (accuracy - low) / (high - low)); }
  double left = 10, right = 0, low = 100, high = 0;
};

std::string axes(const Scale& scale) {
  std::string text = fmt::format("<rect x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" fill=\"none\" stroke=\"#888\"/>\n", kLeft,
                                 kTop, kWidth, kHeight);
  for (int tick = 0; tick <= kTicks; ++tick) {
    const double rate = scale.left + (scale.right - scale.left) * tick / kTicks;
    const double accuracy = scale.low + (scale.high - scale.low) * tick / kTicks;
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>\n", kLeft - 6, scale.y(accuracy) + 4, accuracy);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.2g}</text>\n", scale.x(rate), kTop + kHeight + 16, rate);
  }
  return text;
}

}  // namespace

std::string results_table(const std::vector<SweepResult>& results) {
  std::string text = "label,rate,seed,epochs,stored_bits,accuracy\n";
  for (const SweepResult& r : results) {
    std::string label = r.label;
    std::replace(label.begin(), label.end(), ',', ';');
    text += fmt::format("{},{:g},{},{},{},{:.2f}\n", label, r.rate, r.seed, r.epochs, r.stored_bits, r.accuracy);
  }
  return text;
}

std::string results_plot(const std::vector<SweepResult>& results, const std::string& title) {
  const Scale scale(results);
  std::string text = axes(scale);
  const std::vector<std::string> labels = labels_of(results);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const char* colour = kColours[i % std::size(kColours)];
    std::string points;
    for (const auto& [rate, accuracies] : by_rate(results, labels[i])) {
      points += fmt::format("{:.1f},{:.1f} ", scale.x(rate), scale.y(mean(accuracies)));
      for (const double accuracy : accuracies) {
        text += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n", scale.x(rate), scale.y(accuracy), colour);
      }
    }
    text += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", points, colour);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", kLeft + kWidth + 12,
                        kTop + 16 + 18 * static_cast<double>(i), colour, escaped(labels[i]));
  }
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"380\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"800\" height=\"380\" fill=\"white\"/>\n<text x=\"290\" y=\"20\" text-anchor=\"middle\">{}</text>\n{}"
      "<text x=\"290\" y=\"374\" text-anchor=\"middle\">stored bits per weight; accuracy in percent</text>\n</svg>\n",
      escaped(title), text);
}

}  // namespace flexor
