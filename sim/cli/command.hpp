// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "data/dataset.hpp"
#include "network/network.hpp"
#include "verilator/engines.hpp"

namespace flexor {

/// Version of CMakeLists.txt, e.g. "0.2.0".
extern const char* const kVersion;
/// Commit of the sources, e.g. "5999d8d" or "5999d8d-dirty"; "unknown" outside a git checkout.
extern const char* const kCommit;

/// What every subcommand shares.
struct Context {
  std::string command;         ///< the command line, for JSON files and provenance
  std::filesystem::path root;  ///< of the repository: scripts and shipped files
  int exit_code = 0;           ///< 0, or 1 when a comparison differs
};

// One file for each; each adds its subcommand with flags, help and example.
void add_train(CLI::App& app, Context& context);
void add_sweep(CLI::App& app, Context& context);
void add_eval(CLI::App& app, Context& context);
void add_compile(CLI::App& app, Context& context);
void add_convert(CLI::App& app, Context& context);
void add_inspect(CLI::App& app, Context& context);
void add_export(CLI::App& app, Context& context);
void add_import(CLI::App& app, Context& context);
void add_sim(CLI::App& app, Context& context);
void add_compare(CLI::App& app, Context& context);
void add_synth(CLI::App& app, Context& context);
void add_report(CLI::App& app, Context& context);

/// Subcommand with a sentence and an example at the end of its help.
CLI::App* add_command(CLI::App& app, const std::string& name, const std::string& about, const std::string& example);

/// `--json FILE`.
void add_json(CLI::App& command, std::filesystem::path& file);
/// Writes origin() and `json` to `file`, whole or not at all; nothing when `file` is empty.
void write_json(const std::filesystem::path& file, const Context& context, nlohmann::ordered_json json);

/// `--data DIR` and `--images N`.
struct DataFlags {
  std::filesystem::path folder;
  int images = 0;
};
void add_data(CLI::App& command, DataFlags& flags, const std::string& images_help);
/// The test set in flags.folder, or the shipped sample without it, cut to flags.images (0: `otherwise`, or all when that is 0).
/// Throws InputError when it does not suit the network or has too few images.
Dataset load_data(const DataFlags& flags, const Context& context, const Network& network, int otherwise);

/// `--config`, `--batch`, `--stall`, `--latency`, `--seed`.
struct EngineFlags {
  std::string configuration = "base";
  int batch = 0;
  double stall = 0;
  int latency = 16;
  std::uint64_t seed = 0;
  [[nodiscard]] StallOptions stalls() const { return {stall, stall, seed}; }
  [[nodiscard]] MemoryOptions memory() const { return {latency, stall, seed}; }
};
void add_engine(CLI::App& command, EngineFlags& flags);

/// `--start` and `--teacher`: checkpoints of other runs.
void add_checkpoints(CLI::App& command, std::filesystem::path& start, std::filesystem::path& teacher);

/// `--threads`, all cores by default.
void add_threads(CLI::App& command, int& threads);

/// Runs scripts/`script` with Python (the repository's .venv when it is there); returns its exit code.
int run_script(const Context& context, const std::string& script, const std::vector<std::string>& arguments);

}  // namespace flexor
