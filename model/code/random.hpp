// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace flexor {

/// SplitMix64: the same draws on every platform, so that a seed names a code for ever.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  /// Next 64 bits.
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// Uniform in 0 .. bound-1 (bound > 0), without bias.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t limit = ~std::uint64_t{0} - ~std::uint64_t{0} % bound;
    std::uint64_t draw = next();
    while (draw >= limit) draw = next();
    return draw % bound;
  }

 private:
  std::uint64_t state_;
};

}  // namespace flexor
