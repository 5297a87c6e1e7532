// SPDX-License-Identifier: Apache-2.0
// search_codes FIRST_SEED SEEDS TRIALS: climbs from each seed and prints the best nested code, its seed, and for every rate its rank,
// covering and cost in LUTs.
#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstdint>
#include <string>
#include <vector>

#include "code/nested_search.hpp"

namespace {

// Whether the whole text is a number from 1.
bool number(const char* text, std::uint64_t& value) {
  const char* end = text + std::char_traits<char>::length(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  return error == std::errc() && stop == end && value > 0;
}

// LUTs of `inputs` inputs for the XOR gates of all rows: the first takes `inputs` taps, every other one less.
int luts(const flexor::Code& code, int inputs) {
  int count = 0;
  for (const std::uint32_t row : code.rows) {
    const int taps = std::popcount(row);
    if (taps > 1) count += (taps - 2) / (inputs - 1) + 1;
  }
  return count;
}

void print_code(const std::vector<std::uint32_t>& rows) {
  for (const auto row : rows) fmt::print("0x{:05X}, ", row);
  fmt::print("\n n  rank  covering  LUT4  LUT6\n");
  for (int n = flexor::NestedSearch::kShared; n <= flexor::NestedSearch::kOut; ++n) {
    const flexor::Code code = flexor::NestedSearch::prefix(rows, n);
    fmt::print("{:2} {:5} {:9.4f} {:5} {:5}\n", n, code.rank(), covering_distance(code), luts(code, 4), luts(code, 6));
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 0, seeds = 0, trials = 0;
  if (argc != 4 || !number(argv[1], first) || !number(argv[2], seeds) || !number(argv[3], trials) || trials > 1'000'000'000) {
    fmt::print(stderr, "search_codes: give three numbers from 1: FIRST_SEED SEEDS TRIALS (for instance: search_codes 1 40 4000)\n");
    return 2;
  }
  double best = 1e9;
  for (auto seed = first; seed < first + seeds; ++seed) {
    flexor::NestedSearch search(seed);
    search.climb(static_cast<int>(trials));
    if (search.cost() >= best) continue;
    best = search.cost();
    fmt::print("seed {} trials {} cost {:.5f}\n", seed, trials, best);
    print_code(search.rows());
    std::fflush(stdout);
  }
  return 0;
}
