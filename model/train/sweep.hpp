// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "train/train.hpp"

namespace flexor {

/// One training of a sweep.
struct SweepRun {
  std::string label;     ///< of its variant
  TrainOptions options;  ///< options.out is a folder of its own
};

/// Many trainings from one file (docs/training.md, "Sweeps"): every variant at every rate with every seed.
struct Sweep {
  std::string name;
  std::vector<SweepRun> runs;
};

/// Reads a sweep file. `common`: place of the data, folder of the sweep (out), threads, device. Throws InputError with one sentence about
/// the file.
Sweep load_sweep(const std::filesystem::path& file, const TrainOptions& common);
Sweep parse_sweep(const std::string& json, const std::string& where, const TrainOptions& common);

/// What a finished run gave.
struct SweepResult {
  std::string label;
  double rate = 0;
  std::uint64_t seed = 0;
  int epochs = 0;
  std::int64_t stored_bits = 0;
  double accuracy = 0;  ///< golden integer model, percent
};

/// Results of the runs that are finished. Throws InputError when a run's folder holds the model of another run.
std::vector<SweepResult> sweep_results(const Sweep& sweep);

/// A run's folder while it is trained: one process at a time can hold it, and the system lets go of it when that one ends, however it ends.
class RunLock {
 public:
  /// Throws InputError when the folder cannot be written to.
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  /// False: another process holds it.
  [[nodiscard]] bool held() const { return held_; }

 private:
  int file_;
  bool held_ = false;
};

/// Trains, one after another, every run that is not finished and that no other process is at; a killed one goes on from its checkpoint.
/// `only`: the run of that number alone, from 0; below 0: all. Returns how many it trained.
int run_sweep(const Sweep& sweep, int only);

/// results.csv, results.svg (accuracy over rate, a point a run, a line a variant through the means).
std::string results_table(const std::vector<SweepResult>& results);
std::string results_plot(const std::vector<SweepResult>& results, const std::string& title);

/// The seeds of one variant at one rate beside those of the first variant.
struct SweepSummary {
  std::string label;
  double rate = 0;
  int seeds = 0;
  double mean = 0, lowest = 0, highest = 0;  ///< accuracy, percent
  double behind = 0;                         ///< mean of the first variant - mean
  double margin = 0;                         ///< lowest of the first variant - highest
};

/// Every variant and rate, in the order of the results.
std::vector<SweepSummary> sweep_summary(const std::vector<SweepResult>& results);

/// A batch script for Slurm: an array job with one task a run. `command`: the words of `flexor sweep` without --slurm.
std::string slurm_script(const Sweep& sweep, const std::string& command, int threads);

}  // namespace flexor
