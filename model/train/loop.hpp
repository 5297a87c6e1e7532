// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>

#include "data/dataset.hpp"
#include "train/trainable.hpp"

namespace flexor {

inline constexpr double kNearestRate = 3e-2;  ///< peak learning rate of latent weights
inline constexpr double kEq6Rate = 1e-4;      ///< peak learning rate of stored values (the paper's)

/// How a run goes; the part of TrainOptions that the loop needs.
struct Schedule {
  int epochs = 20;
  int batch = 128;
  double latent_rate = 1e-3;  ///< peak learning rate of stored values (Adam)
  double other_rate = 1e-3;   ///< and of batch-norm gain and offset
  bool augment = true;
  bool bfloat16 = false;
  std::uint64_t seed = 1;
};

/// One line of the log.
struct EpochResult {
  int epoch = 0;
  double loss = 0;            ///< mean training loss
  double train_accuracy = 0;  ///< percent, of the augmented training images
  double test_accuracy = 0;   ///< percent, after recalibration
  double learning_rate = 0;
  double seconds = 0;  ///< of the training part
  double images_per_second = 0;
};

/// Trains for the whole schedule; calls `after` at the end of every epoch. Throws InputError when the loss is not a number.
void train_loop(Trainable& model, const Dataset& train, const Dataset& test, const Schedule& schedule,
                const std::function<void(const EpochResult&, const Adam&)>& after);

/// Gathers batch-norm statistics of the weights as they are now from `images` training images, in exact arithmetic.
void recalibrate(Trainable& model, const Dataset& data, int images);

/// Percent of images that the network in training classifies right (exact arithmetic, evaluation statistics).
double evaluate(Trainable& model, const Dataset& data);

}  // namespace flexor
