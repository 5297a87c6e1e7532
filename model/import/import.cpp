// SPDX-License-Identifier: Apache-2.0
#include "import/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "code/error.hpp"
#include "code/random.hpp"
#include "golden/golden.hpp"
#include "import/quantisers.hpp"
#include "import/reader.hpp"
#include "import/simplify.hpp"

namespace flexor::foreign {
namespace {

constexpr double kFull = 255;

// Calls work(i) for i in 0..number-1 from so many threads; the first error ends all.
void for_each(std::int64_t number, int threads, const std::function<void(std::int64_t)>& work) {
  std::atomic<std::int64_t> next = 0;
  std::exception_ptr error;
  std::mutex mutex;
  const auto run = [&] {
    try {
      for (std::int64_t i = next++; i < number; i = next++) work(i);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (!error) error = std::current_exception();
      next = number;
    }
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(run);
  run();
  for (std::thread& thread : others) thread.join();
  if (error) std::rethrow_exception(error);
}

// Where channel c of pixel p of an image lies in the file's input.
std::size_t input_place(const Plan& plan, std::size_t p, std::size_t c) {
  const auto channels = static_cast<std::size_t>(plan.input.channels);
  const auto area = static_cast<std::size_t>(plan.input.height * plan.input.width);
  return plan.pixels_last ? c * area + p : p * channels + c;
}

double per_channel(const std::vector<double>& values, std::size_t c) { return values.size() == 1 ? values.front() : values[c]; }

}  // namespace

Source match_source(Graph graph) {
  Source source;
  const std::vector<std::string> dropped = drop_tail(graph);
  fold_constants(graph);
  unify_quantisers(graph);
  drop_identities(graph);
  source.sizes = fold_constants(graph);
  source.plan = make_plan(graph, source.sizes, nullptr);
  for (const std::string& op : dropped) source.plan.notes.push_back(fmt::format("{} at the end is left out: it does not change the class", op));
  source.graph = std::move(graph);
  return source;
}

void match_again(Source& source, const std::vector<Range>& ranges) {
  Plan plan = make_plan(source.graph, source.sizes, &ranges);
  plan.notes = source.plan.notes;
  source.plan = std::move(plan);
}

Source load_source(const std::filesystem::path& file) {
  Graph graph = read_onnx(file);
  try {
    if (graph.name.empty()) graph.name = file.stem().string();
    return match_source(std::move(graph));
  } catch (const InputError& error) {
    throw InputError(fmt::format("ONNX file '{}': {}", file.string(), error.what()));
  }
}

Levels pixel_levels(Source& source, const PixelOptions& options) {
  const auto channels = static_cast<std::size_t>(source.plan.input.channels);
  const auto all = [&](double scale, double offset) { return Levels{std::vector<double>(channels, scale), std::vector<double>(channels, offset), 255}; };
  if (!options.mean.empty() || !options.deviation.empty()) {
    const std::vector<double> mean = options.mean.empty() ? std::vector<double>{0} : options.mean;
    const std::vector<double> deviation = options.deviation.empty() ? std::vector<double>{1} : options.deviation;
    if (options.range) throw InputError("--range and --mean or --std exclude each other; leave one out");
    const auto suits = [&](const std::vector<double>& values) { return values.size() == 1 || values.size() == channels; };
    if (!suits(mean) || !suits(deviation)) {
      throw InputError(fmt::format("the images have {} channels; give one mean and one deviation for all, or one for each", channels));
    }
    Levels levels = all(1, 0);
    for (std::size_t c = 0; c < channels; ++c) {
      const double sigma = per_channel(deviation, c);
      if (!(sigma > 0) || !std::isfinite(sigma)) throw InputError(fmt::format("a deviation of {:g} is not possible; give a positive one", sigma));
      levels.scale[c] = 1 / (kFull * sigma);
      levels.offset[c] = -per_channel(mean, c) / sigma;
    }
    source.pixels_said = "(pixel / 255 - mean) / std";
    return levels;
  }
  if (options.range) {
    const auto [low, high] = *options.range;
    if (!(low < high) || !std::isfinite(low) || !std::isfinite(high)) {
      throw InputError(fmt::format("a range of {:g} to {:g} is not possible; give the lower end first", low, high));
    }
    source.pixels_said = fmt::format("{:g}..{:g}, as --range says", low, high);
    return all((high - low) / kFull, low);
  }
  if (source.plan.input_quantiser) {
    const Quantiser& q = *source.plan.input_quantiser;
    source.pixels_said = fmt::format("{:g}..{:g}, the levels of the file's first quantiser", q.scale * (q.low - q.zero), q.scale * (q.low + kFull - q.zero));
    return all(q.scale, q.scale * (q.low - q.zero));
  }
  if (source.graph.takes_bytes) {
    source.pixels_said = "0..255, the file's bytes";
    return all(1, 0);
  }
  source.pixels_said = "0..1; --range, or --mean and --std say otherwise";
  return all(1 / kFull, 0);
}

Tensor to_input(const Source& source, const Levels& pixels, std::span<const std::uint8_t> image) {
  Tensor input{source.graph.input_sizes, std::vector<double>(image.size()), source.graph.takes_bytes};
  const std::size_t channels = pixels.scale.size();
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t c = i % channels;
    input.values[input_place(source.plan, i / channels, c)] = pixels.scale[c] * image[i] + pixels.offset[c];
  }
  return input;
}

std::vector<std::uint8_t> to_pixels(const Source& source, const Levels& pixels, std::span<const double> input, std::int64_t& between) {
  std::vector<std::uint8_t> image(input.size());
  const std::size_t channels = pixels.scale.size();
  constexpr double kNear = 1e-3;
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t c = i % channels;
    const double level = (input[input_place(source.plan, i / channels, c)] - pixels.offset[c]) / pixels.scale[c];
    const double nearest = std::isfinite(level) ? std::clamp(std::nearbyint(level), 0.0, kFull) : 0;
    if (!(std::abs(level - nearest) < kNear)) ++between;
    image[i] = static_cast<std::uint8_t>(nearest);
  }
  return image;
}

Images random_images(const Shape& shape, int number, std::uint64_t seed) {
  Random random(seed);
  Images images(static_cast<std::size_t>(number));
  for (auto& image : images) {
    for (int i = 0; i < shape.size(); ++i) image.push_back(static_cast<std::uint8_t>(random.below(256)));
  }
  return images;
}

std::vector<Range> calibrate(const Source& source, const Levels& pixels, const Images& images) {
  const Evaluator evaluator(source.graph);
  std::vector<Range> ranges(source.graph.names.size());
  for (const auto& image : images) static_cast<void>(evaluator.run(to_input(source, pixels, image), &ranges));
  return ranges;
}

std::vector<std::vector<double>> reference_outputs(const Source& source, const Levels& pixels, const Images& images, int threads) {
  const Evaluator evaluator(source.graph);
  std::vector<std::vector<double>> outputs(images.size());
  for_each(static_cast<std::int64_t>(images.size()), threads, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    outputs[at] = evaluator.run(to_input(source, pixels, images[at])).values;
  });
  return outputs;
}

CheckResult compare_outputs(const Emitted& emitted, const Images& images, const std::vector<std::vector<double>>& reference, int threads) {
  const Golden golden(emitted.network);
  CheckResult result;
  std::mutex mutex;
  Range range;
  for (const auto& outputs : reference) {
    for (const double value : outputs) range.add(value);
  }
  for_each(static_cast<std::int64_t>(images.size()), threads, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    const std::vector<std::int16_t> logits = golden.logits(images[at].data());
    const std::vector<double>& wanted = reference[at];
    if (wanted.size() != logits.size()) {
      throw InputError(fmt::format("the outputs to compare with are {} an image, the network has {}; give those of this network",
                                   wanted.size(), logits.size()));
    }
    const std::lock_guard lock(mutex);
    ++result.images;
    for (std::size_t m = 0; m < logits.size(); ++m) {
      const double word = std::clamp(std::floor(wanted[m] * emitted.logit_unit + 0.5), -32768.0, 32767.0);
      const std::int64_t difference = std::abs(static_cast<std::int64_t>(word) - logits[m]);
      ++result.words;
      result.equal += difference == 0 ? 1 : 0;
      result.off_by_one += difference == 1 ? 1 : 0;
      result.worst = std::max(result.worst, difference);
    }
    const auto best = std::max_element(wanted.begin(), wanted.end()) - wanted.begin();
    result.same_class += best == std::max_element(logits.begin(), logits.end()) - logits.begin() ? 1 : 0;
  });
  const double span = range.high - range.low;
  result.worst_share = span > 0 ? static_cast<double>(result.worst) / emitted.logit_unit / span : 0;
  return result;
}

}  // namespace flexor::foreign
