// SPDX-License-Identifier: Apache-2.0
// Speed of the golden integer model against libtorch in float32, same network, images and threads: golden_bench MODEL DATA [IMAGES
// THREADS]. MODEL is a model file, or a network of the trainer, untrained; DATA is a folder, or random. Both take turns; the figures are
// medians.
#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <functional>
#include <thread>

#include "code/error.hpp"
#include "code/random.hpp"
#include "data/dataset.hpp"
#include "golden/golden.hpp"
#include "golden/kernels.hpp"
#include "train/export.hpp"
#include "train/padded.hpp"
#include "train/trainable.hpp"

namespace flexor {
namespace {

constexpr int kRepeats = 7;
constexpr int kBatch = 100;  // images that libtorch takes at a time
constexpr int kMostThreads = 256;

// The network as float32 convolutions without rounding, on batches in one memory format. All digits of a layer and its scales are
// one weight here.
class Float32 {
 public:
  Float32(const Network& network, at::MemoryFormat format) : network_(network), format_(format) {
    for (const Layer& layer : network.layers) {
      if (layer.kind == LayerKind::Pool) {
        weight_.emplace_back();
        bias_.emplace_back();
        continue;
      }
      const std::int64_t m = layer.output.channels, c = layer.input.channels, h = layer.kernel_height, w = layer.kernel_width;
      torch::Tensor sum = torch::zeros({m, c, h, w});
      for (int p = 0; p < static_cast<int>(layer.planes.size()); ++p) {
        const auto values = decrypt_weights(network, layer, p);
        const torch::Tensor flat = torch::tensor(std::vector<float>(values.begin(), values.end()));
        const torch::Tensor shaped =
            layer.stack_rows ? flat.view({m, w, h, c}).permute({0, 3, 2, 1}) : flat.view({m, h, w, c}).permute({0, 3, 1, 2});
        sum += shaped * std::ldexp(1.0, p);
      }
      const torch::Tensor scale = column(layer.real_scale);
      weight_.push_back((sum * scale).contiguous(format));
      bias_.push_back((column(layer.real_bias) * scale).flatten().contiguous());
    }
  }

  // Classes of bytes [N, H, W, C].
  [[nodiscard]] torch::Tensor classify(const torch::Tensor& bytes) const {
    const torch::Tensor images = bytes.permute({0, 3, 1, 2}).to(torch::kFloat).contiguous(format_);
    std::vector<torch::Tensor> outputs;
    const auto tensor = [&](int source) { return source < 0 ? images : outputs[static_cast<std::size_t>(source)]; };
    for (std::size_t l = 0; l < weight_.size(); ++l) {
      const Layer& layer = network_.layers[l];
      torch::Tensor x = tensor(network_.source(l));
      if (layer.global_average) x = x.sum(at::IntArrayRef{2, 3}, true);
      if (layer.kind == LayerKind::Dense) {
        // The batch as pixels of one image: libtorch's dense layer calls BLAS, which Debian ships as the slow reference.
        const torch::Tensor pixels = x.permute({0, 2, 3, 1}).flatten(1).t().unsqueeze(0).unsqueeze(3);
        x = torch::conv2d(pixels, weight_[l], bias_[l]).permute({2, 1, 0, 3});
      } else if (layer.kind == LayerKind::Pool) {
        x = pool(layer, x);
      } else {
        x = torch::conv2d(x, weight_[l], bias_[l], layer.stride, {layer.padding.top, layer.padding.left});
      }
      if (layer.shortcut) add(*layer.shortcut, tensor(layer.shortcut->source), x);
      if (layer.max_pool) x = torch::max_pool2d(x, 2);
      if (!layer.logits) x = x.clamp_(layer.projection ? -layer.activation_max - 1 : 0, layer.activation_max);
      outputs.push_back(x);
    }
    return outputs.back().flatten(1).argmax(1);
  }

 private:
  // Places outside the input are 0 and count.
  static torch::Tensor pool(const Layer& layer, const torch::Tensor& x) {
    const torch::Tensor around = padded(x, layer.padding);
    const std::vector<std::int64_t> kernel{layer.kernel_height, layer.kernel_width}, stride{layer.stride, layer.stride};
    return layer.average ? torch::avg_pool2d(around, kernel, stride) : torch::max_pool2d(around, kernel, stride);
  }

  static torch::Tensor column(const std::vector<double>& values) {
    return torch::tensor(std::vector<float>(values.begin(), values.end())).view({-1, 1, 1, 1});
  }

  // Adds the shortcut to x in place.
  static void add(const Shortcut& shortcut, torch::Tensor from, torch::Tensor& x) {
    if (shortcut.stride != 1) from = from.slice(2, 0, c10::nullopt, shortcut.stride).slice(3, 0, c10::nullopt, shortcut.stride);
    x.narrow(1, shortcut.channel_offset, from.size(1)).add_(from, shortcut.real_multiplier);
  }

  Network network_;
  at::MemoryFormat format_;
  std::vector<torch::Tensor> weight_, bias_;
};

std::vector<int> run_golden(const Golden& golden, const Dataset& data, int images, int threads) {
  std::vector<int> classes(static_cast<std::size_t>(images));
  std::atomic<int> next = 0;
  const auto work = [&] {
    for (int i = next++; i < images; i = next++) classes[static_cast<std::size_t>(i)] = golden.classify(data.image(i));
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (auto& thread : others) thread.join();
  return classes;
}

std::vector<int> run_float(const Float32& path, const Dataset& data, int images) {
  const torch::InferenceMode guard;
  std::vector<int> classes;
  classes.reserve(static_cast<std::size_t>(images));
  for (int first = 0; first < images; first += kBatch) {
    const int count = std::min(kBatch, images - first);
    torch::Tensor bytes = torch::empty({count, data.shape.height, data.shape.width, data.shape.channels}, torch::kUInt8);
    std::memcpy(bytes.data_ptr(), data.image(first), static_cast<std::size_t>(bytes.numel()));
    const torch::Tensor found = path.classify(bytes);
    for (int i = 0; i < count; ++i) classes.push_back(static_cast<int>(found[i].item<std::int64_t>()));
  }
  return classes;
}

// Images a second of one call.
double speed(int images, std::vector<int>& classes, const std::function<std::vector<int>()>& run) {
  const auto begin = std::chrono::steady_clock::now();
  classes = run();
  return images / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + kRepeats / 2, values.end());
  return values[kRepeats / 2];
}

int number(const char* what, const char* text, int most) {
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error == std::errc() && stop == end && value >= 1 && value <= most) return value;
  throw InputError(fmt::format("{} is '{}', but 1 to {} are possible", what, text, most));
}

Network find_network(const std::string& name) {
  if (std::filesystem::exists(name)) return load_network(name);
  constexpr std::uint64_t kSeed = 1;
  Network network = to_network(Trainable(network_spec(name), nested_code(8), Method::Nearest, kSeed), name + ", untrained");
  network.provenance.data_name = network.input.height == 28 ? "mnist" : "cifar10";
  return network;
}

Dataset load_test_images(const Network& network, const std::string& folder) {
  Dataset data = load_dataset(network.provenance.data_name, folder, false, network.input);
  data.hold();
  return data;
}

Dataset find_images(const Network& network, const std::string& folder) {
  if (folder != "random") return load_test_images(network, folder);
  constexpr int kImages = 1000;
  Dataset data{.name = "random", .shape = network.input, .count = kImages, .pixels = {}, .labels = {}, .checksum = {}};
  Random random(1);
  for (int i = 0; i < kImages * network.input.size(); ++i) data.pixels.push_back(static_cast<std::uint8_t>(random.below(256)));
  return data;
}

void bench(int count, char** words) {
  const Network network = find_network(words[1]);
  const Dataset data = find_images(network, words[2]);
  const int images = count > 3 ? number("the number of images", words[3], data.count) : std::min(2000, data.count);
  const int threads = count > 4 ? number("the number of threads", words[4], kMostThreads) : 1;
  if (data.shape != network.input) throw InputError("the network takes images of another shape; take one for these");
  torch::set_num_threads(threads);
  const Golden golden(network);
  const Float32 planar(network, at::MemoryFormat::Contiguous);
  const Float32 interleaved(network, at::MemoryFormat::ChannelsLast);
  std::vector<double> integer, nchw, nhwc;
  std::vector<int> ours, theirs;
  for (int i = 0; i < kRepeats; ++i) {
    integer.push_back(speed(images, ours, [&] { return run_golden(golden, data, images, threads); }));
    nchw.push_back(speed(images, theirs, [&] { return run_float(planar, data, images); }));
    nhwc.push_back(speed(images, theirs, [&] { return run_float(interleaved, data, images); }));
  }
  int same = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) same += ours[i] == theirs[i] ? 1 : 0;
  fmt::print("{}: {} images, {} thread{}, medians of {} runs, same class {}\n", network.name, images, threads, threads == 1 ? "" : "s",
             kRepeats, same);
  const double best = std::max(median(nchw), median(nhwc));
  fmt::print("  golden, {:16} {:8.0f} images/s\n", golden::available_kernels().front().name, median(integer));
  fmt::print("  libtorch float32, by {:3} {:8.0f} images/s in NCHW, {:.0f} in NHWC\n", kBatch, median(nchw), median(nhwc));
  fmt::print("  golden : libtorch        {:8.2f}\n", median(integer) / best);
}

}  // namespace
}  // namespace flexor

int main(int count, char** words) {
  if (count < 3 || count > 5) {
    fmt::print(stderr, "golden_bench: give MODEL DATA [IMAGES [THREADS]]\n");
    return 2;
  }
  try {
    flexor::bench(count, words);
    return 0;
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "golden_bench: {}\n", error.what());
    return 2;
  }
}
