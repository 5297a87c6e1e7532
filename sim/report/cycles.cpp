// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace flexor::sections {

namespace {

struct Stage {
  std::string_view key;
  std::string_view style;
  std::string_view meaning;
};
constexpr std::array<Stage, 5> kStages = {{{"compute", "compute", "compute"},
                                           {"weight_stall", "weight", "waits for weights"},
                                           {"drain_stall", "drain", "waits for the drain"},
                                           {"transfer_stall", "transfer", "waits for external memory"},
                                           {"other", "other", "descriptor, last drain, tiles shorter than the accumulators allow"}}};

std::string stage_chart(const std::vector<Item>& layers) {
  double longest = 1;
  for (const auto& layer : layers) longest = std::max(longest, layer.number("cycles"));
  std::string out = "<h4>Cycles by layer</h4>\n";
  out += html::legend({{kStages[0].style, kStages[0].meaning},
                       {kStages[1].style, kStages[1].meaning},
                       {kStages[2].style, kStages[2].meaning},
                       {kStages[3].style, kStages[3].meaning},
                       {kStages[4].style, kStages[4].meaning}});
  for (const auto& layer : layers) {
    std::vector<html::Segment> segments;
    for (const auto& stage : kStages) {
      const auto cycles = layer.number(stage.key);
      segments.push_back({cycles / longest, stage.style, fmt::format("{}: {} cycles", stage.meaning, html::whole(cycles))});
    }
    out += html::bar(layer.text("name"), segments, html::whole(layer.number("cycles")));
  }
  return out;
}

std::string utilisation_chart(const std::vector<Item>& layers) {
  std::string out = "<h4>Utilisation by layer (ideal cycles / cycles)</h4>\n";
  for (const auto& layer : layers) {
    const auto share = layer.number("utilisation");
    const auto figure = html::fixed(100 * share, 1) + " %";
    out += html::bar(layer.text("name"), {{share, "compute", figure}}, figure);
  }
  return out;
}

}  // namespace

std::string cycles(const std::vector<ReportInput>& inputs) {
  std::string body;
  for (const auto& [kind, data] : inputs) {
    if (kind != "sim") continue;
    const auto layers = data.items("layers");
    const auto cycles = data.number("cycles");
    body += fmt::format("<h3>{} on {}, {}: {} cycles, {} of them ideal ({} %)</h3>\n", html::escape(data.text("network")),
                        html::escape(data.text("configuration")), html::images(data.number("images")), html::whole(cycles),
                        html::whole(data.number("ideal_cycles")), html::fixed(100 * data.number("ideal_cycles") / cycles, 1));
    body += stage_chart(layers) + utilisation_chart(layers);
    if (const auto rate = data.maybe_number("macs_per_second")) {
      body += fmt::format("<p>Simulated at {} million MAC/s.</p>\n", html::whole(*rate / 1e6));
    }
    body += html::command(data.text("command"));
  }
  return body.empty() ? body : html::section("Cycles and utilisation", body);
}

}  // namespace flexor::sections
