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
constexpr double kNames = 250, kRowWidth = 800, kRow = 22;  // of a picture of one rate
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

// Title and remark stand over and below `middle`.
std::string framed(const std::string& title, double width, double height, double middle, const std::string& below,
                   const std::string& text) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:g}\" height=\"{1:g}\" viewBox=\"0 0 {0:g} {1:g}\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"{0:g}\" height=\"{1:g}\" fill=\"white\"/>\n"
      "<text x=\"{2:g}\" y=\"20\" text-anchor=\"middle\" font-weight=\"bold\">{3}</text>\n{4}"
      "<text x=\"{2:g}\" y=\"{5:g}\" text-anchor=\"middle\">{6}</text>\n</svg>\n",
      width, height, middle, escaped(title), text, height - 8, below);
}

std::string dot(double x, double y, const char* colour) {
  return fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"/>\n", x, y, colour);
}

// A curve a label, over the rates.
std::string curves(const std::vector<SweepResult>& results, const std::string& title) {
  const Scale scale(results);
  std::string text = axes(scale);
  const std::vector<std::string> labels = labels_of(results);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const char* colour = kColours[i % std::size(kColours)];
    std::string points;
    for (const auto& [rate, accuracies] : by_rate(results, labels[i])) {
      points += fmt::format("{:.1f},{:.1f} ", scale.x(rate), scale.y(mean(accuracies)));
      for (const double accuracy : accuracies) text += dot(scale.x(rate), scale.y(accuracy), colour);
    }
    text += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", points, colour);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{}</text>\n", kLeft + kWidth + 12,
                        kTop + 16 + 18 * static_cast<double>(i), colour, escaped(labels[i]));
  }
  return framed(title, 800, 380, kLeft + kWidth / 2, "stored bits per weight; accuracy in percent", text);
}

// A row a label, the best mean on top: a sweep of one rate.
std::string rows(const std::vector<SweepResult>& results, const std::string& title) {
  const Scale scale(results);
  std::vector<std::pair<double, std::string>> ranked;
  for (const std::string& label : labels_of(results)) ranked.emplace_back(mean(by_rate(results, label).begin()->second), label);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  const double bottom = kTop + kRow * static_cast<double>(ranked.size());
  const auto x = [&scale](double accuracy) {
    return kNames + (kRowWidth - kNames - 70) * (accuracy - scale.low) / (scale.high - scale.low);
  };
  std::string text;
  for (int tick = 0; tick <= kTicks; ++tick) {
    const double accuracy = scale.low + (scale.high - scale.low) * tick / kTicks;
    text += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:g}\" y2=\"{2:g}\" stroke=\"#ddd\"/>\n", x(accuracy), kTop, bottom);
    text += fmt::format("<text x=\"{:.1f}\" y=\"{:g}\" text-anchor=\"middle\">{:.3g}</text>\n", x(accuracy), bottom + 16, accuracy);
  }
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    const auto& [average, label] = ranked[i];
    const double y = kTop + kRow * (static_cast<double>(i) + 0.5);
    text += fmt::format("<text x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kNames - 10, y + 4, escaped(label));
    const std::vector<double> accuracies = by_rate(results, label).begin()->second;
    for (const double accuracy : accuracies) text += dot(x(accuracy), y, kColours[0]);
    text += fmt::format("<text x=\"{:g}\" y=\"{:.1f}\" text-anchor=\"end\">{:.2f}</text>\n", kRowWidth - 12, y + 4, average);
  }
  return framed(title, kRowWidth, bottom + 50, kRowWidth / 2,
                fmt::format("accuracy in percent at {:g} bit; mean on the right", results.front().rate), text);
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
  const bool one = std::all_of(results.begin(), results.end(), [&results](const SweepResult& r) { return r.rate == results.front().rate; });
  return one && !results.empty() ? rows(results, title) : curves(results, title);
}

}  // namespace flexor
