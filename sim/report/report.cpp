// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "code/error.hpp"
#include "network/atomic_file.hpp"
#include "report/sections.hpp"
#include "report/style.hpp"

namespace flexor {

namespace {

constexpr std::array<std::string_view, 5> kKinds = {"eval", "inspect", "compare", "sim", "synth"};

}  // namespace

std::string render_report(const std::vector<ReportInput>& inputs) {
  if (inputs.empty()) throw InputError("a report needs at least one input; name the files that flexor wrote with --json");
  for (const auto& input : inputs) {
    if (std::find(kKinds.begin(), kKinds.end(), input.kind) == kKinds.end()) {
      throw InputError(
          fmt::format("a report cannot show what \"flexor {}\" writes; give it files of eval, inspect, compare, sim or synth", input.kind));
    }
  }
  std::string page =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>FleXOR engine report</title>\n";
  page += fmt::format("<style>\n{}</style>\n</head>\n<body>\n<h1>FleXOR engine report</h1>\n", kReportStyle);
  page += sections::summary(inputs) + sections::comparison(inputs) + sections::network(inputs) + sections::cycles(inputs) +
          sections::area(inputs) + sections::origin(inputs);
  return page + "</body>\n</html>\n";
}

std::string write_report(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out) {
  std::vector<ReportInput> read;
  read.reserve(inputs.size());
  for (const auto& file : inputs) read.push_back(read_report_input(file));
  write_file(out, render_report(read));
  return overview(read);
}

}  // namespace flexor
