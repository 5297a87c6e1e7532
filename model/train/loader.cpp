// SPDX-License-Identifier: Apache-2.0
#include "train/loader.hpp"

#include <chrono>
#include <utility>

namespace flexor {
namespace {

constexpr std::size_t kAhead = 4;

}  // namespace

Loader::Loader(const Dataset& data, DataState& state, int batch, const std::optional<Augmentation>& changes)
    : data_(data), state_(state), batch_(batch), batches_(data.count / batch), changes_(changes) {
  std::vector<int>& order = state_.order;
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[state_.random() % (i + 1)]);
  worker_ = std::thread([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

Batch Loader::make(int index) {
  const Shape shape = changes_ ? cut_shape(data_.shape, *changes_) : data_.shape;
  Batch made{torch::empty({batch_, shape.channels, shape.height, shape.width}), torch::empty({batch_}, torch::kLong)};
  for (int i = 0; i < batch_; ++i) {
    const int at = state_.order[static_cast<std::size_t>(index) * static_cast<std::size_t>(batch_) + static_cast<std::size_t>(i)];
    float* to = made.images.data_ptr<float>() + static_cast<std::ptrdiff_t>(i) * shape.size();
    if (!changes_) {
      plain(data_.image(at), data_.shape, to);
    } else if (changes_->crop > 0 || changes_->flip || changes_->window > 0) {
      crop_and_flip(data_.image(at), data_.shape, *changes_, state_.random, to);
    } else {
      augment(data_.image(at), data_.shape, *changes_, state_.random, to);
    }
    made.labels.data_ptr<std::int64_t>()[i] = data_.labels[static_cast<std::size_t>(at)];
  }
  return made;
}

void Loader::work() {
  for (int b = 0; b < batches_; ++b) {
    Batch made = make(b);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return stop_ || ready_.size() < kAhead; });
    if (stop_) return;
    ready_.push_back(std::move(made));
    changed_.notify_all();
  }
}

Batch Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !ready_.empty(); });
  Batch batch = std::move(ready_.front());
  ready_.pop_front();
  changed_.notify_all();
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch;
}

}  // namespace flexor
