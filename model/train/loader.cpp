// SPDX-License-Identifier: Apache-2.0
#include "train/loader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "data/image_folder.hpp"

namespace flexor {
namespace {

constexpr int kAhead = 4;
constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;  // odd: every place of an epoch has a seed of its own

}  // namespace

Loader::Loader(const Dataset& data, DataState& state, int batch, const std::optional<Augmentation>& changes, const LoaderShare& share)
    : data_(data), state_(state), batch_(batch), batches_(data.count / batch), changes_(changes), share_(share) {
  std::vector<int>& order = state.order;
  for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[state.random() % (i + 1)]);
  seed_ = state.random();
  for (int i = 0; i < share.workers; ++i) workers_.emplace_back([this] { work(); });
}

Loader::~Loader() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Loader::make_image(int at, std::mt19937_64& random, float* to) const {
  if (data_.files && changes_ && changes_->resized_crop > 0) {
    const std::vector<std::uint8_t> part = read_part(
        *data_.files, at, data_.shape, [&](int height, int width) { return random_part(height, width, changes_->resized_crop, random); });
    plain(part.data(), data_.shape, to);
    if (changes_->flip && (random() >> 63) != 0) mirror(data_.shape, to);
    return;
  }
  std::vector<std::uint8_t> decoded;
  if (data_.files) decoded = data_.read(at);
  const std::uint8_t* from = data_.files ? decoded.data() : data_.image(at);
  if (!changes_) {
    plain(from, data_.shape, to);
  } else if (changes_->crop > 0 || changes_->flip || changes_->window > 0) {
    crop_and_flip(from, data_.shape, *changes_, random, to);
  } else {
    augment(from, data_.shape, *changes_, random, to);
  }
}

Batch Loader::make(int index) const {
  const Shape shape = changes_ ? cut_shape(data_.shape, *changes_) : data_.shape;
  const int first = batch_ * share_.part / share_.parts, count = batch_ * (share_.part + 1) / share_.parts - first;
  Batch made{torch::empty({count, shape.channels, shape.height, shape.width}), torch::empty({count}, torch::kLong)};
  for (int i = 0; i < count; ++i) {
    const auto place = static_cast<std::size_t>(index) * static_cast<std::size_t>(batch_) + static_cast<std::size_t>(first + i);
    const int at = state_.order[place];
    std::mt19937_64 random(seed_ + place * kSpread);
    make_image(at, random, made.images.data_ptr<float>() + static_cast<std::ptrdiff_t>(i) * shape.size());
    made.labels.data_ptr<std::int64_t>()[i] = data_.labels[static_cast<std::size_t>(at)];
  }
  return made;
}

void Loader::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || started_ == batches_ || started_ < given_ + kAhead + share_.workers; });
    if (stop_ || error_ || started_ == batches_) return;
    const int index = started_++;
    lock.unlock();
    Batch made;
    std::exception_ptr error;
    try {
      made = make(index);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error) error_ = error;
    ready_.emplace(index, std::move(made));
    changed_.notify_all();
  }
}

Batch Loader::next() {
  const auto start = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return error_ || ready_.count(given_) > 0; });
  if (error_) std::rethrow_exception(error_);
  Batch batch = std::move(ready_.extract(given_++).mapped());
  changed_.notify_all();
  waited_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return batch;
}

}  // namespace flexor
