// SPDX-License-Identifier: Apache-2.0
#include "train/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>
#include <string_view>
#include <vector>

namespace flexor {
namespace {

// A panel's place in the picture, pixels.
struct Frame {
  double left, top, width, height;
};
constexpr Frame kLoss{60, 40, 320, 240};
constexpr Frame kAccuracy{460, 40, 320, 240};
constexpr int kTicks = 5;

using Columns = std::vector<std::pair<std::string, std::vector<double>>>;

std::vector<std::string> cells(const std::string& line) {
  std::vector<std::string> parts;
  std::istringstream stream(line);
  for (std::string part; std::getline(stream, part, ',');) parts.push_back(part);
  return parts;
}

Columns read_columns(const std::string& log) {
  std::istringstream stream(log);
  Columns columns;
  std::string line;
  if (std::getline(stream, line)) {
    for (const std::string& name : cells(line)) columns.emplace_back(name, std::vector<double>());
  }
  while (std::getline(stream, line)) {
    const std::vector<std::string> values = cells(line);
    for (std::size_t i = 0; i < std::min(values.size(), columns.size()); ++i) {
      double value = std::nan("");
      std::from_chars(values[i].data(), values[i].data() + values[i].size(), value);
      columns[i].second.push_back(value);
    }
  }
  return columns;
}

std::vector<double> column(const Columns& columns, std::string_view name) {
  for (const auto& [title, values] : columns) {
    if (title == name) return values;
  }
  return {};
}

// Draws series over 1..epochs in one frame with one scale.
class Panel {
 public:
  Panel(const Frame& frame, std::size_t epochs, double low, double high)
      : frame_(frame), epochs_(static_cast<double>(std::max<std::size_t>(epochs, 2))), low_(low), high_(high > low ? high : low + 1) {
    text_ += fmt::format("<rect x=\"{:g}\" y=\"{:g}\" width=\"{:g}\" height=\"{:g}\" fill=\"none\" stroke=\"#888\"/>\n", frame.left,
                         frame.top, frame.width, frame.height);
    for (int tick = 0; tick <= kTicks; ++tick) {
      const double value = low_ + (high_ - low_) * tick / kTicks;
      const double epoch = 1 + (epochs_ - 1) * tick / kTicks;
      text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{:.3g}</text>\n", frame.left - 6, y(value) + 4, value);
      text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{:.0f}</text>\n", x(epoch),
                           frame.top + frame.height + 16, epoch);
    }
  }
  void line(const std::vector<double>& values, std::string_view colour, std::string_view name) {
    if (values.empty()) return;
    std::string points;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isfinite(values[i])) points += fmt::format("{:.1f},{:.1f} ", x(static_cast<double>(i + 1)), y(values[i]));
    }
    text_ += fmt::format("<polyline id=\"{}\" points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>\n", name, points, colour);
    text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" fill=\"{}\">{} {:.4g}</text>\n", frame_.left + 8, frame_.top + 16 + 16 * names_++,
                         colour, name, values.back());
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] double x(double epoch) const { return frame_.left + frame_.width * (epoch - 1) / (epochs_ - 1); }
  [[nodiscard]] double y(double value) const { return frame_.top + frame_.height * (1 - (value - low_) / (high_ - low_)); }

  Frame frame_;
  double epochs_, low_, high_;
  int names_ = 0;
  std::string text_;
};

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return safe;
}

}  // namespace

std::string plot_log(const std::string& log, const std::string& title) {
  const Columns columns = read_columns(log);
  const std::vector<double> loss = column(columns, "loss");
  const std::vector<double> train = column(columns, "train_accuracy");
  const std::vector<double> test = column(columns, "test_accuracy");
  double least = 100;
  for (const std::vector<double>* values : {&train, &test}) {
    for (const double value : *values) least = std::min(least, std::isfinite(value) ? value : least);
  }
  Panel left(kLoss, loss.size(), 0, loss.empty() ? 1 : *std::max_element(loss.begin(), loss.end()));
  left.line(loss, "#b03030", "loss");
  Panel right(kAccuracy, std::max(train.size(), test.size()), std::floor(least / 10) * 10, 100);
  right.line(train, "#888888", "train");
  right.line(test, "#2050a0", "test");
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"320\" font-family=\"sans-serif\" font-size=\"12\">\n"
      "<rect width=\"800\" height=\"320\" fill=\"white\"/>\n<text x=\"400\" y=\"20\" text-anchor=\"middle\">{}</text>\n{}{}"
      "<text x=\"400\" y=\"310\" text-anchor=\"middle\">epoch</text>\n</svg>\n",
      escaped(title), left.text(), right.text());
}

}  // namespace flexor
