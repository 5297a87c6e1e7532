// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"

namespace flexor {

namespace {

struct ReportFlags {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path out, json;
};

std::vector<std::string> names(const std::vector<std::filesystem::path>& files) { return {files.begin(), files.end()}; }

}  // namespace

void add_report(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ReportFlags>();
  CLI::App* command = add_command(app, "report", "Make one self-contained HTML page of the JSON files that other commands wrote.",
                                  "flexor report --inputs compare.json synth.json --out report.html");
  command->add_option("--inputs", flags->inputs, "JSON files of eval, inspect, sim, compare, synth")->required()->type_name("FILE ...");
  command->add_option("--out", flags->out, "page to write")->required()->type_name("FILE");
  add_json(*command, flags->json);
  command->callback([flags, &context] {
    write_report(flags->inputs, flags->out);
    write_json(flags->json, context, {{"inputs", names(flags->inputs)}, {"out", flags->out.string()}});
    fmt::print("wrote {}\n", flags->out.string());
  });
}

}  // namespace flexor
