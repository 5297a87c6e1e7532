// SPDX-License-Identifier: Apache-2.0
#include "stream/microcode.hpp"

#include <stdexcept>

#include "stream/fields.hpp"

namespace flexor::stream {
namespace {

std::uint16_t flag(const Field& field) { return static_cast<std::uint16_t>(1U << field.low); }

}  // namespace

std::vector<std::uint16_t> microcode(std::span<const Entry> entries, std::span<const int> pixels) {
  std::vector<std::uint16_t> table;
  for (const int pixel : pixels) {
    for (const Entry& entry : entries) {
      const auto offset = static_cast<unsigned>(pixel + entry.offset) & ((1U << field::kEntryOffset.width) - 1);
      table.push_back(static_cast<std::uint16_t>(offset | (entry.twice ? flag(field::kEntryTwice) : 0U)));
    }
    table.back() = static_cast<std::uint16_t>(table.back() | flag(field::kEntryLast));
  }
  if (table.size() < 2) throw std::logic_error("a run of the microcode has at least two entries");
  table.back() = static_cast<std::uint16_t>(table.back() | flag(field::kEntryStep));
  std::uint16_t& before = table[table.size() - 2];
  before = static_cast<std::uint16_t>(before | flag(field::kEntryEnd));
  return table;
}

}  // namespace flexor::stream
