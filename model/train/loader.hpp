// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/torch.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "data/dataset.hpp"
#include "train/augment.hpp"

namespace flexor {

/// One minibatch.
struct Batch {
  torch::Tensor images;  ///< [N, C, H, W], integers 0..255 as floats
  torch::Tensor labels;  ///< [N] int64
};

/// What an epoch draws from: where it stands after whole epochs is all that a resumed run needs.
struct DataState {
  std::mt19937_64 random;
  std::vector<int> order;  ///< of the images, shuffled again in every epoch
};

/// Makes one epoch's minibatches in a worker thread, a few ahead; always the same ones for the same state. A last batch that is not full is
/// left out.
class Loader {
 public:
  /// Shuffles state.order. `changes`: none takes the images as they are. `data` and `state` must outlive the loader.
  Loader(const Dataset& data, DataState& state, int batch, const std::optional<Augmentation>& changes);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// The next minibatch; call at most batches() times. After the last one `state` is at rest.
  Batch next();
  [[nodiscard]] int batches() const { return batches_; }
  /// Seconds that next() has waited for the worker.
  [[nodiscard]] double waited() const { return waited_; }

 private:
  void work();
  Batch make(int index);

  const Dataset& data_;
  DataState& state_;
  int batch_;
  int batches_;
  std::optional<Augmentation> changes_;
  double waited_ = 0;
  bool stop_ = false;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::thread worker_;
};

}  // namespace flexor
