// SPDX-License-Identifier: Apache-2.0
#include "stream/stream_compare.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>

#include "golden/golden.hpp"
#include "stream/stream_driver.hpp"

namespace flexor::stream {

namespace {

using Boundaries = std::vector<std::vector<std::int16_t>>;

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

int largest(const std::vector<std::int16_t>& logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

// Compares what the drain writes with what the program says it writes, in order.
class Check {
 public:
  Check(const Network& network, const Program& program, const Boundaries& golden, int image, Comparison& sum)
      : network_(network), program_(program), golden_(golden), image_(image), sum_(sum) {}

  void on_write(const TraceHalfword& write) {
    if (next_ >= program_.results.size()) {
      return differ(program_.results.empty() ? Result{} : program_.results.back(), Difference::Kind::Unexpected, write, 0);
    }
    const Result& result = program_.results[next_];
    const int halfword = halfword_;
    if (++halfword_ == result.halfwords) {
      halfword_ = 0;
      ++next_;
    }
    const bool place = write.bank == result.bank && write.address == result.address + halfword;
    if (!place) return differ(result, Difference::Kind::Unexpected, write, 0);
    if (!result.complete) return;
    auto& layer = sum_.layers[static_cast<std::size_t>(result.layer)];
    const int values = result.halfwords == 16 ? 1 : 2;
    const std::uint16_t expected = expected_halfword(network_, result, halfword, golden_);
    const int channels = network_.layers[static_cast<std::size_t>(result.layer)].output.channels;
    for (int v = 0; v < values; ++v) {
      const int channel = result.channel + halfword * values + v;
      const int shift = values == 1 ? 0 : 8 * v, mask = values == 1 ? 0xFFFF : 0xFF;
      const bool wrong = ((write.data ^ expected) >> shift & mask) != 0;
      if (channel < channels) ++layer.words_compared;
      if (wrong) differ(result, Difference::Kind::Value, write, channel, (expected >> shift) & mask, (write.data >> shift) & mask);
    }
  }

  void finish(std::uint64_t cycle) {
    for (; next_ < program_.results.size(); ++next_) {
      differ(program_.results[next_], Difference::Kind::Missing, {cycle, 0, 0, 0}, program_.results[next_].channel);
    }
  }

 private:
  void differ(const Result& result, Difference::Kind kind, const TraceHalfword& write, int channel, int expected = 0, int found = 0) {
    auto& layer = sum_.layers[static_cast<std::size_t>(result.layer)];
    ++layer.words_differing;
    if (sum_.first) return;
    Difference first;
    first.kind = kind;
    first.image = image_;
    first.layer = result.layer;
    first.layer_name = layer.name;
    first.channel = channel;
    first.row = result.y;
    first.column = result.x;
    first.cycle = write.cycle;
    first.expected = static_cast<std::int16_t>(expected);
    first.found = static_cast<std::int16_t>(found);
    sum_.first = first;
  }

  const Network& network_;
  const Program& program_;
  const Boundaries& golden_;
  int image_;
  Comparison& sum_;
  std::size_t next_ = 0;
  int halfword_ = 0;
};

void add_cycles(const Program& program, const HostBus& bus, Comparison& sum) {
  for (std::size_t l = 0; l < program.layers.size(); ++l) {
    const LayerReport& report = program.layers[l];
    LayerComparison& layer = sum.layers[l];
    layer.macs += report.macs;
    layer.ideal_cycles += report.ideal_cycles;
    layer.predicted_cycles += report.predicted_cycles;
    const auto begin = static_cast<std::size_t>(report.first_compute) + 1;
    const auto end = std::min(begin + static_cast<std::size_t>(report.computes), bus.stages.size());
    for (std::size_t row = begin; row < end; ++row) {
      layer.cycles.stage[static_cast<int>(Stage::Compute)] += bus.stages[row][HostBus::Compute];
      layer.cycles.stage[static_cast<int>(Stage::WeightStall)] += bus.stages[row][HostBus::Weights];
      layer.cycles.stage[static_cast<int>(Stage::DrainStall)] += bus.stages[row][HostBus::Drain];
      layer.cycles.stage[static_cast<int>(Stage::Other)] += bus.stages[row][HostBus::Other];
    }
  }
}

void run_image(const Network& network, const Dataset& data, int image, const Golden& golden, const Program& program,
               const Corruption& corruption, StreamDriver& driver, bool checks, Comparison& sum) {
  const Boundaries boundaries = checks ? golden.run(data.image(image)) : Boundaries{};
  Check check(network, program, boundaries, image, sum);
  if (checks) driver.bus().on_write = [&check](const TraceHalfword& write) { check.on_write(write); };
  std::vector<std::uint8_t> pixels(data.image(image), data.image(image) + network.input.size());
  corrupt_input(pixels, corruption);
  const double begin = thread_seconds();
  driver.set_input(layout_input(program.input, pixels.data()));
  driver.start();
  sum.cycles += driver.finish();
  const auto logits = driver.logits();
  sum.simulation_seconds += thread_seconds() - begin;
  driver.bus().on_write = nullptr;
  sum.predicted_cycles += program.predicted_cycles;
  add_cycles(program, driver.bus(), sum);
  const int label = data.labels[static_cast<std::size_t>(image)];
  sum.correct_engine += largest(logits) == label ? 1 : 0;
  if (!checks) return;
  check.finish(driver.bus().cycles());
  sum.correct_golden += largest(boundaries.back()) == label ? 1 : 0;
  for (std::size_t c = 0; c < boundaries.back().size(); ++c) sum.logits_differing += logits[c] != boundaries.back()[c] ? 1 : 0;
}

}  // namespace

Comparison run_images(const Network& network, const Dataset& data, const Parameters& parameters, const RunOptions& options) {
  const auto begin = std::chrono::steady_clock::now();
  const Network engine_network = corrupt_engine_network(network, options.corruption);
  const Network golden_network = corrupt_golden_network(network, options.corruption);
  const Program program = compile(engine_network, parameters);
  const Golden golden(golden_network);
  Comparison sum;
  for (const auto& layer : network.layers) sum.layers.emplace_back().name = layer.name;
  const auto bus = options.make_host();
  StreamDriver driver(*bus);
  const int images = std::min(options.images, data.count);
  try {
    driver.load(program);
    for (int image = 0; image < images && !(options.stop && options.stop()); ++image) {
      run_image(golden_network, data, image, golden, program, options.corruption, driver, options.check, sum);
      ++sum.images;
      if (options.progress) options.progress(sum.images);
    }
  } catch (const StreamFault& fault) {
    sum.fault = fault.what();
  }
  for (const auto& layer : sum.layers) {
    sum.words_compared += layer.words_compared;
    sum.words_differing += layer.words_differing;
    sum.ideal_cycles += layer.ideal_cycles;
    sum.macs += layer.macs;
  }
  sum.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return sum;
}

}  // namespace flexor::stream
