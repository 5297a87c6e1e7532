// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace flexor {

/// What `flexor train` was asked to do. Defaults are the recipe that trained model/zoo.
struct TrainOptions {
  std::string network = "lenet5-small";  ///< a name that network_spec() knows
  double rate = 0.4;                     ///< stored bits per weight, a multiple of 1/20 in 0.05..1.0
  std::string method = "nearest";        ///< "nearest" (nearest codeword) or "eq6" (the paper's gradient)
  std::string code = "nested";           ///< "nested" (shipped code) or "tap2" (the paper's two random taps)
  std::uint64_t code_seed = 1;           ///< draw of a random code
  int epochs = 20;
  int batch = 128;
  std::uint64_t seed = 1;
  double learning_rate = 0;            ///< peak of the cosine schedule; 0: the method's own (docs/training.md)
  bool augment = true;                 ///< random shift, rotation, scale and shear of training images
  bool bfloat16 = false;               ///< convolutions of the training step in bfloat16 (evaluation stays exact)
  int threads = 2;                     ///< OpenMP threads
  int train_images = 0;                ///< use only the first images of the training set; 0: all
  std::filesystem::path data;          ///< folder with the data set
  std::filesystem::path out;           ///< model file to write
  std::filesystem::path log;           ///< one line per epoch; empty: beside `out`, named log.csv
  std::filesystem::path checkpoint;    ///< written every epoch; empty: none
  bool quiet = false;                  ///< no lines per epoch on standard output
  std::string tool_version = "0.1.0";  ///< goes into the model's provenance
};

/// The options as a user would type them: `flexor train --network ... --out FILE`. Goes into the model's provenance.
std::string train_command(const TrainOptions& options);

/// Trains, writes log and model file, prints a summary; returns 0. Throws InputError with one sentence on bad input
/// (unknown network, impossible rate, data missing, diverged loss).
int train_main(const TrainOptions& options);

}  // namespace flexor
