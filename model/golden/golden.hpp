// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "network/network.hpp"

namespace flexor {

inline constexpr std::string_view kGoldenFastest = "fastest";  ///< the processor's widest vectors
inline constexpr std::string_view kGoldenPlain = "plain";      ///< one function after another of blocks.hpp

/// Bit-accurate integer model of the engine. Decrypts once, then runs any number of images, from any number of threads.
class Golden {
 public:
  /// `kernels` is kGoldenFastest, kGoldenPlain or a name of golden::available_kernels(): all give the same words.
  explicit Golden(const Network& network, std::string_view kernels = kGoldenFastest);
  ~Golden();
  Golden(Golden&&) noexcept;
  Golden& operator=(Golden&&) noexcept;

  /// Every layer boundary of one image: element [l] is the NHWC output of layer l after pooling (logits signed).
  [[nodiscard]] std::vector<std::vector<std::int16_t>> run(const std::uint8_t* pixels) const;
  /// Logits of one image.
  [[nodiscard]] std::vector<std::int16_t> logits(const std::uint8_t* pixels) const;
  /// First index of the largest logit.
  [[nodiscard]] int classify(const std::uint8_t* pixels) const;

 private:
  std::vector<std::int16_t> run_fast(const std::uint8_t* pixels, std::vector<std::vector<std::uint8_t>>& outputs) const;

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flexor
