// SPDX-License-Identifier: Apache-2.0
#include "compiler/code_memory.hpp"

#include <algorithm>

#include "compiler/pe_style.hpp"

namespace flexor {

CodeMemory::CodeMemory(const Network& network, const EngineParameters& engine) : style_(engine.PeStyle) {
  if (engine.Decryption != static_cast<int>(Decryption::Serial)) return;
  std::vector<const Code*> used;
  used.reserve(network.layers.size());
  for (const Layer& layer : network.layers) {
    if (!layer.planes.empty()) used.push_back(&network.codes[static_cast<std::size_t>(layer.planes[0].code)]);
  }
  // Longest first, so that shorter prefixes find their columns there.
  std::stable_sort(used.begin(), used.end(), [](const Code* a, const Code* b) { return a->n_in > b->n_in; });
  for (const Code* code : used) add(*code);
}

void CodeMemory::add(const Code& code) {
  const std::vector<std::uint32_t> columns = recoded(code);
  if (find(columns) == words_.end()) words_.insert(words_.end(), columns.begin(), columns.end());
}

int CodeMemory::base(const Code& code) const { return words_.empty() ? 0 : static_cast<int>(find(recoded(code)) - words_.begin()); }

std::vector<std::uint32_t> CodeMemory::recoded(const Code& code) const {
  std::vector<std::uint32_t> columns;
  columns.reserve(static_cast<std::size_t>(code.n_in));
  for (int j = 0; j < code.n_in; ++j) columns.push_back(recode_slice(style_, code.column(j)));
  return columns;
}

std::vector<std::uint32_t>::const_iterator CodeMemory::find(const std::vector<std::uint32_t>& columns) const {
  return std::search(words_.begin(), words_.end(), columns.begin(), columns.end());
}

}  // namespace flexor
