// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "stream/plan.hpp"

namespace flexor::stream {

/// A table of the hardware as a ring: what comes in overwrites what is oldest; content that still stands is found again.
template <typename Content>
class Ring {
 public:
  /// `align`: of every address; content never stands across the end of the table.
  Ring(int size, int align) : size_(size), align_(align) {}

  /// Address of equal content that nothing has overwritten.
  [[nodiscard]] std::optional<Address> find(const Content& content) const {
    for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
      if (entry->first + size_ < head_) break;
      if (entry->second == content) return entry->first;
    }
    return std::nullopt;
  }

  /// A new place for `length` elements.
  Address add(Content content, int length) {
    Address at = (head_ + align_ - 1) / align_ * align_;
    if (at / size_ != (at + length - 1) / size_) at = (at / size_ + 1) * size_;
    head_ = at + length;
    entries_.emplace_back(at, std::move(content));
    return at;
  }

 private:
  int size_;
  int align_;
  Address head_ = 0;
  std::vector<std::pair<Address, Content>> entries_;
};

}  // namespace flexor::stream
