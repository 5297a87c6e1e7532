// SPDX-License-Identifier: Apache-2.0
#include "report/html.hpp"
#include "report/sections.hpp"

namespace flexor::sections {

std::string network(const std::vector<ReportInput>& inputs) {
  std::string out;
  for (const auto& [kind, data] : inputs) {
    if (kind != "inspect") continue;
    std::vector<std::vector<std::string>> rows;
    for (const auto& layer : data.items("layers")) {
      rows.push_back({layer.text("name"), html::whole(layer.number("stored_bits")), html::fixed(layer.number("rate"), 2),
                      html::whole(layer.number("q")), html::whole(layer.number("macs")), layer.text("kind"), layer.text("input"),
                      layer.text("output")});
    }
    out += html::section("Network " + data.text("name"),
                         html::table({"layer", "stored bits", "bits per weight", "q", "MACs", "kind", "input", "output"}, rows,
                                     {"all layers", html::whole(data.number("stored_bits")), html::fixed(data.number("bits_per_weight"), 2),
                                      "", html::whole(data.number("macs")), "", "", ""}) +
                             html::command(data.text("command")));
  }
  return out;
}

}  // namespace flexor::sections
