// SPDX-License-Identifier: Apache-2.0
// Speed of one training step of ResNet-20 with minibatches of 128 images: ours, the same network in libtorch's float32 operations with real
// weights and ReLU, the sum of oneDNN's primitives for its convolutions and batch norms, and the share of the step that decryption and its
// backward pass take: step_bench [THREADS [ROUNDS [END OF A NAME]]]. All take turns; the figures are medians.
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <ctime>
#include <functional>

#include "code/error.hpp"
#include "onednn_steps.hpp"
#include "train/memory.hpp"
#include "train/recipe.hpp"
#include "train/trainable.hpp"

namespace flexor {
namespace {

constexpr int kBatch = 128;
constexpr int kMost = 1000;

struct Images {
  torch::Tensor pixels = torch::randint(0, 256, {kBatch, 3, 32, 32}).to(torch::kFloat);
  torch::Tensor labels = torch::randint(0, 10, {kBatch}, torch::kLong);
};

constexpr const char* kNearest = "resnet20-cifar10";
constexpr const char* kEq6 = "resnet20-tap2-cifar10";

// How a step of ours computes.
enum class Way { Plain, Float32, Integers, BFloat16 };

// Ours, as `flexor train --recipe RECIPE --rate 0.4` does it.
class Ours {
 public:
  explicit Ours(Way way, const char* name = kNearest) : bfloat16_(way == Way::BFloat16) {
    Recipe recipe = load_recipe(name);
    recipe.hyper.fused = way != Way::Plain;
    recipe.hyper.integer_gradients = way == Way::Integers;
    const NetworkSpec spec = network_spec(recipe.network);
    model_ = Trainable(spec, layer_codes(recipe, spec, 0.4), recipe.hyper, 1);
    model_->enrol(optimiser_);
    model_->train();
  }
  void step(const Images& images) {
    torch::nn::functional::cross_entropy(model_->forward(images.pixels, bfloat16_), images.labels).backward();
    optimiser_.step(0.1);
  }
  // Stored values or latents of every encrypted layer to weights, and the gradient of the weights back to them.
  void decrypt() {
    for (EncryptedLayer layer : model_->layers()) {
      if (layer.is_empty() || layer->spec().digits > 0) continue;
      const torch::Tensor weight = layer->weight();
      weight.backward(torch::ones_like(weight));
    }
  }

 private:
  bool bfloat16_;
  Trainable model_ = nullptr;
  Optimiser optimiser_;
};

// The same layers with real weights: libtorch's modules, ReLU and SGD.
class Reference {
 public:
  Reference() {
    using torch::nn::BatchNorm2d, torch::nn::Conv2d, torch::nn::Conv2dOptions;
    const auto add = [this](int from, int to, int stride) {
      convolutions_.push_back(Conv2d(Conv2dOptions(from, to, 3).stride(stride).padding(1).bias(false)));
      norms_.push_back(BatchNorm2d(to));
    };
    add(3, 16, 1);
    for (int i = 0; i < 9; ++i) {
      const int from = i < 4 ? 16 : i < 7 ? 32 : 64;
      const int to = i < 3 ? 16 : i < 6 ? 32 : 64;
      add(from, to, from == to ? 1 : 2);
      add(to, to, 1);
    }
    std::vector<torch::Tensor> parameters = dense_->parameters();
    for (std::size_t i = 0; i < convolutions_.size(); ++i) {
      for (const auto& p : convolutions_[i]->parameters()) parameters.push_back(p);
      for (const auto& p : norms_[i]->parameters()) parameters.push_back(p);
    }
    sgd_ = std::make_unique<torch::optim::SGD>(parameters, torch::optim::SGDOptions(0.01).momentum(0.9));
  }
  void step(const Images& images) {
    torch::Tensor x = torch::relu(norms_[0](convolutions_[0](images.pixels * (1 / 255.0))));
    for (std::size_t i = 1; i < convolutions_.size(); i += 2) {
      torch::Tensor y = torch::relu(norms_[i](convolutions_[i](x)));
      y = norms_[i + 1](convolutions_[i + 1](y));
      if (y.size(1) != x.size(1)) {
        const std::int64_t side = (y.size(1) - x.size(1)) / 2;
        x = torch::constant_pad_nd(x.slice(2, 0, x.size(2), 2).slice(3, 0, x.size(3), 2), {0, 0, 0, 0, side, side});
      }
      x = torch::relu(y + x);
    }
    sgd_->zero_grad();
    torch::nn::functional::cross_entropy(dense_(x.mean({2, 3})), images.labels).backward();
    sgd_->step();
  }

 private:
  std::vector<torch::nn::Conv2d> convolutions_;
  std::vector<torch::nn::BatchNorm2d> norms_;
  torch::nn::Linear dense_{64, 10};
  std::unique_ptr<torch::optim::SGD> sgd_;
};

// What one step took: by the clock, and on all cores together. On a shared machine only the second means something.
struct Cost {
  double wall, cpu;
};

Cost measure(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  const std::clock_t begin = std::clock();
  work();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
          static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int number(const char* text, const char* what) {
  int value = 0;
  const char* end = text + std::char_traits<char>::length(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || value < 1 || value > kMost) {
    throw InputError(fmt::format("\"{}\" is no number of {}; give one from 1 to {}", text, what, kMost));
  }
  return value;
}

int run(int argc, char** argv) {
  const int threads = argc > 1 ? number(argv[1], "threads") : at::get_num_threads();
  const int rounds = argc > 2 ? number(argv[2], "rounds") : 7;
  keep_freed_memory();
  torch::set_num_threads(threads);
  torch::manual_seed(1);
  const Images images;
  struct Entry {
    const char* name;
    std::function<void()> work;
    std::vector<double> wall, cpu;
  };
  Reference reference;
  Ours plain(Way::Plain);
  Ours fused(Way::Float32);
  Ours integers(Way::Integers);
  OneDnnSteps primitives(kBatch, false);
  std::vector<Entry> entries;
  const auto add = [&entries](const char* name, std::function<void()> work) { entries.push_back({name, std::move(work), {}, {}}); };
  add("libtorch float32, real weights", [&] { reference.step(images); });
  add("ours by libtorch's operations, float32", [&] { plain.step(images); });
  add("ours, float32", [&] { fused.step(images); });
  add("ours, 16-bit integer gradients", [&] { integers.step(images); });
  add("sum of oneDNN primitives, float32", [&] { primitives.run(); });
  std::unique_ptr<Ours> fused_bfloat16;
  std::unique_ptr<OneDnnSteps> primitives_bfloat16;
  if (Convolution::available(true)) {
    fused_bfloat16 = std::make_unique<Ours>(Way::BFloat16);
    primitives_bfloat16 = std::make_unique<OneDnnSteps>(kBatch, true);
    add("ours, bfloat16", [&] { fused_bfloat16->step(images); });
    add("sum of oneDNN primitives, bfloat16", [&] { primitives_bfloat16->run(); });
  }
  // Each share: decryption : the step that it belongs to.
  struct Share {
    const char* decryption;
    const char* step;
  };
  std::vector<Share> shares;
  Ours eq6(Way::Integers, kEq6);
  add("decryption, nearest codeword", [&] { fused.decrypt(); });
  add("ours with eq. 6, integer gradients", [&] { eq6.step(images); });
  add("decryption, eq. 6", [&] { eq6.decrypt(); });
  shares = {{"decryption, nearest codeword", "ours, 16-bit integer gradients"},
            {"decryption, eq. 6", "ours with eq. 6, integer gradients"}};
  std::unique_ptr<Ours> eq6_bfloat16;
  if (fused_bfloat16) {
    eq6_bfloat16 = std::make_unique<Ours>(Way::BFloat16, kEq6);
    add("ours with eq. 6, bfloat16", [&] { eq6_bfloat16->step(images); });
    shares.push_back({"decryption, nearest codeword", "ours, bfloat16"});
    shares.push_back({"decryption, eq. 6", "ours with eq. 6, bfloat16"});
  }
  if (argc > 3) std::erase_if(entries, [argv](const Entry& entry) { return !std::string(entry.name).ends_with(argv[3]); });
  if (entries.empty()) throw InputError(fmt::format("nothing ends in \"{}\"; leave it out to see the names", argv[3]));
  for (Entry& entry : entries) entry.work();
  for (int round = 0; round < rounds; ++round) {
    for (Entry& entry : entries) {
      const Cost cost = measure(entry.work);
      entry.wall.push_back(cost.wall);
      entry.cpu.push_back(cost.cpu);
    }
  }
  fmt::print("ResNet-20, minibatch {}, {} thread{}, medians of {} rounds; x: times as fast as the first line\n", kBatch, threads,
             threads == 1 ? "" : "s", rounds);
  const double wall = median(entries.front().wall);
  const double cpu = median(entries.front().cpu);
  for (const Entry& entry : entries) {
    fmt::print("{:40} {:7.1f} ms {:6.0f} images/s {:5.2f} x   processor time {:7.1f} ms {:5.2f} x\n", entry.name, 1e3 * median(entry.wall),
               kBatch / median(entry.wall), wall / median(entry.wall), 1e3 * median(entry.cpu), cpu / median(entry.cpu));
  }
  const auto find = [&entries](const char* name) {
    return std::find_if(entries.begin(), entries.end(), [name](const Entry& entry) { return std::string(entry.name) == name; });
  };
  for (const Share& share : shares) {
    const auto part = find(share.decryption);
    const auto whole = find(share.step);
    if (part == entries.end() || whole == entries.end()) continue;
    fmt::print("{} and its backward pass: {:.2f} % of the step \"{}\", in processor time {:.2f} %\n", share.decryption,
               100 * median(part->wall) / median(whole->wall), share.step, 100 * median(part->cpu) / median(whole->cpu));
  }
  return 0;
}

}  // namespace
}  // namespace flexor

int main(int argc, char** argv) {
  try {
    return flexor::run(argc, argv);
  } catch (const flexor::InputError& error) {
    fmt::print(stderr, "step_bench: {}\n", error.what());
    return 2;
  }
}
