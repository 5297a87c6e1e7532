// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "command.hpp"

namespace flexor {

namespace {
struct Flags {
  std::vector<std::filesystem::path> inputs;
  std::filesystem::path out, json;
};

int report(const Flags& flags, const Context& context) {
  std::vector<std::string> arguments{"--out", flags.out.string(), "--inputs"};
  for (const auto& input : flags.inputs) {
    arguments.push_back(input.string());
  }
  if (!flags.json.empty()) {
    arguments.insert(arguments.end(), {"--json", flags.json.string()});
  }
  return run_script(context, "report.py", arguments);
}
}  // namespace

void add_report(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = add_command(app, "report", "Make one self-contained HTML page of the JSON files that other commands wrote.",
                                  "flexor report --inputs compare.json synth.json --out report.html");
  command->add_option("--inputs", flags->inputs, "JSON files of eval, inspect, sim, compare, synth")->required()->type_name("FILE ...");
  command->add_option("--out", flags->out, "page to write")->required()->type_name("FILE");
  add_json(*command, flags->json);
  command->callback([flags, &context] { context.exit_code = report(*flags, context); });
}

}  // namespace flexor
