// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "network/network.hpp"

namespace flexor {

/// Bit-accurate integer model of the engine. Decrypts once, then runs any number of images.
class Golden {
 public:
  explicit Golden(const Network& network);
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
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace flexor
