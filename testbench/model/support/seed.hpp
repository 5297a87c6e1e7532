// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>

namespace flexor::test {

/// The seed of a random test: FLEXOR_SEED, or a new one; 32 bits, so that every generator takes it whole. Printed, so that it can be given.
inline std::uint32_t random_seed() {
  const char* given = std::getenv("FLEXOR_SEED");
  const std::uint32_t seed = given != nullptr ? static_cast<std::uint32_t>(std::strtoull(given, nullptr, 10)) : std::random_device{}();
  std::printf("FLEXOR_SEED=%u\n", seed);
  return seed;
}

}  // namespace flexor::test
