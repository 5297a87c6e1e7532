// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <map>
#include <mutex>
#include <thread>

#include "code/integer.hpp"
#include "driver.hpp"
#include "golden/golden.hpp"

namespace flexor {

namespace {

using Boundaries = BoundaryCheck::Boundaries;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int largest(const std::vector<std::int16_t>& logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Shared by the threads: what is compared with what, and the sum of results.
class Run {
 public:
  Run(const Network& network, const Dataset& data, const EngineParameters& engine, const CompareOptions& options)
      : options_(options),
        data_(data),
        engine_network_(corrupt_engine_network(network, options.corruption)),
        golden_network_(corrupt_golden_network(network, options.corruption)),
        golden_(golden_network_),
        full_(compile(engine_network_, engine, options.batch)),
        images_(std::min(options.images, data.count)) {
    const int rest = images_ % full_.batch;
    if (rest != 0) {
      rest_ = compile(engine_network_, engine, rest);
    }
    sum_.images = images_;
    for (const auto& layer : network.layers) {
      sum_.layers.emplace_back().name = layer.name;
    }
  }

  // Body of one thread: takes jobs until there are none.
  void work() {
    try {
      const auto bus = options_.make_engine();
      Driver driver(*bus);
      const MemoryImage* loaded = nullptr;
      int following = next_++;
      for (int job = following; job < jobs() && !stopped(); job = following) {
        following = next_++;
        const MemoryImage& image = image_of(job);
        if (&image != loaded) {
          driver.load(image);
          loaded = &image;
        }
        const bool follows = following < jobs() && &image_of(following) == &image && driver.takes_following();
        one_job(driver, image, job * full_.batch, follows ? following * full_.batch : -1);
      }
    } catch (const std::exception& error) {
      const std::lock_guard lock(mutex_);
      sum_.fault = sum_.fault.empty() ? error.what() : sum_.fault;
    }
  }

  Comparison result() {
    if (!differences_.empty()) {
      sum_.first = differences_.begin()->second;
    }
    for (const auto& layer : sum_.layers) {
      sum_.words_compared += layer.words_compared;
      sum_.words_differing += layer.words_differing;
      sum_.ideal_cycles += layer.ideal_cycles;
      sum_.macs += layer.macs;
    }
    return sum_;
  }

 private:
  [[nodiscard]] int jobs() const { return ceil_div(images_, full_.batch); }
  [[nodiscard]] const MemoryImage& image_of(int job) const { return images_ - job * full_.batch >= full_.batch ? full_ : *rest_; }

  [[nodiscard]] std::vector<std::uint8_t> input(const MemoryImage& image, int number) const {
    std::vector<std::uint8_t> tensor = layout_input(engine_network_, image, data_.image(number));
    corrupt_input(tensor, options_.corruption);
    return tensor;
  }

  bool stopped() {
    const std::lock_guard lock(mutex_);
    return !sum_.fault.empty() || (options_.stop && options_.stop());
  }

  // Images from `first` on; unless it is -1, the job also brings those from `following` on.
  void one_job(Driver& driver, const MemoryImage& image, int first, int following) {
    const auto batch = static_cast<std::size_t>(image.batch);
    std::vector<Boundaries> golden;
    golden.reserve(batch);
    for (int i = 0; i < image.batch; ++i) {
      golden.push_back(golden_.run(data_.image(first + i)));
    }
    std::vector<std::vector<std::int16_t>> expected;
    expected.reserve(batch);
    for (const auto& boundaries : golden) {
      expected.push_back(boundaries.back());
    }
    BoundaryCheck check(golden_network_, std::move(golden), first, image.layers);
    EngineBus& bus = driver.bus();
    bus.on_write = [&check](const TraceWrite& write) { check.on_write(write); };

    const double begin = thread_seconds();
    for (int i = 0; i < image.batch && !driver.finds_inputs(); ++i) {
      driver.set_input(i, input(image, first + i));
    }
    for (int i = 0; i < image.batch && following >= 0; ++i) {
      driver.set_following_input(i, input(image, following + i));
    }
    const JobPrediction predicted = driver.predict(options_.latency);
    JobResult job;
    std::string fault;
    std::vector<std::vector<std::int16_t>> found;
    found.reserve(batch);
    try {
      job = driver.run();
      for (int i = 0; i < image.batch; ++i) {
        found.push_back(driver.logits(i));
      }
    } catch (const EngineFault& error) {
      fault = error.what();
    }
    const double seconds = thread_seconds() - begin;
    bus.on_write = nullptr;
    check.finish(job.cycles);
    add(image, predicted, first, job, check, expected, found, seconds, bus.layer_cycles, fault);
  }

  void add(const MemoryImage& image, const JobPrediction& predicted, int first, const JobResult& job, const BoundaryCheck& check,
           const std::vector<std::vector<std::int16_t>>& expected, const std::vector<std::vector<std::int16_t>>& found, double seconds,
           const std::vector<EngineBus::LayerCycles>& cycles, const std::string& fault) {
    const std::lock_guard lock(mutex_);
    sum_.cycles += job.cycles;
    sum_.predicted_cycles += predicted.cycles;
    sum_.bytes_read += job.bytes_read;
    sum_.bytes_written += job.bytes_written;
    sum_.simulation_seconds += seconds;
    sum_.fault = sum_.fault.empty() ? fault : sum_.fault;
    for (std::size_t l = 0; l < sum_.layers.size(); ++l) {
      auto& layer = sum_.layers[l];
      layer.words_compared += check.counts()[l].compared;
      layer.words_differing += check.counts()[l].differing;
    }
    for (std::size_t p = 0; p < image.layers.size(); ++p) {
      auto& layer = sum_.layers[static_cast<std::size_t>(image.layers[p].layer)];
      layer.macs += image.layers[p].macs;
      layer.ideal_cycles += image.layers[p].ideal_cycles;
      layer.predicted_cycles += predicted.layers[p];
      for (std::size_t s = 0; p < cycles.size() && s < std::size(layer.cycles.stage); ++s) {
        layer.cycles.stage[s] += cycles[p].stage[s];
      }
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      const int label = data_.labels[static_cast<std::size_t>(first) + i];
      sum_.correct_golden += largest(expected[i]) == label;
      sum_.correct_engine += largest(found[i]) == label;
      for (std::size_t c = 0; c < expected[i].size(); ++c) {
        sum_.logits_differing += c >= found[i].size() || found[i][c] != expected[i][c];
      }
    }
    if (check.first()) {
      differences_.emplace(first, *check.first());
    }
    done_ += image.batch;
    if (options_.progress) {
      options_.progress(done_);
    }
  }

  const CompareOptions& options_;
  const Dataset& data_;
  Network engine_network_, golden_network_;
  Golden golden_;
  MemoryImage full_;
  std::optional<MemoryImage> rest_;
  int images_;
  std::atomic<int> next_ = 0;
  std::mutex mutex_;
  int done_ = 0;
  std::map<int, Difference> differences_;  // by first image of the job
  Comparison sum_;
};

}  // namespace

Comparison compare(const Network& network, const Dataset& data, const EngineParameters& engine, const CompareOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  Run run(network, data, engine, options);
  std::vector<std::thread> threads;
  for (int i = 1; i < options.threads; ++i) {
    threads.emplace_back([&run] { run.work(); });
  }
  run.work();
  for (auto& thread : threads) {
    thread.join();
  }
  Comparison result = run.result();
  result.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace flexor
