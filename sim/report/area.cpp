// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace flexor::sections {

namespace {

std::string cell(const Item& result, std::string_view key, int decimals) {
  const auto value = result.maybe_number(key);
  if (!value) return "–";
  return decimals == 0 ? html::whole(*value) : html::fixed(*value, decimals);
}

std::string target_part(const std::string& target, const std::vector<Item>& results) {
  double most = 1;
  for (const auto& result : results) most = std::max(most, result.number("cells"));
  std::string bars;
  std::vector<std::vector<std::string>> rows;
  for (const auto& result : results) {
    const auto block = result.text("block");
    const auto cells = html::whole(result.number("cells"));
    bars += html::bar(block, {{result.number("cells") / most, "compute", cells + " cells"}}, cells);
    rows.push_back({block, cell(result, "lut", 0), cell(result, "ff", 0), cell(result, "ram", 0), cell(result, "dsp", 0), cells,
                    cell(result, "fmax_mhz", 1), cell(result, "macs_per_cycle", 0), cell(result, "cells_per_mac", 2),
                    cell(result, "ratio_to_plain", 3)});
  }
  return fmt::format("<h3>{}</h3>\n<h4>Cells by block</h4>\n", html::escape(target)) + bars +
         html::table({"block", "LUT", "FF", "RAM", "DSP", "cells", "Fmax MHz", "MACs per cycle", "cells per MAC", "ratio to plain"}, rows);
}

}  // namespace

std::string area(const std::vector<ReportInput>& inputs) {
  std::string body;
  for (const auto& [kind, data] : inputs) {
    if (kind != "synth") continue;
    const auto results = data.items("results");
    std::vector<std::string> targets;
    for (const auto& result : results) {
      auto target = result.text("target");
      if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(std::move(target));
    }
    for (const auto& target : targets) {
      std::vector<Item> own;
      std::copy_if(results.begin(), results.end(), std::back_inserter(own), [&](const Item& r) { return r.text("target") == target; });
      body += target_part(target, own);
    }
    body += html::command(data.text("command"));
  }
  return body.empty() ? body : html::section("Area and speed by block", body);
}

}  // namespace flexor::sections
