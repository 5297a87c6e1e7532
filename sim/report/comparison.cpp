// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace flexor::sections {

namespace {

std::string verdict(double differing, double compared) {
  return differing == 0 ? fmt::format("<p class=\"verdict good\">&#10003; 0 of {} words differ between the RTL and the golden model</p>\n",
                                      html::whole(compared))
                        : fmt::format("<p class=\"verdict bad\">&#10007; {} of {} words differ between the RTL and the golden model</p>\n",
                                      html::whole(differing), html::whole(compared));
}

std::string first_difference(const Item& d) {
  return fmt::format(
      "<p class=\"bad\">First difference: image {}, layer {}, channel {}, row {}, column {}, cycle {}: expected {}, found {}</p>\n",
      html::whole(d.number("image")), html::escape(d.text("layer_name")), html::whole(d.number("channel")), html::whole(d.number("row")),
      html::whole(d.number("column")), html::whole(d.number("cycle")), html::whole(d.number("expected")), html::whole(d.number("found")));
}

}  // namespace

std::string summary(const std::vector<ReportInput>& inputs) {
  double compared = 0;
  double differing = 0;
  bool any = false;
  std::string cards;
  for (const auto& [kind, data] : inputs) {
    if (kind == "inspect") {
      cards += html::card(html::fixed(data.number("bits_per_weight"), 2), "stored bits per weight, " + data.text("name"));
    }
    if (kind == "eval") {
      cards += html::card(html::fixed(data.number("accuracy"), 2) + " %",
                          "accuracy of the golden model, " + html::images(data.number("images")));
    }
    if (kind != "compare") continue;
    any = true;
    compared += data.number("words_compared");
    differing += data.number("words_differing");
    const auto images = data.number("images");
    const auto engine = data.text("configuration");
    cards += html::card(html::fixed(data.number("accuracy_rtl"), 2) + " %",
                        fmt::format("accuracy of the RTL, {}, {}", html::images(images), engine));
    cards += html::card(html::whole(data.number("cycles") / images), fmt::format("cycles per image, {}", engine));
    cards += html::card(html::fixed(100 * data.number("ideal_cycles") / data.number("cycles"), 1) + " %",
                        fmt::format("utilisation, {}", engine));
  }
  const std::string head = any ? verdict(differing, compared) : "<p class=\"verdict\">No comparison among the inputs</p>\n";
  return head + "<div class=\"cards\">\n" + cards + "</div>\n";
}

std::string comparison(const std::vector<ReportInput>& inputs) {
  std::string body;
  for (const auto& [kind, data] : inputs) {
    if (kind == "eval") {
      body += fmt::format("<h3>Golden model, {}: {} % right</h3>\n", html::images(data.number("images")),
                          html::fixed(data.number("accuracy"), 2)) +
              html::command(data.text("command"));
    }
    if (kind != "compare") continue;
    body += fmt::format("<h3>{} on {}, {}</h3>\n", html::escape(data.text("network")), html::escape(data.text("configuration")),
                        html::images(data.number("images")));
    std::vector<std::vector<std::string>> rows;
    for (const auto& layer : data.items("layers")) {
      rows.push_back({layer.text("name"), html::whole(layer.number("words_compared")), html::whole(layer.number("words_differing"))});
    }
    body += html::table({"layer boundary", "words compared", "words differing"}, rows,
                        {"all layers", html::whole(data.number("words_compared")), html::whole(data.number("words_differing"))});
    if (const auto first = data.maybe_item("first_difference")) body += first_difference(*first);
    body += fmt::format("<p>Accuracy: golden model {} %, RTL {} %.</p>\n", html::fixed(data.number("accuracy_golden"), 2),
                        html::fixed(data.number("accuracy_rtl"), 2));
    body += html::command(data.text("command"));
  }
  return body.empty() ? body : html::section("Correctness", body);
}

}  // namespace flexor::sections
