// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace flexor::html {

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string whole(double value) {
  auto digits = fmt::format("{:.0f}", std::abs(std::round(value)));
  for (auto i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<std::size_t>(i), 1, ',');
  if (value <= -0.5) digits.insert(0, 1, '-');
  return digits;
}

std::string fixed(double value, int decimals) { return fmt::format("{:.{}f}", value, decimals); }

std::string images(double count) { return whole(count) + (count == 1 ? " image" : " images"); }

namespace {

std::string row(const std::vector<std::string>& cells, std::string_view tag) {
  std::string out = "<tr>";
  for (const auto& cell : cells) out += fmt::format("<{0}>{1}</{0}>", tag, escape(cell));
  return out + "</tr>\n";
}

}  // namespace

std::string table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                  const std::vector<std::string>& total) {
  std::string out = "<div class=\"scroll\"><table>\n<thead>" + row(head, "th") + "</thead>\n<tbody>\n";
  for (const auto& cells : rows) out += row(cells, "td");
  if (!total.empty()) out += "</tbody>\n<tbody class=\"total\">\n" + row(total, "td");
  return out + "</tbody>\n</table></div>\n";
}

std::string bar(std::string_view name, const std::vector<Segment>& segments, std::string_view figure) {
  std::string parts;
  for (const auto& s : segments) {
    parts += fmt::format("<i class=\"{}\" style=\"width:{:.2f}%\" title=\"{}\"></i>", s.style, 100 * std::clamp(s.share, 0.0, 1.0),
                         escape(s.title));
  }
  return fmt::format(
      "<div class=\"row\"><span class=\"name\">{}</span><span class=\"figure\">{}</span><span class=\"bar\">{}</span></div>\n",
      escape(name), escape(figure), parts);
}

std::string legend(const std::vector<std::pair<std::string_view, std::string_view>>& entries) {
  std::string out = "<p class=\"legend\">";
  for (const auto& [style, meaning] : entries) out += fmt::format("<span><i class=\"{}\"></i>{}</span> ", style, escape(meaning));
  return out + "</p>\n";
}

std::string card(std::string_view figure, std::string_view caption) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n", escape(figure), escape(caption));
}

std::string section(std::string_view title, std::string_view body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", escape(title), body);
}

std::string command(std::string_view text) { return fmt::format("<p class=\"command\"><code>{}</code></p>\n", escape(text)); }

}  // namespace flexor::html
