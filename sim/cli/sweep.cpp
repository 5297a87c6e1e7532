// SPDX-License-Identifier: Apache-2.0
#ifdef FLEXOR_TRAIN
#include "train/sweep.hpp"
#endif

#include <fmt/format.h>

#include <memory>

#include "code/error.hpp"
#include "command.hpp"
#include "interrupt.hpp"
#include "network/atomic_file.hpp"
#include "table.hpp"
#include "train/train.hpp"

namespace flexor {

namespace {

struct SweepFlags {
  std::filesystem::path file, slurm, json;
  TrainOptions common;
  int only = -1;
  bool results = false;
};

#ifdef FLEXOR_TRAIN
// The command that a task of an array job runs, without its number.
std::string task_command(const SweepFlags& flags) {
  const auto absolute = [](const std::filesystem::path& path) { return std::filesystem::absolute(path).lexically_normal().string(); };
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  const TrainOptions& common = flags.common;
  std::string words =
      fmt::format("'{}' sweep '{}' --data '{}' --out '{}' --threads {} --workers {} --device {}", program.string(), absolute(flags.file),
                  absolute(common.data), absolute(common.out), common.threads, common.workers, common.device);
  if (!common.start.empty()) words += fmt::format(" --start '{}'", absolute(common.start));
  if (!common.teacher.empty()) words += fmt::format(" --teacher '{}'", absolute(common.teacher));
  return words + (common.quiet ? " --quiet" : "");
}

void print_results(const Sweep& sweep, const std::vector<SweepResult>& results) {
  Table table({"variant", "bits per weight", "seed", "epochs", "stored bits", "accuracy %"});
  for (const SweepResult& r : results) {
    table.add({r.label, fmt::format("{:g}", r.rate), std::to_string(r.seed), std::to_string(r.epochs), grouped(r.stored_bits),
               fmt::format("{:.2f}", r.accuracy)});
  }
  Table summary({"variant", "bits per weight", "seeds", "mean %", "lowest", "highest", "first - this", "lowest of the first - highest"});
  for (const SweepSummary& s : sweep_summary(results)) {
    summary.add({s.label, fmt::format("{:g}", s.rate), std::to_string(s.seeds), fmt::format("{:.2f}", s.mean),
                 fmt::format("{:.2f}", s.lowest), fmt::format("{:.2f}", s.highest), fmt::format("{:+.2f}", s.behind),
                 fmt::format("{:+.2f}", s.margin)});
  }
  fmt::print("{}\n{}{} of {} runs are finished\n", table.text(), summary.text(), results.size(), sweep.runs.size());
}

void sweep(SweepFlags& flags, const Context& context) {
  end_on_interrupt();  // the trainer writes whole files only, so it may be stopped at any time
  flags.common.tool_version = kVersion;
  const Sweep sweep = load_sweep(flags.file, flags.common);
  if (!flags.slurm.empty()) {
    write_file(flags.slurm, slurm_script(sweep, task_command(flags), flags.common.threads));
    fmt::print("{}: an array job of {} tasks; start it with sbatch\n", flags.slurm.string(), sweep.runs.size());
    return;
  }
  if (!flags.results) run_sweep(sweep, flags.only);
  const std::vector<SweepResult> results = sweep_results(sweep);
  if (flags.only < 0 && !results.empty()) {  // tasks of an array job leave them to one command at the end
    write_file(flags.common.out / "results.csv", results_table(results));
    write_file(flags.common.out / "results.svg", results_plot(results, sweep.name));
  }
  print_results(sweep, results);
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (const SweepResult& r : results) {
    runs.push_back({{"variant", r.label},
                    {"rate", r.rate},
                    {"seed", r.seed},
                    {"epochs", r.epochs},
                    {"stored_bits", r.stored_bits},
                    {"accuracy", r.accuracy}});
  }
  write_json(flags.json, context, {{"sweep", sweep.name}, {"all_runs", sweep.runs.size()}, {"runs", runs}});
}
#else
void sweep(SweepFlags& /*flags*/, const Context& /*context*/) {
  throw InputError("this flexor was built without the trainer; build it with -DFLEXOR_TRAIN=ON and libtorch");
}
#endif

}  // namespace

void add_sweep(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<SweepFlags>();
  CLI::App* command = add_command(app, "sweep",
                                  "Train every run of a sweep file (variants, rates, seeds) that is not finished; table and plot of all "
                                  "results. Several of it may work on one folder at once.",
                                  "flexor sweep model/train/sweeps/code-resnet20.json --data ~/data --out sweep");
  command->add_option("file", flags->file, "sweep file (docs/training.md)")->required()->type_name("FILE");
  command->add_option("--data", flags->common.data, "folder with the data set")->required()->envname("FLEXOR_DATA")->type_name("DIR");
  command->add_option("--out", flags->common.out, "folder with a folder for each run, results.csv and results.svg")
      ->required()
      ->type_name("DIR");
  command->add_option("--only", flags->only, "train this run alone, counted from 0: a task of an array job")
      ->type_name("N")
      ->check(between(0, 1 << 30));
  command->add_flag("--results", flags->results, "train nothing: only table and plot of what is finished");
  command->add_option("--slurm", flags->slurm, "train nothing: write a batch script for Slurm with a task for each run")->type_name("FILE");
  add_checkpoints(*command, flags->common.start, flags->common.teacher);
  command->add_option("--device", flags->common.device, "cpu or cuda")->capture_default_str()->type_name("NAME");
  command->add_option("--workers", flags->common.workers, "threads that decode and change training images beside --threads")
      ->capture_default_str()
      ->type_name("N")
      ->check(between(1, 256));
  command->add_flag("--quiet", flags->common.quiet, "no lines per epoch");
  add_threads(*command, flags->common.threads);
  add_json(*command, flags->json);
  command->callback([flags, &context] { sweep(*flags, context); });
}

}  // namespace flexor
