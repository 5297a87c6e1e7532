// SPDX-License-Identifier: Apache-2.0
#include "train/sweep.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <regex>
#include <system_error>

#include "code/error.hpp"
#include "network/network.hpp"
#include "network/slice_layout.hpp"
#include "train/recipe.hpp"

namespace flexor {
namespace {

bool is_finished(const SweepRun& run) {
  std::error_code ignored;
  return std::filesystem::exists(model_file(run.options), ignored);
}

// What a run is, on however many threads.
std::string without_threads(const std::string& command) {
  static const std::regex kThreads(" --threads [0-9]+");
  return std::regex_replace(command, kThreads, "");
}

SweepResult result_of(const SweepRun& run) {
  const Network network = load_network(model_file(run.options));
  if (without_threads(network.provenance.command) != without_threads(train_command(run.options))) {
    throw InputError(fmt::format("'{}' holds the model of another run ({}); choose another --out or remove it", run.options.out.string(),
                                 network.provenance.command));
  }
  SweepResult result{run.label, run.options.rate, run.options.seed, network.provenance.epochs, 0, network.provenance.accuracy};
  for (const Layer& layer : network.layers) {
    const std::int64_t slices = slice_layout(network, layer).slices();
    for (const Plane& plane : layer.planes) {
      result.stored_bits += slices * network.codes[static_cast<std::size_t>(plane.code)].n_in;
    }
  }
  return result;
}

// A sweep's results are those of model files.
void check_method(const SweepRun& run) {
  const Method method = run.options.method.empty() ? load_recipe(run.options.recipe).hyper.method : parse_method(run.options.method);
  if (method != Method::Real) return;
  throw InputError(fmt::format("\"{}\" has real weights, of which no model file comes; train it by itself with flexor train", run.label));
}

// False: another process is at it.
bool train_run(const SweepRun& run) {
  std::error_code error;
  std::filesystem::create_directories(run.options.out, error);
  if (error)
    throw InputError(fmt::format("cannot make the folder '{}': {}; choose another --out", run.options.out.string(), error.message()));
  const RunLock lock(run.options.out);
  if (!lock.held() || is_finished(run)) return false;
  train_main(run.options);
  return true;
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder) : file_(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_ < 0) {
    throw InputError(
        fmt::format("cannot write in '{}': {}; choose another --out", folder.string(), std::generic_category().message(errno)));
  }
  held_ = ::flock(file_, LOCK_EX | LOCK_NB) == 0;
}

RunLock::~RunLock() { ::close(file_); }

std::vector<SweepResult> sweep_results(const Sweep& sweep) {
  std::vector<SweepResult> results;
  for (const SweepRun& run : sweep.runs) {
    if (is_finished(run)) results.push_back(result_of(run));
  }
  return results;
}

int run_sweep(const Sweep& sweep, int only) {
  const auto count = static_cast<int>(sweep.runs.size());
  if (only >= count) throw InputError(fmt::format("there is no run {} in sweep {}: it has runs 0 to {}", only, sweep.name, count - 1));
  for (const SweepRun& run : sweep.runs) check_method(run);
  sweep_results(sweep);  // refuses folders of other runs before anything is trained
  int trained = 0;
  for (int i = 0; i < count; ++i) {
    const SweepRun& run = sweep.runs[static_cast<std::size_t>(i)];
    if ((only >= 0 && i != only) || is_finished(run)) continue;
    if (!run.options.quiet) fmt::print("run {} of {}: {}\n", i, count, train_command(run.options));
    trained += train_run(run) ? 1 : 0;
  }
  return trained;
}

std::vector<SweepSummary> sweep_summary(const std::vector<SweepResult>& results) {
  std::vector<SweepSummary> all;
  for (const SweepResult& r : results) {
    auto same = std::find_if(all.begin(), all.end(), [&r](const SweepSummary& s) { return s.label == r.label && s.rate == r.rate; });
    if (same == all.end()) same = all.insert(all.end(), {r.label, r.rate, 0, 0, r.accuracy, r.accuracy, 0, 0});
    same->mean = (same->mean * same->seeds + r.accuracy) / (same->seeds + 1);
    ++same->seeds;
    same->lowest = std::min(same->lowest, r.accuracy);
    same->highest = std::max(same->highest, r.accuracy);
  }
  for (SweepSummary& s : all) {
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const SweepSummary& f) { return f.label == all.front().label && f.rate == s.rate; });
    if (first == all.end()) continue;
    s.behind = first->mean - s.mean;
    s.margin = first->lowest - s.highest;
  }
  return all;
}

std::string slurm_script(const Sweep& sweep, const std::string& command, int threads) {
  return fmt::format(
      "#!/bin/sh\n"
      "#SBATCH --job-name={0}\n"
      "#SBATCH --array=0-{1}\n"
      "#SBATCH --ntasks=1\n"
      "#SBATCH --cpus-per-task={2}\n"
      "#SBATCH --output={0}-%a.log\n"
      "#SBATCH --requeue\n"
      "# A task is one run; a task that is started again goes on from its checkpoint.\n"
      "exec {3} --only \"$SLURM_ARRAY_TASK_ID\"\n",
      sweep.name, sweep.runs.size() - 1, threads, command);
}

}  // namespace flexor
