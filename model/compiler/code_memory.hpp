// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "engine_parameters.hpp"
#include "network/network.hpp"

namespace flexor {

/// The engine's code memory: columns of every recoded code M' = T M in use. Codes share columns where they agree (every nested code does).
class CodeMemory {
 public:
  /// The codes of a network; none where the engine's code is fixed or its weights are plain.
  CodeMemory(const Network& network, const EngineParameters& engine);
  /// Place of the code's column 0; 0 where none is kept.
  [[nodiscard]] int base(const Code& code) const;
  [[nodiscard]] const std::vector<std::uint32_t>& words() const { return words_; }

 private:
  void add(const Code& code);
  [[nodiscard]] std::vector<std::uint32_t> recoded(const Code& code) const;
  [[nodiscard]] std::vector<std::uint32_t>::const_iterator find(const std::vector<std::uint32_t>& columns) const;

  int style_;
  std::vector<std::uint32_t> words_;
};

}  // namespace flexor
