// SPDX-License-Identifier: Apache-2.0
#include "train/integer_convolution.hpp"

#include <ATen/Parallel.h>
#include <omp.h>

#include <algorithm>
#include <utility>

namespace flexor {
namespace {

constexpr int kTaps = 3;
constexpr int kMostChannels = 1024;  // 9 * 1024 * 32767 < 2^31
constexpr int kMostPixels = 256;     // of exact products
constexpr int kParts = 16;           // of a minibatch, each with its own sums of products

std::size_t count(int a, int b, int c = 1, int d = 1) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b) * static_cast<std::size_t>(c) * static_cast<std::size_t>(d);
}

// work(i, own) for all i below n on all threads, each of which has one of make() for itself. Whoever is free takes the next: cores of a
// shared machine are not equally fast.
template <typename Make, typename Work>
void for_all(int n, const Make& make, const Work& work) {
  const int threads = at::get_num_threads();
  std::vector<decltype(make())> own;
  for (int thread = 0; thread < threads; ++thread) own.push_back(make());
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int i = 0; i < n; ++i) work(static_cast<std::size_t>(i), own[static_cast<std::size_t>(omp_get_thread_num())]);
}

// One image inside a frame that is zero and stays so.
template <typename X>
void frame(const X* image, int height, int width, int channels, std::vector<X>& framed) {
  const std::size_t row = count(width, channels);
  for (int y = 0; y < height; ++y) {
    std::copy_n(image + static_cast<std::size_t>(y) * row, row, framed.data() + count(y + 1, width + 2, channels) + channels);
  }
}

// Signs in the order of SumsJob. at(m, t, k): sign between output m and input k.
template <typename W, typename At>
std::vector<W> pack(int outputs, int inputs, const At& at) {
  constexpr int kEach = kIntegerWord / static_cast<int>(sizeof(W));
  std::vector<W> packed(count(outputs, kTaps * kTaps, inputs));
  W* to = packed.data();
  for (int block = 0; block < outputs; block += kIntegerBlock) {
    for (int t = 0; t < kTaps * kTaps; ++t) {
      for (int k = 0; k < inputs; k += kEach) {
        for (int m = 0; m < kIntegerBlock; ++m) {
          for (int e = 0; e < kEach; ++e) *to++ = static_cast<W>(at(block + m, t, k + e) < 0 ? -1 : 1);
        }
      }
    }
  }
  return packed;
}

// The sums of all images. `job` names weights, step and the first image's sums.
template <typename X>
void sums_of(const IntegerShape& s, const X* x, SumsJob job, void (*kernel)(const SumsJob&)) {
  job.height = s.height;
  job.width = s.width;
  job.words = s.inputs * static_cast<int>(sizeof(X)) / kIntegerWord;
  job.outputs = s.outputs;
  const auto make = [&s] { return std::vector<X>(count(s.height + 2, s.width + 2, s.inputs)); };
  for_all(s.images, make, [&](std::size_t image, std::vector<X>& framed) {
    frame(x + image * count(s.height, s.width, s.inputs), s.height, s.width, s.inputs, framed);
    SumsJob own = job;
    own.input = framed.data();
    own.sums += image * count(s.height, s.width, s.outputs);
    kernel(own);
  });
}

// Framed rows of pairs of neighbouring pixels: [height + 2][width + 1][channels][2].
void pair_inputs(const std::uint8_t* image, int height, int width, int channels, std::int16_t* pairs) {
  const std::ptrdiff_t row = static_cast<std::ptrdiff_t>(width) * channels;
  for (int y = 0; y < height; ++y, image += row) {
    std::int16_t* to = pairs + 2 * static_cast<std::ptrdiff_t>(y + 1) * (row + channels);
    for (std::ptrdiff_t i = 0; i < channels; ++i) to[2 * i + 1] = image[i];
    to += 2 * channels;
    for (std::ptrdiff_t i = 0; i < row - channels; ++i) {
      to[2 * i] = image[i];
      to[2 * i + 1] = image[i + channels];
    }
    to += 2 * (row - channels);
    for (std::ptrdiff_t i = 0; i < channels; ++i) to[2 * i] = image[row - channels + i];
  }
}

// [pixels / 2][channels][2]
void pair_gradients(const std::int16_t* g, std::size_t pairs, std::ptrdiff_t channels, std::int16_t* to) {
  for (std::size_t pair = 0; pair < pairs; ++pair, g += 2 * channels, to += 2 * channels) {
    for (std::ptrdiff_t o = 0; o < channels; ++o) {
      to[2 * o] = g[o];
      to[2 * o + 1] = g[channels + o];
    }
  }
}

}  // namespace

bool IntegerConvolution::fits(const IntegerShape& s) {
  const auto channels = [](int c) { return c > 0 && c % kIntegerBlock == 0 && c <= kMostChannels; };
  const bool pixels = s.height > 0 && s.width > 0 && s.width % kIntegerPixels == 0 && s.width <= kMostPixels;
  return s.images > 0 && channels(s.inputs) && channels(s.outputs) && pixels;
}

bool IntegerConvolution::forward_is_fast() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && !__builtin_cpu_supports("avx512bw");
#else
  return false;
#endif
}

IntegerConvolution::IntegerConvolution(const IntegerShape& shape, const IntegerKernels& kernels) : shape_(shape), kernels_(&kernels) {}

void IntegerConvolution::forward(const std::uint8_t* x, const float* weight, float* y) const {
  const IntegerShape& s = shape_;
  const auto packed =
      pack<std::int8_t>(s.outputs, s.inputs, [&](int m, int t, int k) { return weight[(m * kTaps * kTaps + t) * s.inputs + k]; });
  sums_of(s, x, {.weight = packed.data(), .sums = y}, kernels_->byte_sums);
}

// A convolution too, with the window turned and the channels changing places.
void IntegerConvolution::input_gradient(const std::int16_t* g, const float* weight, float step, float* dx) const {
  IntegerShape s = shape_;
  std::swap(s.inputs, s.outputs);
  const auto packed = pack<std::int16_t>(
      s.outputs, s.inputs, [&](int m, int t, int k) { return weight[(k * kTaps * kTaps + kTaps * kTaps - 1 - t) * s.outputs + m]; });
  sums_of(s, g, {.weight = packed.data(), .step = step, .sums = dx}, kernels_->word_sums);
}

// Products of images first..last - 1, so many of them, or rows of one, at a time as are 256 pixels; sums [ky][input][kx][output].
void IntegerConvolution::products_of(int first, int last, const std::uint8_t* x, const std::int16_t* g, float* sums) const {
  const IntegerShape& s = shape_;
  const int together = std::max(1, kMostPixels / (s.height * s.width));
  const int rows = std::min(s.height, kMostPixels / s.width);
  const std::size_t pixels = count(s.height, s.width);
  const std::size_t input_image = 2 * count(s.height + 2, s.width + 1, s.inputs);
  const std::size_t gradient_image = pixels * static_cast<std::size_t>(s.outputs);
  std::vector<std::int16_t> inputs(static_cast<std::size_t>(together) * input_image);
  std::vector<std::int16_t> gradients(static_cast<std::size_t>(together) * gradient_image);
  for (int image = first; image < last; image += together) {
    const int images = std::min(together, last - image);
    for (int i = 0; i < images; ++i) {
      const auto from = static_cast<std::size_t>(image + i);
      const auto to = static_cast<std::size_t>(i);
      pair_inputs(x + from * pixels * static_cast<std::size_t>(s.inputs), s.height, s.width, s.inputs, inputs.data() + to * input_image);
      pair_gradients(g + from * gradient_image, pixels / 2, s.outputs, gradients.data() + to * gradient_image);
    }
    for (int row = 0; row < s.height; row += rows) {
      ProductsJob job{.images = images,
                      .rows = std::min(rows, s.height - row),
                      .pairs = s.width / 2,
                      .channels = s.inputs,
                      .outputs = s.outputs,
                      .input_image = static_cast<std::ptrdiff_t>(input_image),
                      .gradient_image = static_cast<std::ptrdiff_t>(gradient_image)};
      for (int ky = 0; ky < kTaps; ++ky) {
        for (int i = 0; i < s.inputs; i += 2) {
          for (int o = 0; o < s.outputs; o += kIntegerBlock) {
            job.inputs = inputs.data() + 2 * (count(row + ky, s.width + 1, s.inputs) + static_cast<std::size_t>(i));
            job.gradients = gradients.data() + count(row, s.width, s.outputs) + 2 * static_cast<std::size_t>(o);
            job.sums = sums + (count(ky, s.inputs) + static_cast<std::size_t>(i)) * count(kTaps, s.outputs) + o;
            kernels_->products(job);
          }
        }
      }
    }
  }
}

void IntegerConvolution::weight_gradient(const std::uint8_t* x, const std::int16_t* g, float step, float* dw) const {
  const IntegerShape& s = shape_;
  const std::size_t size = count(kTaps * kTaps, s.inputs, s.outputs);
  std::vector<float> sums(kParts * size);
  for_all(
      kParts, [] { return 0; },
      [&](std::size_t part, int) {
        const auto first = [&s](std::size_t of) { return s.images * static_cast<int>(of) / kParts; };
        products_of(first(part), first(part + 1), x, g, sums.data() + part * size);
      });
  for (int part = 1; part < kParts; ++part) {
    for (std::size_t i = 0; i < size; ++i) sums[i] += sums[static_cast<std::size_t>(part) * size + i];
  }
  for (int o = 0; o < s.outputs; ++o) {
    for (int ky = 0; ky < kTaps; ++ky) {
      for (int kx = 0; kx < kTaps; ++kx) {
        for (int i = 0; i < s.inputs; ++i)
          *dw++ = step * sums[(count(ky, s.inputs) + static_cast<std::size_t>(i)) * count(kTaps, s.outputs) + count(kx, s.outputs) +
                              static_cast<std::size_t>(o)];
      }
    }
  }
}

}  // namespace flexor
