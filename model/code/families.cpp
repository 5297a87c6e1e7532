// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <span>

#include "code/code.hpp"
#include "code/error.hpp"
#include "code/random.hpp"

namespace flexor {
namespace {

// Found by `search_codes`; see docs/decisions/0401-nested-code.md.
constexpr std::array<std::uint32_t, 20> kNested4 = {0x00001, 0x00003, 0x00007, 0x00009, 0x0001E, 0x00027, 0x00052,
                                                    0x000B8, 0x001A1, 0x00238, 0x00411, 0x008A4, 0x01094, 0x020E0,
                                                    0x04068, 0x08032, 0x10049, 0x20084, 0x400C2, 0x8002A};

// Found by `search_codes nested32`, `nested16` and `nested8`.
constexpr std::array<std::uint32_t, 32> kNested32 = {
    0x00000001, 0x00000003, 0x00000007, 0x0000000B, 0x0000001C, 0x00000035, 0x00000063, 0x000000E8, 0x00000185, 0x00000308, 0x0000041C,
    0x00000C09, 0x00001406, 0x00002490, 0x00004804, 0x00009004, 0x00010828, 0x00020700, 0x00040212, 0x00081802, 0x00100280, 0x00200E00,
    0x00401880, 0x00801120, 0x01000488, 0x02000141, 0x040008A0, 0x08000A10, 0x10000A02, 0x20000043, 0x40001050, 0x80001104};
constexpr std::array<std::uint32_t, 16> kNested16 = {0x0001, 0x0003, 0x0006, 0x000B, 0x001C, 0x0036, 0x004E, 0x00E2,
                                                     0x01A8, 0x02D0, 0x0511, 0x0A20, 0x1024, 0x2085, 0x4308, 0x8013};
constexpr std::array<std::uint32_t, 8> kNested8 = {0x01, 0x03, 0x07, 0x0E, 0x1A, 0x2A, 0x45, 0x8C};

// Found by `search_codes wired`; see docs/decisions/0221-a-code-without-gates.md.
constexpr std::array<std::uint32_t, 20> kWired = {0x208, 0x608, 0x008, 0x408, 0x804, 0xA04, 0x004, 0x024, 0x002, 0x022,
                                                  0x050, 0x850, 0x040, 0x840, 0x0A0, 0x4A0, 0x080, 0x180, 0x001, 0x101};

std::uint32_t low_bits(int n) { return n >= 32 ? ~0U : (1U << n) - 1; }

std::span<const std::uint32_t> nested_rows(int n_out) {
  switch (n_out) {
    case 20:
      return kNested4;
    case 32:
      return kNested32;
    case 16:
      return kNested16;
    case 8:
      return kNested8;
    default:
      throw InputError(fmt::format("there is no nested code of N_out = {}; choose 8, 16, 20 or 32 weights per slice", n_out));
  }
}

void check_sizes(int n_out, int n_in) {
  if (n_out < 1 || n_out > 32) throw InputError(fmt::format("N_out = {} is out of range; choose 1 to 32 weights per slice", n_out));
  if (n_in < 1 || n_in > 32) throw InputError(fmt::format("N_in = {} is out of range; choose 1 to 32 stored bits per slice", n_in));
}

}  // namespace

Code nested_code(int n_in, int n_out) {
  const std::span<const std::uint32_t> rows = nested_rows(n_out);
  if (n_in < 1 || n_in > n_out) {
    throw InputError(
        fmt::format("the nested code stores 1 to {} bits per slice, not {}; choose a rate of at most 1 bit per weight", n_out, n_in));
  }
  Code code{n_out == 20 ? "nested4" : fmt::format("nested4-n{}", n_out), n_out, n_in, {}};
  for (const std::uint32_t row : rows) code.rows.push_back(row & low_bits(n_in));
  return code;
}

Code wired_code() { return {"wired", static_cast<int>(kWired.size()), 12, {kWired.begin(), kWired.end()}}; }

Code random_tap_code(int n_out, int n_in, int taps, std::uint64_t seed) {
  check_sizes(n_out, n_in);
  if (taps < 1 || taps > n_in)
    throw InputError(fmt::format("{} taps per row are not possible with N_in = {}; choose 1 to {}", taps, n_in, n_in));
  Random random(seed);
  Code code{fmt::format("tap{}-seed{}", taps, seed), n_out, n_in, {}};
  for (int i = 0; i < n_out; ++i) {
    std::uint32_t row = 0;
    for (int left = taps; left > 0;) {
      const std::uint32_t tap = 1U << random.below(static_cast<std::uint64_t>(n_in));
      if ((row & tap) != 0) continue;
      row |= tap;
      --left;
    }
    code.rows.push_back(row);
  }
  return code;
}

Code dense_code(int n_out, int n_in, std::uint64_t seed) {
  check_sizes(n_out, n_in);
  Random random(seed);
  Code code{fmt::format("dense-seed{}", seed), n_out, n_in, {}};
  while (code.rows.size() < static_cast<std::size_t>(n_out)) {
    const auto row = static_cast<std::uint32_t>(random.next()) & low_bits(n_in);
    if (row != 0) code.rows.push_back(row);
  }
  return code;
}

Code repeated_code(const Code& code, int times) {
  if (times < 1) throw InputError(fmt::format("{} copies of a code are not possible; choose 1 or more", times));
  check_sizes(code.n_out * times, code.n_in * times);
  return block_code(std::vector<Code>(static_cast<std::size_t>(times), code));
}

Code block_code(const std::vector<Code>& blocks) {
  if (blocks.size() == 1) return blocks.front();
  int n_out = 0, n_in = 0;
  for (const Code& block : blocks) n_out += block.n_out, n_in += block.n_in;
  check_sizes(n_out, n_in);
  const std::string name = blocks.front().name;
  const std::string size = fmt::format("-n{}", blocks.front().n_out);
  Code all{name.ends_with(size) ? name : name + size, n_out, n_in, {}};
  int first = 0;
  for (const Code& block : blocks) {
    for (const std::uint32_t row : block.rows) all.rows.push_back(row << first);
    first += block.n_in;
  }
  return all;
}

Code identity_code(int n_out) {
  check_sizes(n_out, n_out);
  Code code{"identity", n_out, n_out, {}};
  for (int i = 0; i < n_out; ++i) code.rows.push_back(1U << i);
  return code;
}

}  // namespace flexor
