// SPDX-License-Identifier: Apache-2.0
// search_codes [nested32|nested16|nested8|wired] FIRST_SEED SEEDS TRIALS: climbs from each seed and prints the best nested code (of slices
// of 20 weights unless told), its seed, and for every rate its rank, covering, agreement and cost in LUTs; or the best wired code with its
// slots.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "code/agreement.hpp"
#include "code/nested_search.hpp"
#include "code/wired_search.hpp"

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

// A line of figures; of codes with too many codewords to look at all, no agreement.
void print_figures(const flexor::Code& code) {
  constexpr int kMostBits = 16, kMostChecks = 24, kSlices = 4096;
  const std::string agreement = code.n_in > kMostBits ? "-" : fmt::format("{:.4f}", flexor::agreement(code, kSlices));
  const bool covered = code.n_out - code.rank() <= kMostChecks;
  fmt::print("{:2} {:5} {:>9} {:>10} {:5} {:5}\n", code.n_in, code.rank(),
             covered ? fmt::format("{:.4f}", flexor::covering_distance(code)) : "-", agreement, luts(code, 4), luts(code, 6));
}

void print_rows(const std::vector<std::uint32_t>& rows) {
  for (const auto row : rows) fmt::print("0x{:0{}X}, ", row, (rows.size() + 3) / 4);
  fmt::print("\n n  rank  covering  agreement  LUT4  LUT6\n");
}

void print_code(const flexor::NestedSearch& search) {
  print_rows(search.rows());
  const flexor::NestedFamily& family = search.family();
  const int first = std::min(family.shared, family.weights.front().first);
  for (int n = first; n <= family.n_out; ++n) print_figures(flexor::NestedSearch::prefix(search.rows(), n));
}

void search_nested(const flexor::NestedFamily& family, std::uint64_t first, std::uint64_t seeds, int trials) {
  double best = 1e9;
  for (auto seed = first; seed < first + seeds; ++seed) {
    flexor::NestedSearch search(seed, family);
    search.climb(trials);
    if (search.cost() >= best) continue;
    best = search.cost();
    fmt::print("seed {} trials {} cost {:.5f}\n", seed, trials, best);
    print_code(search);
    std::fflush(stdout);
  }
}

// Codes of the wired family are compared by their agreement.
void search_wired(std::uint64_t first, std::uint64_t seeds, int trials) {
  double best = 0;
  for (auto seed = first; seed < first + seeds; ++seed) {
    flexor::WiredSearch search(flexor::wired_code().n_in, seed);
    search.climb(trials);
    if (search.agreement() <= best) continue;
    best = search.agreement();
    fmt::print("seed {} trials {} agreement {:.5f} slots {}\n", seed, trials, best, fmt::join(search.slots(), " "));
    const flexor::Code code = search.code();
    print_rows(code.rows);
    print_figures(code);
    std::fflush(stdout);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t first = 0, seeds = 0, trials = 0;
  const std::string family = argc == 5 ? argv[1] : "nested20";
  const std::map<std::string, flexor::NestedFamily> nested = {{"nested20", flexor::NestedFamily::of20()},
                                                              {"nested32", flexor::NestedFamily::of32()},
                                                              {"nested16", flexor::NestedFamily::of16()},
                                                              {"nested8", flexor::NestedFamily::of8()}};
  char** numbers = argv + argc - 3;
  if ((argc != 4 && argc != 5) || (family != "wired" && !nested.contains(family)) || !number(numbers[0], first) ||
      !number(numbers[1], seeds) || !number(numbers[2], trials) || trials > 1'000'000'000) {
    fmt::print(stderr,
               "search_codes: give three numbers from 1, and before them a family if it is not nested20: "
               "[nested32|nested16|nested8|wired] FIRST_SEED SEEDS TRIALS (for instance: search_codes 1 40 4000)\n");
    return 2;
  }
  if (family == "wired") {
    search_wired(first, seeds, static_cast<int>(trials));
  } else {
    search_nested(nested.at(family), first, seeds, static_cast<int>(trials));
  }
  return 0;
}
