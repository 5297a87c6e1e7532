// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/html.hpp"
#include "report/report.hpp"

namespace flexor {

namespace {

std::string line(std::string_view what, std::string_view figure) { return fmt::format("{:<58}{:>14}\n", what, figure); }

std::string compare_lines(const Item& data) {
  const auto engine = data.text("configuration");
  return line("words compared, " + engine, html::whole(data.number("words_compared"))) +
         line("words differing, " + engine, html::whole(data.number("words_differing"))) +
         line(fmt::format("accuracy of the RTL, {}, {}", html::images(data.number("images")), engine),
              html::fixed(data.number("accuracy_rtl"), 2) + " %");
}

std::string sim_lines(const Item& data) {
  const auto engine = data.text("configuration");
  return line("cycles per image, " + engine, html::whole(data.number("cycles") / data.number("images"))) +
         line("utilisation, " + engine, html::fixed(100 * data.number("ideal_cycles") / data.number("cycles"), 1) + " %");
}

std::string synth_lines(const Item& data) {
  std::string out;
  for (const auto& result : data.items("results")) {
    const auto what = fmt::format("{} {}", result.text("target"), result.text("block"));
    out += line("cells, " + what, html::whole(result.number("cells")));
    if (const auto fmax = result.maybe_number("fmax_mhz")) out += line("Fmax, " + what, html::fixed(*fmax, 1) + " MHz");
    if (const auto ratio = result.maybe_number("ratio_to_plain"))
      out += line("cells to plain 1-bit weights, " + what, html::fixed(*ratio, 3));
  }
  return out;
}

}  // namespace

std::string overview(const std::vector<ReportInput>& inputs) {
  std::string out;
  for (const auto& [kind, data] : inputs) {
    if (kind == "inspect") out += line("stored bits per weight, " + data.text("name"), html::fixed(data.number("bits_per_weight"), 2));
    if (kind == "eval")
      out += line("accuracy of the golden model, " + html::images(data.number("images")), html::fixed(data.number("accuracy"), 2) + " %");
    if (kind == "compare") out += compare_lines(data);
    if (kind == "sim") out += sim_lines(data);
    if (kind == "synth") out += synth_lines(data);
  }
  return out;
}

}  // namespace flexor
