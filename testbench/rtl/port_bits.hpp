// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <verilated.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>

/// Fields of a Verilated port, whatever its C++ type, and the seed of a random test.
namespace flexor::testbench {

/// Bits [low, low + width) of a narrow port.
template <class Port>
requires std::is_integral_v<Port> std::uint64_t get_bits(const Port& port, int low, int width) {
  return (static_cast<std::uint64_t>(port) >> low) & (width == 64 ? ~0ULL : (1ULL << width) - 1);
}

/// Bits [low, low + width) of a wide port.
template <std::size_t Words>
std::uint64_t get_bits(const VlWide<Words>& port, int low, int width) {
  std::uint64_t value = 0;
  for (int i = 0; i < width; ++i) value |= static_cast<std::uint64_t>((port[(low + i) / 32] >> ((low + i) % 32)) & 1U) << i;
  return value;
}

/// Store the low `width` bits of value at [low, low + width) of a narrow port.
template <class Port>
requires std::is_integral_v<Port>
void set_bits(Port& port, int low, int width, std::uint64_t value) {
  const std::uint64_t mask = width == 64 ? ~0ULL : (1ULL << width) - 1;
  port = static_cast<Port>((static_cast<std::uint64_t>(port) & ~(mask << low)) | ((value & mask) << low));
}

/// Store the low `width` bits of value at [low, low + width) of a wide port.
template <std::size_t Words>
void set_bits(VlWide<Words>& port, int low, int width, std::uint64_t value) {
  for (int i = 0; i < width; ++i) {
    const EData bit = EData{1} << ((low + i) % 32);
    EData& word = port[(low + i) / 32];
    word = ((value >> i) & 1U) != 0 ? word | bit : word & ~bit;
  }
}

/// One rising edge of clk_i; outputs are settled before and after.
template <class Top>
void clock_edge(Top& top) {
  top.clk_i = 1;
  top.eval();
  top.clk_i = 0;
  top.eval();
}

/// The seed of a random test: FLEXOR_SEED, or a new one; print it with SCOPED_TRACE and RecordProperty.
inline unsigned test_seed() {
  const char* given = std::getenv("FLEXOR_SEED");
  return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

}  // namespace flexor::testbench
