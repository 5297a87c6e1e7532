// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "data/dataset.hpp"
#include "train/augment.hpp"
#include "train/tensor.hpp"

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

/// Who makes which part of every minibatch.
struct LoaderShare {
  int workers = 1;          ///< threads
  int part = 0, parts = 1;  ///< images part * batch / parts .. (part + 1) * batch / parts of every minibatch
};

/// Makes one epoch's minibatches in worker threads, a few ahead; always the same ones for the same state, whatever the share. A last batch
/// that is not full is left out.
class Loader {
 public:
  /// Shuffles state.order, after which `state` is at rest. `changes`: none takes the images as they are. `data` and `state` must outlive
  /// the loader.
  Loader(const Dataset& data, DataState& state, int batch, const std::optional<Augmentation>& changes, const LoaderShare& share = {});
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;
  /// The next minibatch; call at most batches() times. Throws InputError when a file is damaged.
  Batch next();
  [[nodiscard]] int batches() const { return batches_; }
  /// Seconds that next() has waited for the workers.
  [[nodiscard]] double waited() const { return waited_; }

 private:
  void work();
  [[nodiscard]] Batch make(int index) const;
  void make_image(int at, std::mt19937_64& random, float* to) const;

  const Dataset& data_;
  const DataState& state_;
  int batch_;
  int batches_;
  std::optional<Augmentation> changes_;
  LoaderShare share_;
  std::uint64_t seed_ = 0;  // of this epoch's changes
  double waited_ = 0;
  bool stop_ = false;
  int started_ = 0, given_ = 0;  // minibatches
  std::exception_ptr error_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<int, Batch> ready_;
  std::vector<std::thread> workers_;
};

}  // namespace flexor
