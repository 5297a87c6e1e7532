// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace flexor::html {

/// Text made safe for element content and attributes.
std::string escape(std::string_view text);
/// Integer with thousands separated by commas; fractions rounded.
std::string whole(double value);
/// "1 image", "2 images".
std::string images(double count);
/// Fixed number of decimals.
std::string fixed(double value, int decimals);

/// Table whose first column is text and whose others are figures, with a last row for the sum if there is one; cells are escaped.
std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::string>& total = {});

/// One coloured part of a bar.
struct Segment {
  double share;            ///< of the bar's full width, 0..1
  std::string_view style;  ///< class name in style.hpp
  std::string title;       ///< shown on hover
};
/// Name, bar and figure: one row of a chart.
std::string bar(std::string_view name, const std::vector<Segment>& segments, std::string_view figure);
/// Colour key of a chart: class name and meaning.
std::string legend(const std::vector<std::pair<std::string_view, std::string_view>>& entries);

/// Large figure with a caption.
std::string card(std::string_view figure, std::string_view caption);
std::string section(std::string_view title, std::string_view body);
/// The command that made a figure.
std::string command(std::string_view text);

}  // namespace flexor::html
