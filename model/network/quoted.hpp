// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace flexor {

/// A word as a shell takes it: as it is, or in single quotes where it holds more than letters, digits and ._-/=+:,@%.
inline std::string quoted(const std::string& word) {
  constexpr const char* kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/=+:,@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace flexor
