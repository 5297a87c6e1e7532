// SPDX-License-Identifier: Apache-2.0
#include "train/train.hpp"

#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "code/error.hpp"
#include "network/atomic_file.hpp"
#include "train/checkpoint.hpp"
#include "train/export.hpp"
#include "train/loop.hpp"

namespace flexor {
namespace {

constexpr int kNOut = 20;
constexpr double kOtherRate = 1e-3;

/// Stored bits per slice.
int stored_bits(double rate) {
  const double bits = rate * kNOut;
  if (!(bits >= 1 - 1e-9 && bits <= kNOut + 1e-9) || std::abs(bits - std::round(bits)) > 1e-6) {
    throw InputError(fmt::format("rate {:g} is not possible; give a multiple of 1/20 from 0.05 to 1.0", rate));
  }
  return static_cast<int>(std::lround(bits));
}

Method method(const TrainOptions& options) {
  if (options.method == "nearest") return Method::Nearest;
  if (options.method == "eq6") return Method::Eq6;
  throw InputError(fmt::format("there is no training method \"{}\"; choose nearest or eq6", options.method));
}

Code code(const TrainOptions& options) {
  const int n_in = stored_bits(options.rate);
  if (options.code == "nested") return nested_code(n_in);
  if (options.code == "tap2") {
    if (n_in < 2) throw InputError("code tap2 needs at least two stored bits; give a rate of 0.1 or more");
    return random_tap_code(kNOut, n_in, 2, options.code_seed);
  }
  throw InputError(fmt::format("there is no code \"{}\"; choose nested or tap2", options.code));
}

Schedule schedule(const TrainOptions& options) {
  if (options.epochs < 1) throw InputError(fmt::format("{} epochs are too few; give at least 1", options.epochs));
  if (options.threads < 1) throw InputError(fmt::format("{} threads are too few; give at least 1", options.threads));
  if (options.batch < 2) throw InputError(fmt::format("a minibatch of {} is too small for batch norm; give at least 2", options.batch));
  if (options.learning_rate < 0)
    throw InputError(fmt::format("learning rate {:g} is negative; give a positive one", options.learning_rate));
  const double own = method(options) == Method::Nearest ? kNearestRate : kEq6Rate;
  return {.epochs = options.epochs,
          .batch = options.batch,
          .latent_rate = options.learning_rate > 0 ? options.learning_rate : own,
          .other_rate = kOtherRate,
          .augment = options.augment,
          .bfloat16 = options.bfloat16,
          .seed = options.seed};
}

Dataset training_images(const TrainOptions& options) {
  Dataset data = load_mnist(options.data, true);
  if (options.train_images < 0)
    throw InputError(fmt::format("{} training images are too few; give at least one minibatch", options.train_images));
  if (options.train_images > 0) data.count = std::min(data.count, options.train_images);
  if (data.count < options.batch)
    throw InputError(fmt::format("{} training images do not fill a minibatch of {}; use more", data.count, options.batch));
  return data;
}

}  // namespace

std::string train_command(const TrainOptions& options) {
  const TrainOptions usual;
  std::string text = fmt::format("flexor train --network {} --rate {:g} --method {} --epochs {} --seed {}", options.network, options.rate,
                                 options.method, options.epochs, options.seed);
  if (options.code != usual.code) text += fmt::format(" --code {} --code-seed {}", options.code, options.code_seed);
  if (options.batch != usual.batch) text += fmt::format(" --minibatch {}", options.batch);
  if (options.learning_rate > 0) text += fmt::format(" --learning-rate {:g}", options.learning_rate);
  if (!options.augment) text += " --no-augment";
  if (options.bfloat16) text += " --bfloat16";
  if (options.train_images > 0) text += fmt::format(" --train-images {}", options.train_images);
  if (options.threads != usual.threads) text += fmt::format(" --threads {}", options.threads);
  return text + fmt::format(" --data DIR --out {}", options.out.filename().string());
}

int train_main(const TrainOptions& options) {
  const NetworkSpec spec = network_spec(options.network);
  const Schedule plan = schedule(options);
  if (options.out.empty()) throw InputError("no model file to write; give --out FILE");
  torch::set_num_threads(options.threads);
  Trainable model(spec, code(options), method(options), options.seed);
  const Dataset train = training_images(options);
  const Dataset test = load_mnist(options.data, false);
  const std::filesystem::path log_file = options.log.empty() ? options.out.parent_path() / "log.csv" : options.log;

  std::string log = "epoch,loss,train_accuracy,test_accuracy,learning_rate,seconds,images_per_second\n";
  const auto start = std::chrono::steady_clock::now();
  double float_accuracy = 0;
  train_loop(model, train, test, plan, [&](const EpochResult& r, const Adam& optimiser) {
    log += fmt::format("{},{:.5f},{:.3f},{:.2f},{:.3e},{:.1f},{:.0f}\n", r.epoch, r.loss, r.train_accuracy, r.test_accuracy,
                       r.learning_rate, r.seconds, r.images_per_second);
    write_file(log_file, log);
    if (!options.checkpoint.empty()) save_checkpoint(model, optimiser, r.epoch, options.checkpoint);
    float_accuracy = r.test_accuracy;
    if (!options.quiet) {
      fmt::print("epoch {:3}/{}  loss {:.4f}  train {:6.2f} %  test {:6.2f} %  {:6.0f} images/s\n", r.epoch, plan.epochs, r.loss,
                 r.train_accuracy, r.test_accuracy, r.images_per_second);
      std::fflush(stdout);
    }
  });

  Network network = to_network(model, fmt::format("{}-{:.1f}", options.network, options.rate));
  network.provenance = {.command = train_command(options),
                        .tool_version = options.tool_version,
                        .seed = options.seed,
                        .data_name = train.name,
                        .data_checksum = train.checksum,
                        .epochs = options.epochs,
                        .accuracy = golden_accuracy(network, test),
                        .float_accuracy = float_accuracy};
  save_network(network, options.out);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("{}: integer model {:.2f} %, trainer {:.2f} % of {} test images, {:.0f} s\n", options.out.string(),
             network.provenance.accuracy, float_accuracy, test.count, seconds);
  return 0;
}

}  // namespace flexor
