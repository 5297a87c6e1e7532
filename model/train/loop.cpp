// SPDX-License-Identifier: Apache-2.0
#include "train/loop.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>

#include "code/error.hpp"
#include "train/augment.hpp"
#include "train/team.hpp"

namespace flexor {
namespace {

constexpr int kEvaluationBatch = 256;

/// Half a cosine from the peak to zero after a short linear warm-up.
double schedule_factor(double step, double steps, double warm_up) {
  const double warm = std::min(1.0, (step + 1) / std::min(warm_up, steps));
  return warm * 0.5 * (1 + std::cos(std::numbers::pi * step / steps));
}

/// Share of the codewords in the weights, after a share of the run.
double hardness(const Hyper& hyper, double share) { return share < hyper.hardening ? share / hyper.hardening : 1.0; }

// Mean loss and hits of an epoch. Reads a step's loss when the next one is under way, so that a device need not stop for it.
class Tally {
 public:
  Tally(int epoch, int steps) : epoch_(epoch), steps_(steps) {}

  void add(const torch::Tensor& loss, const torch::Tensor& hits) {
    read();
    pending_ = loss.detach();
    hits_ = hits_.defined() ? hits_ + hits : hits;
    ++step_;
  }
  // Throws InputError when the loss of the last added step is not a number.
  void read() {
    if (!pending_.defined()) return;
    last_ = pending_.item<double>();
    pending_.reset();
    if (!std::isfinite(last_)) {
      throw InputError(
          fmt::format("training diverged: the loss is not a number in epoch {}, step {}; use a smaller --learning-rate", epoch_, step_));
    }
    mean_ += last_ / steps_;
  }
  // Mean loss and hits of all processes.
  void join(Team* team) {
    if (team == nullptr) return;
    torch::Tensor sums = torch::tensor({mean_ / team->size(), hits()}, torch::kDouble);
    team->sum(sums);
    mean_ = sums[0].item<double>();
    hits_ = sums[1].to(torch::kLong);
  }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double last() const { return last_; }
  [[nodiscard]] double hits() const { return static_cast<double>(hits_.item<std::int64_t>()); }

 private:
  int epoch_, steps_;
  int step_ = 0;
  double mean_ = 0, last_ = 0;
  torch::Tensor pending_, hits_;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Of the epoch after `done` finished ones.
std::optional<Augmentation> augmentation_of(const Schedule& schedule, int done) {
  std::optional<Augmentation> changes = schedule.augmentation;
  if (changes && done >= changes->window_share * schedule.epochs) changes->window = 0;
  return changes;
}

LoaderShare share_of(const Schedule& schedule, const Team* team) {
  if (team == nullptr) return {.workers = schedule.workers};
  return {.workers = schedule.workers, .part = team->rank(), .parts = team->size()};
}

// A process's loss is the mean over its part, so the whole one's gradients are the means of all parts'.
void average_gradients(const Optimiser& optimiser, Team& team) {
  std::vector<torch::Tensor> gradients;
  for (const Optimiser::Parameter& p : optimiser.parameters()) {
    if (p.value.grad().defined()) gradients.push_back(p.value.grad());
  }
  std::vector<torch::Tensor> flat;
  flat.reserve(gradients.size());
  for (const torch::Tensor& gradient : gradients) flat.push_back(gradient.reshape({-1}));
  torch::Tensor all = torch::cat(flat);
  team.sum(all);
  all /= team.size();
  std::int64_t first = 0;
  for (torch::Tensor& gradient : gradients) {
    gradient.copy_(all.narrow(0, first, gradient.numel()).view(gradient.sizes()));
    first += gradient.numel();
  }
}

// The teacher's logits of a minibatch.
torch::Tensor answers_of(const Schedule& schedule, const torch::Tensor& images) {
  if (schedule.teacher.network.is_empty()) return {};
  const torch::NoGradGuard guard;
  Trainable network = schedule.teacher.network;
  return network->forward(images, schedule.bfloat16);
}

EpochResult train_epoch(Trainable& model, const Dataset& train, const Schedule& schedule, RunState& state, const Listener& listener) {
  const auto start = std::chrono::steady_clock::now();
  EpochResult result{.epoch = state.epoch + 1};
  Loader loader(train, state.data, schedule.batch, augmentation_of(schedule, state.epoch), share_of(schedule, model->team()));
  const int batches = loader.batches();
  const double steps = static_cast<double>(schedule.epochs) * batches;
  const torch::Device device = model->device();
  Tally tally(result.epoch, batches);
  model->train();
  for (int b = 0; b < batches; ++b) {
    const Batch batch = loader.next();
    const torch::Tensor labels = batch.labels.to(device);
    const double done = static_cast<double>(state.epoch) * batches + b;
    result.factor = schedule_factor(done, steps, schedule.warm_up_steps);
    model->set_hardness(hardness(model->hyper(), done / steps));
    const torch::Tensor images = batch.images.to(device);
    const torch::Tensor logits = model->forward(images, schedule.bfloat16);
    const torch::Tensor loss = training_loss(logits, labels, answers_of(schedule, images), schedule.teacher);
    loss.backward();
    if (Team* team = model->team()) average_gradients(state.optimiser, *team);
    state.optimiser.step(result.factor);
    tally.add(loss, logits.detach().argmax(1).eq(labels).sum());
    if (!listener.step) continue;
    const double speed = (b + 1) / seconds_since(start);
    listener.step({result.epoch, schedule.epochs, b + 1, batches, tally.last(), speed * schedule.batch, (steps - done - 1) / speed});
  }
  tally.read();
  tally.join(model->team());
  const double images = static_cast<double>(batches) * schedule.batch;
  result.loss = tally.mean();
  result.train_accuracy = 100.0 * tally.hits() / images;
  result.seconds = seconds_since(start);
  result.images_per_second = images / result.seconds;
  result.data_share = loader.waited() / result.seconds;
  return result;
}

}  // namespace

torch::Tensor image_batch(const Dataset& data, int first, int count) {
  torch::Tensor images = torch::empty({count, data.shape.channels, data.shape.height, data.shape.width});
  auto* to = images.data_ptr<float>();
  at::parallel_for(0, count, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const std::vector<std::uint8_t> image = data.read(first + static_cast<int>(i));
      plain(image.data(), data.shape, to + i * data.shape.size());
    }
  });
  return images;
}

torch::Tensor training_loss(const torch::Tensor& logits, const torch::Tensor& labels, const torch::Tensor& answers,
                            const Teacher& teacher) {
  const torch::Tensor loss = torch::nn::functional::cross_entropy(logits, labels);
  if (!answers.defined()) return loss;
  const double t = teacher.temperature;
  const torch::Tensor distance =
      torch::nn::functional::kl_div(torch::log_softmax(logits / t, 1), torch::log_softmax(answers / t, 1),
                                    torch::nn::functional::KLDivFuncOptions().reduction(torch::kBatchMean).log_target(true));
  return loss * (1 - teacher.share) + distance * (teacher.share * t * t);
}

void recalibrate(Trainable& model, const Dataset& data, int images, bool bfloat16) {
  const torch::NoGradGuard guard;
  model->train();
  model->reset_statistics();
  const int last = std::min(images, data.count);
  for (int first = 0; first < last; first += kEvaluationBatch) {
    model->forward(image_batch(data, first, std::min(kEvaluationBatch, last - first)).to(model->device()), bfloat16);
  }
  model->eval();
}

double evaluate(Trainable& model, const Dataset& data, bool bfloat16, int images) {
  const torch::NoGradGuard guard;
  model->eval();
  std::int64_t right = 0;
  Team* team = model->team();
  const int count = images > 0 ? std::min(images, data.count) : data.count;
  const auto part = [&](int rank) { return static_cast<int>(std::int64_t{count} * rank / team->size()); };
  const int begin = team == nullptr ? 0 : part(team->rank());
  const int end = team == nullptr ? count : part(team->rank() + 1);
  for (int first = begin; first < end; first += kEvaluationBatch) {
    const int batch = std::min(kEvaluationBatch, end - first);
    const torch::Tensor logits = model->forward(image_batch(data, first, batch).to(model->device()), bfloat16);
    const torch::Tensor classes = logits.argmax(1).to(torch::kCPU);
    const auto* found = classes.data_ptr<std::int64_t>();
    const auto labels = data.labels.begin() + first;
    for (int i = 0; i < batch; ++i) right += found[i] == labels[i] ? 1 : 0;
  }
  if (team != nullptr) {
    torch::Tensor sum = torch::tensor({right}, torch::kLong);
    team->sum(sum);
    right = sum.item<std::int64_t>();
  }
  return 100.0 * static_cast<double>(right) / count;
}

RunState begin_run(Trainable& model, const Dataset& train, const Schedule& schedule) {
  RunState state;
  model->enrol(state.optimiser);
  state.data.random.seed(schedule.seed);
  state.data.order.resize(static_cast<std::size_t>(train.count));
  std::iota(state.data.order.begin(), state.data.order.end(), 0);
  return state;
}

void train_loop(Trainable& model, const Dataset& train, const Dataset& test, const Schedule& schedule, RunState& state,
                const Listener& listener) {
  while (state.epoch < schedule.epochs) {
    EpochResult result = train_epoch(model, train, schedule, state, listener);
    state.epoch = result.epoch;
    const bool last = result.epoch == schedule.epochs;  // what the model file holds is gathered in exact arithmetic
    recalibrate(model, train, last ? schedule.final_images : schedule.quick_images, schedule.bfloat16 && !last);
    result.test_accuracy = evaluate(model, test, schedule.bfloat16 && !last, last ? 0 : schedule.test_images);
    if (listener.epoch) listener.epoch(result, state);
  }
}

}  // namespace flexor
