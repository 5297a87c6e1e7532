// SPDX-License-Identifier: Apache-2.0
#include "golden/golden.hpp"

#include <algorithm>
#include <cstring>

#include "code/error.hpp"
#include "golden/fast_layer.hpp"
#include "golden/plain_layer.hpp"

namespace flexor {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Words = std::vector<std::int16_t>;

const golden::Kernels& find_kernels(std::string_view name) {
  for (const golden::Kernels& kernels : golden::available_kernels()) {
    if (name == kGoldenFastest || name == kernels.name) return kernels;
  }
  throw InputError("the processor does not run the golden model's kernels " + std::string(name));
}

// The tensor of `source`, the pixels or an earlier layer's.
const std::uint8_t* tensor(const Bytes& pixels, const std::vector<Bytes>& outputs, int source) {
  return source < 0 ? pixels.data() : outputs[static_cast<std::size_t>(source)].data();
}

}  // namespace

struct Golden::Impl {
  Shape input;
  std::vector<golden::PlainLayer> plain;
  std::vector<golden::FastLayer> fast;
};

Golden::Golden(const Network& network, std::string_view kernels) : impl_(std::make_unique<Impl>()) {
  validate(network);
  impl_->input = network.input;
  for (std::size_t l = 0; l < network.layers.size(); ++l) {
    if (kernels == kGoldenPlain) {
      impl_->plain.push_back(golden::make_plain_layer(network, l));
    } else {
      impl_->fast.emplace_back(network, l, find_kernels(kernels));
    }
  }
}

Golden::~Golden() = default;
Golden::Golden(Golden&&) noexcept = default;
Golden& Golden::operator=(Golden&&) noexcept = default;

std::vector<Words> Golden::run(const std::uint8_t* pixels) const {
  std::vector<Words> boundaries;
  if (impl_->plain.empty()) {
    std::vector<Bytes> outputs;
    Words logits = run_fast(pixels, outputs);
    for (std::size_t l = 0; l < outputs.size(); ++l) {
      const Layer& layer = impl_->fast[l].layer();
      boundaries.emplace_back(outputs[l].begin(), outputs[l].begin() + layer.output.size());
      if (!layer.projection) continue;
      for (std::int16_t& word : boundaries.back()) word = static_cast<std::int16_t>((word ^ 0x80) - 0x80);  // bytes 0..255 to -128..127
    }
    boundaries.push_back(std::move(logits));
    return boundaries;
  }
  const Bytes image(pixels, pixels + impl_->input.size());
  std::vector<Bytes> outputs;
  for (const golden::PlainLayer& plan : impl_->plain) {
    const std::uint8_t* shortcut = plan.layer.shortcut ? tensor(image, outputs, plan.layer.shortcut->source) : nullptr;
    boundaries.push_back(golden::compute_layer(plan, tensor(image, outputs, plan.source), shortcut));
    outputs.emplace_back(boundaries.back().size());
    std::transform(boundaries.back().begin(), boundaries.back().end(), outputs.back().begin(),
                   [](std::int16_t v) { return static_cast<std::uint8_t>(v); });
  }
  return boundaries;
}

// Every hidden layer's bytes to `outputs`; returns the logits.
Words Golden::run_fast(const std::uint8_t* pixels, std::vector<Bytes>& outputs) const {
  Bytes image(static_cast<std::size_t>(impl_->input.size() + golden::FastLayer::kSlack));
  std::memcpy(image.data(), pixels, static_cast<std::size_t>(impl_->input.size()));
  for (const golden::FastLayer& layer : impl_->fast) {
    const std::uint8_t* input = tensor(image, outputs, layer.source());
    if (layer.layer().logits) return layer.logits(input);
    const auto& shortcut = layer.layer().shortcut;
    outputs.push_back(layer.activations(input, shortcut ? tensor(image, outputs, shortcut->source) : nullptr));
  }
  return {};
}

Words Golden::logits(const std::uint8_t* pixels) const {
  if (!impl_->plain.empty()) return run(pixels).back();
  std::vector<Bytes> outputs;
  return run_fast(pixels, outputs);
}

int Golden::classify(const std::uint8_t* pixels) const {
  const Words values = logits(pixels);
  return static_cast<int>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace flexor
