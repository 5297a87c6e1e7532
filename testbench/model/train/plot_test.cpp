// SPDX-License-Identifier: Apache-2.0
#include "train/plot.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace flexor {
namespace {

constexpr const char* kLog =
    "epoch,loss,train_accuracy,test_accuracy\n"
    "1,2.0,30,41\n"
    "2,1.0,50,61\n"
    "3,0.5,70,81\n";

// Points of the line with this name.
std::vector<std::pair<double, double>> points(const std::string& svg, const std::string& name) {
  const auto line = svg.find("id=\"" + name + "\" points=\"");
  if (line == std::string::npos) return {};
  const auto begin = svg.find("points=\"", line) + 8;
  std::istringstream text(svg.substr(begin, svg.find('"', begin) - begin));
  std::vector<std::pair<double, double>> found;
  double x = 0, y = 0;
  char comma = 0;
  while (text >> x >> comma >> y) found.emplace_back(x, y);
  return found;
}

TEST(PlotLog, LinesGoThroughTheFiguresOfTheLog) {
  const std::string svg = plot_log(kLog, "a < b & c");
  // Frames of 320 x 240 pixels at (60, 40) and (460, 40); loss from 0 to the largest, accuracy from the ten below the least to 100.
  EXPECT_EQ(points(svg, "loss"), (std::vector<std::pair<double, double>>{{60, 40}, {220, 160}, {380, 220}}));
  const auto train = points(svg, "train");
  const auto test = points(svg, "test");
  ASSERT_EQ(train.size(), 3U);
  ASSERT_EQ(test.size(), 3U);
  const double figures[3] = {41, 61, 81};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(test[i].first, 460 + 160.0 * static_cast<double>(i), 0.06);
    EXPECT_NEAR(test[i].second, 280 - 240 * (figures[i] - 30) / 70, 0.06);
  }
  EXPECT_NE(svg.find("a &lt; b &amp; c"), std::string::npos);
  EXPECT_NE(svg.find("test 81"), std::string::npos);
}

TEST(PlotLog, OneChangedFigureMovesOnePoint) {
  std::string changed = kLog;
  changed.replace(changed.find("50,61"), 5, "50,71");
  const auto before = points(plot_log(kLog, ""), "test");
  const auto after = points(plot_log(changed, ""), "test");
  EXPECT_EQ(before[0], after[0]);
  EXPECT_NE(before[1], after[1]);
  EXPECT_EQ(before[2], after[2]);
}

TEST(PlotLog, TakesOneEpochAndLogsWithoutAColumn) {
  EXPECT_EQ(points(plot_log("epoch,loss\n1,3\n", ""), "loss").size(), 1U);
  EXPECT_TRUE(points(plot_log("epoch,loss\n1,3\n", ""), "test").empty());
  EXPECT_NE(plot_log("", "").find("</svg>"), std::string::npos);
}

}  // namespace
}  // namespace flexor
