// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <set>

#include "report/html.hpp"
#include "report/sections.hpp"

namespace flexor::sections {

std::string origin(const std::vector<ReportInput>& inputs) {
  std::map<std::string, std::set<std::string>> versions;
  std::set<std::string> machines;
  for (const auto& input : inputs) {
    for (const auto& [tool, version] : input.data.pairs("versions")) versions[tool].insert(version);
    if (auto machine = input.data.maybe_text("machine")) machines.insert(*std::move(machine));
  }
  std::vector<std::vector<std::string>> tools;
  for (const auto& [tool, found] : versions) {
    for (const auto& version : found) tools.push_back({tool, version});
  }
  std::string body = "<div class=\"text\">" + html::table({"tool", "version"}, tools) + "</div>";
  for (const auto& machine : machines) body += "<p>Machine: " + html::escape(machine) + "</p>\n";
  return html::section("Tools", body);
}

}  // namespace flexor::sections
