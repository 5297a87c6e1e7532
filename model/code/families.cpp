// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "code/code.hpp"
#include "code/error.hpp"
#include "code/random.hpp"

namespace flexor {
namespace {

// Found by `search_codes`; see docs/decisions/0401-nested-code.md.
constexpr std::array<std::uint32_t, 20> kNested4 = {0x00001, 0x00003, 0x00007, 0x00009, 0x0001E, 0x00027, 0x00052,
                                                    0x000B8, 0x001A1, 0x00238, 0x00411, 0x008A4, 0x01094, 0x020E0,
                                                    0x04068, 0x08032, 0x10049, 0x20084, 0x400C2, 0x8002A};

// Found by `search_codes wired`; see docs/decisions/0221-a-code-without-gates.md.
constexpr std::array<std::uint32_t, 20> kWired = {0x208, 0x608, 0x008, 0x408, 0x804, 0xA04, 0x004, 0x024, 0x002, 0x022,
                                                  0x050, 0x850, 0x040, 0x840, 0x0A0, 0x4A0, 0x080, 0x180, 0x001, 0x101};

std::uint32_t low_bits(int n) { return n >= 32 ? ~0U : (1U << n) - 1; }

void check_sizes(int n_out, int n_in) {
  if (n_out < 1 || n_out > 32) throw InputError(fmt::format("N_out = {} is out of range; choose 1 to 32 weights per slice", n_out));
  if (n_in < 1 || n_in > 32) throw InputError(fmt::format("N_in = {} is out of range; choose 1 to 32 stored bits per slice", n_in));
}

}  // namespace

Code nested_code(int n_in) {
  const int n_out = static_cast<int>(kNested4.size());
  if (n_in < 1 || n_in > n_out) {
    throw InputError(
        fmt::format("the nested code stores 1 to {} bits per slice, not {}; choose a rate of at most 1 bit per weight", n_out, n_in));
  }
  Code code{"nested4", n_out, n_in, {}};
  for (const std::uint32_t row : kNested4) code.rows.push_back(row & low_bits(n_in));
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
  if (times == 1) return code;
  check_sizes(code.n_out * times, code.n_in * times);
  Code all{fmt::format("{}-n{}", code.name, code.n_out), code.n_out * times, code.n_in * times, {}};
  for (int copy = 0; copy < times; ++copy) {
    for (const std::uint32_t row : code.rows) all.rows.push_back(row << (copy * code.n_in));
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
