// SPDX-License-Identifier: Apache-2.0
// Speed of the golden integer model against libtorch in float32, same network, images and threads: golden_bench MODEL DATA [IMAGES
// THREADS]. Both take turns; the figures are medians.
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstring>
#include <functional>
#include <thread>

#include "code/error.hpp"
#include "data/dataset.hpp"
#include "golden/golden.hpp"

namespace flexor {
namespace {

constexpr int kRepeats = 7;
constexpr int kBatch = 100;  // images that libtorch takes at a time
constexpr int kMostThreads = 256;

// The network as float32 convolutions without rounding, on batches.
class Float32 {
 public:
  explicit Float32(const Network& network) : network_(network) {
    for (std::size_t l = 0; l < network.layers.size(); ++l) {
      const Layer& layer = network.layers[l];
      if (layer.planes.size() != 1 || layer.shortcut || layer.global_average || network.source(l) != static_cast<int>(l) - 1) {
        throw InputError(fmt::format("layer '{}' is no plain convolution or dense layer; take a chain of those", layer.name));
      }
      const auto values = decrypt_weights(network, layer);
      const torch::Tensor flat = torch::tensor(std::vector<float>(values.begin(), values.end()));
      const std::int64_t m = layer.output.channels, c = layer.input.channels, h = layer.kernel_height, w = layer.kernel_width;
      const torch::Tensor shaped =
          layer.stack_rows ? flat.view({m, w, h, c}).permute({0, 3, 2, 1}) : flat.view({m, h, w, c}).permute({0, 3, 1, 2});
      const torch::Tensor scale = column(layer.real_scale);
      weight_.push_back((shaped * scale).contiguous());  // the scale goes into the weights: one operation less
      bias_.push_back((column(layer.real_bias) * scale).flatten().contiguous());
    }
  }

  // Classes of images [N, C, H, W].
  [[nodiscard]] torch::Tensor classify(torch::Tensor x) const {
    for (std::size_t l = 0; l < weight_.size(); ++l) {
      const Layer& layer = network_.layers[l];
      if (layer.kind == LayerKind::Dense) {
        // The batch as pixels of one image: libtorch's dense layer calls BLAS, which Debian ships as the slow reference.
        const torch::Tensor pixels = x.permute({0, 2, 3, 1}).flatten(1).t().unsqueeze(0).unsqueeze(3);
        x = torch::conv2d(pixels, weight_[l], bias_[l]).permute({2, 1, 0, 3});
      } else {
        x = torch::conv2d(x, weight_[l], bias_[l], layer.stride, layer.padding);
      }
      if (layer.max_pool) x = torch::max_pool2d(x, 2);
      if (!layer.logits) x = x.clamp(0, layer.activation_max);
    }
    return x.flatten(1).argmax(1);
  }

 private:
  static torch::Tensor column(const std::vector<double>& values) {
    return torch::tensor(std::vector<float>(values.begin(), values.end())).view({-1, 1, 1, 1});
  }

  Network network_;
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
    const torch::Tensor found = path.classify(bytes.permute({0, 3, 1, 2}).to(torch::kFloat).contiguous());
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

void bench(int count, char** words) {
  const Network network = load_network(words[1]);
  const Dataset data = load_mnist(words[2], false);
  const int images = count > 3 ? number("the number of images", words[3], data.count) : std::min(2000, data.count);
  const int threads = count > 4 ? number("the number of threads", words[4], kMostThreads) : 1;
  if (data.shape != network.input) throw InputError("the network takes images of another shape; take one for MNIST");
  torch::set_num_threads(threads);
  const Golden golden(network);
  const Float32 path(network);
  std::vector<double> integer, real;
  std::vector<int> ours, theirs;
  for (int i = 0; i < kRepeats; ++i) {
    integer.push_back(speed(images, ours, [&] { return run_golden(golden, data, images, threads); }));
    real.push_back(speed(images, theirs, [&] { return run_float(path, data, images); }));
  }
  int same = 0;
  for (std::size_t i = 0; i < ours.size(); ++i) same += ours[i] == theirs[i] ? 1 : 0;
  fmt::print("{}: {} images, {} thread{}, medians of {} runs, same class {}\n", network.name, images, threads, threads == 1 ? "" : "s",
             kRepeats, same);
  fmt::print(
      "  golden integer model     {:8.0f} images/s\n  libtorch float32, by {:3} {:8.0f} images/s\n  golden : libtorch        {:8.2f}\n",
      median(integer), kBatch, median(real), median(integer) / median(real));
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
