// SPDX-License-Identifier: Apache-2.0
#include "compiler/memory_plan.hpp"

#include <algorithm>

namespace flexor {
namespace {

bool live_together(const Lifetime& a, const Lifetime& b) {
  const auto returns = [](const Lifetime& t, const Lifetime& other) { return t.again >= 0 && other.last >= t.again; };
  return (a.first <= b.last && b.first <= a.last) || returns(a, b) || returns(b, a);
}

struct Span {
  std::int64_t begin, end;
};

// The lowest (or highest) place of `size` in 0..have that no span, sorted by its begin, covers; -1 if there is none.
std::int64_t free_place(const std::vector<Span>& taken, std::int64_t size, std::int64_t have, bool low) {
  std::int64_t found = -1;
  std::int64_t begin = 0;
  const auto offer = [&](std::int64_t end) {
    if (end - begin < size) return;
    if (low && found < 0) found = begin;
    if (!low) found = end - size;
  };
  for (const Span& span : taken) {
    offer(span.begin);
    begin = std::max(begin, span.end);
  }
  offer(have);
  return found;
}

}  // namespace

Peak peak(const std::vector<Lifetime>& tensors) {
  Peak most;
  int end = 0;
  for (const Lifetime& t : tensors) end = std::max(end, t.last);
  for (int step = 0; step <= end; ++step) {
    std::int64_t sum = 0;
    for (const Lifetime& t : tensors) {
      if (t.first > step || t.last < step) continue;
      const bool shared = t.in_place_of >= 0 && tensors[static_cast<std::size_t>(t.in_place_of)].last >= step;
      sum += shared ? 0 : t.size;
    }
    if (sum > most.size) most = {sum, step};
  }
  return most;
}

std::optional<std::vector<std::int64_t>> place_tensors(const std::vector<Lifetime>& tensors, std::int64_t have) {
  std::vector<std::int64_t> place;
  bool low = true;
  for (std::size_t i = 0; i < tensors.size(); ++i, low = !low) {
    if (tensors[i].in_place_of >= 0) {
      place.push_back(place[static_cast<std::size_t>(tensors[i].in_place_of)]);
      continue;
    }
    std::vector<Span> taken;
    for (std::size_t j = 0; j < i; ++j) {
      if (live_together(tensors[i], tensors[j])) taken.push_back({place[j], place[j] + tensors[j].size});
    }
    std::sort(taken.begin(), taken.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    place.push_back(free_place(taken, tensors[i].size, have, low));
    if (place.back() < 0) return std::nullopt;
  }
  return place;
}

}  // namespace flexor
