// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <optional>

#include "data/dataset.hpp"
#include "train/loader.hpp"
#include "train/trainable.hpp"

namespace flexor {

/// A trained network whose answers a run learns beside the labels (Hinton et al. 2015, arXiv 1503.02531):
/// loss = (1 - share) cross entropy + share T^2 KL(softmax(teacher / T) || softmax(logits / T)).
struct Teacher {
  Trainable network{nullptr};  ///< empty: labels only
  double share = 0;            ///< 0..1
  double temperature = 1;      ///< T > 0
};

/// Mean loss of a minibatch; `answers`: the teacher's logits, undefined without one.
torch::Tensor training_loss(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& answers, const Teacher& teacher);

/// How a run goes; the part of the recipe that the loop needs.
struct Schedule {
  int epochs = 20;
  int batch = 128;  ///< of all processes together
  double warm_up_steps = 200;
  std::optional<Augmentation> augmentation = std::nullopt;
  bool bfloat16 = false;
  std::uint64_t seed = 1;
  int quick_images = 2000;   ///< of a recalibration between epochs
  int final_images = 10000;  ///< of the last one, which the model file holds
  int test_images = 0;       ///< the first so many are evaluated between epochs; 0: all, as after the last one
  int workers = 1;           ///< threads that make minibatches
  Teacher teacher = {};
};

/// One line of the log.
struct EpochResult {
  int epoch = 0;
  double loss = 0;            ///< mean training loss
  double train_accuracy = 0;  ///< percent, of the augmented training images
  double test_accuracy = 0;   ///< percent, after recalibration
  double factor = 0;          ///< of the learning rates, in the last step
  double seconds = 0;         ///< of the training part
  double images_per_second = 0;
  double data_share = 0;  ///< share of `seconds` that went by in waiting for images
};

/// Where a run is, after whole epochs: with the model, all that a resumed run needs.
struct RunState {
  Optimiser optimiser;
  DataState data;
  int epoch = 0;  ///< finished epochs
};

/// Inside an epoch.
struct StepProgress {
  int epoch = 0, epochs = 0;
  int step = 0, steps = 0;  ///< of this epoch
  double loss = 0;          ///< of the step before
  double images_per_second = 0;
  double seconds_left = 0;  ///< of the whole run, at this speed
};

/// What the loop tells while it runs; both may be empty.
struct Listener {
  std::function<void(const EpochResult&, const RunState&)> epoch;
  std::function<void(const StepProgress&)> step;
};

/// The state of a run that has not begun. The model must be where it will be trained.
RunState begin_run(Trainable& model, const Dataset& train, const Schedule& schedule);

/// Trains from state.epoch to the end of the schedule; with a team, on this process's part of every minibatch. Throws InputError when a
/// loss is not a number, with epoch and step, or when another process is gone.
void train_loop(Trainable& model, const Dataset& train, const Dataset& test, const Schedule& schedule, RunState& state,
                const Listener& listener);

/// Images first..first+count-1 as they are, [count, C, H, W].
torch::Tensor image_batch(const Dataset& data, int first, int count);
/// Gathers batch-norm statistics of the weights as they are now from `images` training images, in exact arithmetic or in bfloat16.
void recalibrate(Trainable& model, const Dataset& data, int images, bool bfloat16 = false);

/// Percent of the first `images` (0: all) that the network in training classifies right (evaluation statistics); a team divides them.
double evaluate(Trainable& model, const Dataset& data, bool bfloat16 = false, int images = 0);

}  // namespace flexor
