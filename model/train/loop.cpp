// SPDX-License-Identifier: Apache-2.0
#include "train/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

#include "code/error.hpp"
#include "train/augment.hpp"

namespace flexor {
namespace {

constexpr int kEvaluationBatch = 500;
constexpr int kQuickImages = 2000;   // of a recalibration between epochs
constexpr int kFinalImages = 10000;  // of the last one, which the model file holds
constexpr double kWarmUpSteps = 200;

torch::Tensor image_batch(const Dataset& data, int first, int count) {
  torch::Tensor images = torch::empty({count, data.shape.channels, data.shape.height, data.shape.width});
  for (int i = 0; i < count; ++i)
    plain(data.image(first + i), data.shape, images.data_ptr<float>() + static_cast<std::ptrdiff_t>(i) * data.shape.size());
  return images;
}

/// Half a cosine from the peak to zero after a short linear warm-up.
double schedule_factor(double step, double steps) {
  const double warm = std::min(1.0, (step + 1) / std::min(kWarmUpSteps, steps));
  return warm * 0.5 * (1 + std::cos(std::numbers::pi * step / steps));
}

}  // namespace

void recalibrate(Trainable& model, const Dataset& data, int images) {
  const torch::NoGradGuard guard;
  model->train();
  model->reset_statistics();
  const int last = std::min(images, data.count);
  for (int first = 0; first < last; first += kEvaluationBatch) {
    model->forward(image_batch(data, first, std::min(kEvaluationBatch, last - first)));
  }
  model->eval();
}

double evaluate(Trainable& model, const Dataset& data) {
  const torch::NoGradGuard guard;
  model->eval();
  int right = 0;
  for (int first = 0; first < data.count; first += kEvaluationBatch) {
    const int count = std::min(kEvaluationBatch, data.count - first);
    const torch::Tensor classes = model->forward(image_batch(data, first, count)).argmax(1);
    const auto* found = classes.data_ptr<std::int64_t>();
    for (int i = 0; i < count; ++i) right += found[i] == data.labels[static_cast<std::size_t>(first + i)] ? 1 : 0;
  }
  return 100.0 * right / data.count;
}

void train_loop(Trainable& model, const Dataset& train, const Dataset& test, const Schedule& schedule,
                const std::function<void(const EpochResult&, const Adam&)>& after) {
  Adam optimiser;
  model->enrol(optimiser, schedule.latent_rate, schedule.other_rate);
  std::mt19937_64 random(schedule.seed);
  std::vector<int> order(static_cast<std::size_t>(train.count));
  std::iota(order.begin(), order.end(), 0);
  const int batches = train.count / schedule.batch;
  torch::Tensor images = torch::empty({schedule.batch, train.shape.channels, train.shape.height, train.shape.width});
  torch::Tensor labels = torch::empty({schedule.batch}, torch::kLong);
  for (int epoch = 1; epoch <= schedule.epochs; ++epoch) {
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
    EpochResult result{.epoch = epoch};
    std::int64_t right = 0;
    model->train();
    for (int b = 0; b < batches; ++b) {
      for (int i = 0; i < schedule.batch; ++i) {
        const int at = order[static_cast<std::size_t>(b * schedule.batch + i)];
        float* to = images.data_ptr<float>() + static_cast<std::ptrdiff_t>(i) * train.shape.size();
        if (schedule.augment) {
          augment(train.image(at), train.shape, {}, random, to);
        } else {
          plain(train.image(at), train.shape, to);
        }
        labels.data_ptr<std::int64_t>()[i] = train.labels[static_cast<std::size_t>(at)];
      }
      const double factor = schedule_factor((epoch - 1.0) * batches + b, static_cast<double>(schedule.epochs) * batches);
      result.learning_rate = schedule.latent_rate * factor;
      const torch::Tensor logits = model->forward(images, schedule.bfloat16);
      const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, labels);
      loss.backward();
      optimiser.step(factor);
      const double value = loss.item<double>();
      if (!std::isfinite(value)) {
        throw InputError(
            fmt::format("training diverged: the loss is not a number in epoch {}, step {}; use a smaller --learning-rate", epoch, b + 1));
      }
      result.loss += value / batches;
      right += logits.argmax(1).eq(labels).sum().item<std::int64_t>();
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.images_per_second = static_cast<double>(batches) * schedule.batch / result.seconds;
    result.train_accuracy = 100.0 * static_cast<double>(right) / (static_cast<double>(batches) * schedule.batch);
    recalibrate(model, train, epoch == schedule.epochs ? kFinalImages : kQuickImages);
    result.test_accuracy = evaluate(model, test);
    after(result, optimiser);
  }
}

}  // namespace flexor
