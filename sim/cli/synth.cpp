// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "command.hpp"

namespace flexor {

namespace {
struct SynthFlags {
  // SynthFlags that scripts/synth.py takes with a value, in the order of its help.
  std::vector<std::pair<std::string, std::string>> valued{
      {"--targets", ""}, {"--blocks", ""},        {"--config", ""},       {"--out", ""},  {"--json", ""},
      {"--yosys", ""},   {"--nextpnr-ice40", ""}, {"--nextpnr-ecp5", ""}, {"--jobs", ""}, {"--seeds", ""}};
  std::vector<std::string> overrides, cycles;
  bool quick = false, full = false, bars = false, pack_only = false;
  std::string& operator[](std::string_view name) {
    return std::find_if(valued.begin(), valued.end(), [&](const auto& flag) { return flag.first == name; })->second;
  }
};

int synth(const SynthFlags& flags, const Context& context) {
  std::vector<std::string> arguments;
  for (const auto& [name, value] : flags.valued) {
    if (!value.empty()) {
      arguments.insert(arguments.end(), {name, value});
    }
  }
  for (const auto& item : flags.overrides) {
    arguments.insert(arguments.end(), {"--set", item});
  }
  for (const auto& file : flags.cycles) {
    arguments.insert(arguments.end(), {"--cycles", file});
  }
  for (const auto& [on, name] :
       {std::pair{flags.quick, "--quick"}, {flags.full, "--full"}, {flags.bars, "--bars"}, {flags.pack_only, "--pack-only"}}) {
    if (on) {
      arguments.emplace_back(name);
    }
  }
  return run_script(context, "synth.py", arguments);
}
}  // namespace

void add_synth(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<SynthFlags>();
  CLI::App* command = add_command(app, "synth", "Synthesise blocks and engines for FPGAs: a table of cells, memories and clock rates.",
                                  "flexor synth --quick --json synth.json");
  auto& f = *flags;
  command->add_option("--targets", f["--targets"], "of ice40-up5k, ice40-hx8k, ecp5, xc7, with commas; without it all")->type_name("LIST");
  command->add_option("--blocks", f["--blocks"], "engine, array, an RTL module or blocks, with an optional :variant, with commas")
      ->type_name("LIST");
  command->add_option("--config", f["--config"], "engine configuration; without it each target's own")->type_name("NAME");
  command->add_option("--set", f.overrides, "override one engine parameter")->type_name("NAME=VALUE");
  command->add_flag("--quick", f.quick, "a few minutes: the smallest engine (tiny); routed on UP5K, packed elsewhere; no bars");
  command->add_flag("--full", f.full, "every block on every target, and the bars");
  command->add_flag("--bars", f.bars, "only what the bars need, and the bars; blocks of which only cells count are packed");
  command->add_flag("--pack-only", f.pack_only, "pack without placing: cells, no Fmax");
  command->add_option("--cycles", f.cycles, "JSON of flexor compare or sim with nano (UP5K) or small (ECP5): prints frames a second")
      ->type_name("FILE");
  command->add_option("--out", f["--out"], "folder for netlists and logs; without it build/synth")->type_name("DIR");
  command->add_option("--yosys", f["--yosys"], "a yosys with read_slang instead of the locked one")->type_name("FILE");
  command->add_option("--nextpnr-ice40", f["--nextpnr-ice40"], "another nextpnr-ice40")->type_name("FILE");
  command->add_option("--nextpnr-ecp5", f["--nextpnr-ecp5"], "another nextpnr-ecp5")->type_name("FILE");
  command->add_option("--jobs", f["--jobs"], "jobs side by side; without it all cores")->type_name("N");
  command->add_option("--seeds", f["--seeds"], "placement seeds to try: the highest Fmax is kept, all are printed")->type_name("N");
  command->add_option("--json", f["--json"], "also write the figures as JSON, one object per target and block")->type_name("FILE");
  command->callback([flags, &context] { context.exit_code = synth(*flags, context); });
}

}  // namespace flexor
