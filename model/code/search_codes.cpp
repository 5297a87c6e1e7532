// SPDX-License-Identifier: Apache-2.0
// search_codes FIRST_SEED SEEDS TRIALS: climbs from each seed and prints the best nested code, its seed and its covering.
#include <fmt/format.h>

#include <cstdlib>

#include "code/nested_search.hpp"

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: search_codes FIRST_SEED SEEDS TRIALS (for instance: search_codes 1 40 4000)\n");
    return 2;
  }
  const auto first = std::strtoull(argv[1], nullptr, 10);
  const auto seeds = std::strtoull(argv[2], nullptr, 10);
  const int trials = std::atoi(argv[3]);
  double best = 1e9;
  for (auto seed = first; seed < first + seeds; ++seed) {
    flexor::NestedSearch search(seed);
    search.climb(trials);
    if (search.cost() >= best) continue;
    best = search.cost();
    fmt::print("seed {} trials {} cost {:.5f} covering n=8 {:.4f} n=12 {:.4f} n=16 {:.4f}\n", seed, trials, best,
               covering_distance(flexor::NestedSearch::prefix(search.rows(), 8)),
               covering_distance(flexor::NestedSearch::prefix(search.rows(), 12)),
               covering_distance(flexor::NestedSearch::prefix(search.rows(), 16)));
    for (const auto row : search.rows()) fmt::print("0x{:05X}, ", row);
    fmt::print("\n");
    std::fflush(stdout);
  }
  return 0;
}
