// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace flexor {

/// A tensor that needs `size` places of a memory in every step first..last.
struct Lifetime {
  int first = 0;
  int last = 0;
  std::int64_t size = 0;
  int in_place_of = -1;  ///< an earlier tensor of the same size whose place it takes over, or -1
  int again = -1;        ///< first step from which its place is needed again, to the end, or -1
};

/// Most that is alive in one step (a tensor and the one whose place it takes count once), and the first step in which it is.
struct Peak {
  std::int64_t size = 0;
  int step = 0;
};
Peak peak(const std::vector<Lifetime>& tensors);

/// Places for every tensor in 0..have, so that no two that live in the same step overlap: each in turn as low and as high as possible.
/// In a chain, where only two neighbours live at one time, this is the two ends of the memory in turn. nullopt: no room.
std::optional<std::vector<std::int64_t>> place_tensors(const std::vector<Lifetime>& tensors, std::int64_t have);

}  // namespace flexor
