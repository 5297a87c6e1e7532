// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "data/dataset.hpp"
#include "network/network.hpp"

namespace flexor {

/// What `flexor train` was asked to do. What is left empty is the recipe's.
struct TrainOptions {
  std::string recipe = "lenet5-mnist";        ///< a name or file that load_recipe() takes
  std::string network;                        ///< a name or file that network_spec() takes
  std::string slice;                          ///< "10x2" or "16x2": inputs x channels of a slice; empty: the network's
  double rate = 0.4;                          ///< stored bits per weight, a multiple of 1/20 in 0.05..1.0 (16x2: the nearest n/32)
  std::map<std::string, double> layer_rates;  ///< of layers whose name begins so
  std::string method;                      ///< "nearest" (nearest codeword), "eq6" (the paper's gradient), "straight", "analog" or "real"
  std::string code;                        ///< "nested" (shipped code), "tap2" (the paper's two random taps), ...
  std::optional<std::uint64_t> code_seed;  ///< draw of a random code
  std::filesystem::path start;  ///< checkpoint of a run of the same layers, or model file, whose weights this one begins with; empty: none
  std::filesystem::path teacher;  ///< checkpoint of a run of the same network with method "real"; empty: none
  std::optional<int> epochs;
  std::optional<int> batch;
  std::uint64_t seed = 1;
  std::optional<double> learning_rate;  ///< peak of the latents' schedule
  std::optional<double> s_tanh;         ///< S_tanh of equation 6
  bool augment = true;                  ///< change training images as the recipe says
  bool bfloat16 = false;                ///< convolutions of the training step in bfloat16 (evaluation stays exact)
  bool integer_gradients = false;       ///< gradients of 3x3 convolutions in integers of 16 bits (decision 0510)
  int threads = 2;                      ///< OpenMP threads
  int workers = 1;                      ///< threads that decode and change training images; results do not depend on them
  int peer_patience = 300;              ///< seconds that the other processes of a data-parallel run have to come
  std::string device = "cpu";           ///< "cpu" or "cuda"
  int train_images = 0;                 ///< use only the first images of the training set; 0: all
  std::filesystem::path data;           ///< folder with the data set
  std::filesystem::path out;            ///< folder of the run (model.flexor, metrics.csv, checkpoint.pt), or a model file *.flexor
  std::filesystem::path log;            ///< one line per epoch; empty: metrics.csv in the folder, log.csv beside the model file
  std::filesystem::path checkpoint;     ///< written every epoch; empty: checkpoint.pt in the folder, none beside a model file
  bool resume = false;                  ///< refuse to begin anew: there must be a checkpoint
  bool quiet = false;                   ///< no lines per epoch on standard output, no progress
  std::string tool_version = "0.1.0";   ///< goes into the model's provenance
};

/// The options as a user would type them: `flexor train --recipe ... --out NAME`. Goes into the model's provenance.
std::string train_command(const TrainOptions& options);
/// The model file that train_main() writes.
std::filesystem::path model_file(const TrainOptions& options);

/// Whether this process writes the results: process 0 of a data-parallel run does. Throws InputError when the environment is wrong.
bool writes_results();

/// What a run ended with.
struct TrainResult {
  std::string network;    ///< name of the trained network
  Provenance provenance;  ///< as the model file has it; of real weights, for which there is no file, both accuracies are the trainer's
};

/// Trains, writes log, checkpoints and, but for real weights, the model file, prints a summary. A checkpoint that is there is continued.
/// Processes that write nothing return an empty result. Throws InputError with one sentence on bad input (unknown recipe, impossible rate,
/// data missing, foreign checkpoint, diverged loss, lost process).
TrainResult train_main(const TrainOptions& options);
/// The same on images that the caller has.
TrainResult train_on(const TrainOptions& options, const Dataset& train, const Dataset& test);

}  // namespace flexor
