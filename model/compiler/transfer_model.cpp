// SPDX-License-Identifier: Apache-2.0
#include "compiler/transfer_model.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "code/integer.hpp"
#include "compiler/cycle_model.hpp"

namespace flexor {
namespace {

constexpr std::size_t kProgressWord = descriptor::progress.word;
// docs/blocks/dma_engine.md, "Timing": cycles beside the latency and the words or beats.
constexpr std::int64_t kEntry = 9;  // from asking for an entry to its command
constexpr std::int64_t kLoad = 8;   // from a command to the end of its load
constexpr std::int64_t kStore = 7;  // from a command to the end of its store
constexpr std::int64_t kNext = 1;   // from an end to what it sets off: the next entry, the layers, the progress
constexpr std::int64_t kDescriptor =
    1;                               // from a layer's start to the cycle in which it looks at the progress, beside the descriptor's words
constexpr std::int64_t kJobEnd = 3;  // from the end of the last transfer to the end of the job
constexpr std::int64_t kKnown = 2;   // from knowing that an entry is legal to its command, at the earliest
constexpr int kLargestLatency = 100;

class Job {
 public:
  Job(const MemoryImage& image, const EngineParameters& engine, int latency) : image_(image), engine_(engine), latency_(latency) {
    result_.stall.assign(image.layers.size(), 0);
  }

  TransferPrediction run(const std::vector<Transfer>& list) {
    std::int64_t ask = 1;  // the job starts in cycle 0
    for (const Transfer& transfer : list) {
      const std::int64_t entry_beats = static_cast<int>(kEntryBytes) / engine_.AxiBytes;
      std::int64_t command = ask + latency_ + entry_beats + kEntry;
      const std::int64_t known = command - kKnown;
      if (transfer.at_once) set_off(transfer, known + kNext);
      if (transfer.kind == TransferKind::Store && held_up_ > 0) {
        result_.spare = start_of(static_cast<std::size_t>(transfer.after)) + 1 - command - held_up_;
      }
      if (transfer.after != 0) command = std::max(command, start_of(static_cast<std::size_t>(transfer.after)) + 1);
      const std::int64_t end = command + latency_ + length(transfer);
      if (!transfer.at_once) set_off(transfer, end + kNext);
      held_up_ =
          transfer.kind == TransferKind::Activation && transfer.after != 0 ? writes_from(static_cast<std::size_t>(transfer.after)) : 0;
      ask = end + kNext;
      result_.bytes_read += kEntryBytes;
      (transfer.kind == TransferKind::Store ? result_.bytes_written : result_.bytes_read) +=
          std::int64_t{transfer.beats} * engine_.AxiBytes;
    }
    const std::int64_t layers_end = start_of(image_.layers.size());
    const std::int64_t end = ask - kNext;
    result_.cycles = end + kJobEnd;
    result_.stall.front() += starts_.front();
    result_.stall.back() += result_.cycles - layers_end - kEndCycles;
    return result_;
  }

 private:
  void set_off(const Transfer& transfer, std::int64_t cycle) {
    visible_.push_back({transfer.progress, cycle});
    if (transfer.starts && starts_.empty()) starts_.push_back(cycle + 1);
  }

  // What the drains of layers l.. write to activation memory at most: one word for each pixel and group of R channels.
  [[nodiscard]] std::int64_t writes_from(std::size_t l) const {
    std::int64_t writes = 0;
    for (; l < image_.layers.size(); ++l) {
      const std::size_t words = image_.descriptor + l * kDescriptorWords;
      const std::int64_t pixels = image_.control[words + descriptor::pixels.word];
      const std::int64_t channels = image_.control[words + descriptor::channels.word] >> descriptor::channels.low & 0xFFFFU;
      writes += pixels * ceil_div(channels, engine_.R);
    }
    return writes;
  }

  [[nodiscard]] std::int64_t length(const Transfer& t) const {
    if (t.kind == TransferKind::Store) return t.beats + kStore;
    const std::int64_t step = t.kind == TransferKind::Activation ? std::min(engine_.W, engine_.AxiBytes) : 1;
    return ceil_div(std::int64_t{t.count}, step) + kLoad;
  }

  // Cycle in which layer l begins to read its descriptor; of the layers' end for l = layers.
  std::int64_t start_of(std::size_t l) {
    if (starts_.empty()) throw std::logic_error("predict_transfers: layers are waited for that never begin");
    while (starts_.size() <= l) {
      const std::size_t k = starts_.size() - 1;
      const std::int64_t looks = starts_[k] + kDescriptorUsedWords + kDescriptor;
      const auto needed = static_cast<int>(image_.control[image_.descriptor + k * kDescriptorWords + kProgressWord] & 0xFFFFU);
      std::int64_t wait = 0;
      for (const auto& [progress, cycle] : visible_) {
        if (progress < needed) continue;
        wait = std::max<std::int64_t>(0, cycle - looks);
        break;
      }
      result_.stall[k] = wait;
      std::int64_t own = image_.layers[k].predicted.total();
      if (k == 0) own -= kStartCycles;
      if (k + 1 == image_.layers.size()) own -= kEndCycles;
      starts_.push_back(starts_[k] + own + wait);
    }
    return starts_[l];
  }

  struct Progress {
    int value;
    std::int64_t cycle;  ///< first in which it is seen
  };
  const MemoryImage& image_;
  const EngineParameters& engine_;
  std::int64_t latency_;
  std::vector<Progress> visible_;
  std::vector<std::int64_t> starts_;
  std::int64_t held_up_ = 0;  ///< cycles that the transfer before may wait for the drain
  TransferPrediction result_;
};

}  // namespace

std::int64_t TransferPrediction::stalls() const { return std::accumulate(stall.begin(), stall.end(), std::int64_t{0}); }

TransferPrediction predict_transfers(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine,
                                     int latency) {
  return Job(image, engine, latency).run(list);
}

bool comes_in_time(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine) {
  for (int latency = 1; latency <= kLargestLatency; ++latency) {
    if (predict_transfers(list, image, engine, latency).spare < 0) return false;
  }
  return true;
}

JobPrediction predict_job(const MemoryImage& image) {
  JobPrediction job;
  for (const MemoryImage::LayerPlan& layer : image.layers) job.layers.push_back(layer.predicted.total());
  job.cycles = image.predicted_cycles();
  return job;
}

JobPrediction predict_job(const std::vector<Transfer>& list, const MemoryImage& image, const EngineParameters& engine, int latency) {
  const TransferPrediction transfers = predict_transfers(list, image, engine, latency);
  JobPrediction job = predict_job(image);
  for (std::size_t l = 0; l < job.layers.size(); ++l) job.layers[l] += transfers.stall[l];
  job.cycles = transfers.cycles;
  job.bytes_read = transfers.bytes_read;
  job.bytes_written = transfers.bytes_written;
  return job;
}

}  // namespace flexor
