// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

namespace flexor {

/// A wave file that takes its name only when the run was whole. Without a name it does nothing.
class WaveTarget {
 public:
  /// Throws InputError when `file` cannot be made.
  explicit WaveTarget(std::filesystem::path file);
  /// Removes the temporary file unless kept.
  ~WaveTarget();
  WaveTarget(const WaveTarget&) = delete;
  WaveTarget& operator=(const WaveTarget&) = delete;
  /// Where to write, beside the file; empty without a file.
  [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_; }
  /// The finished temporary file takes the name. Throws InputError when it is not there or not whole.
  void keep();

 private:
  std::filesystem::path file_, temporary_;
};

}  // namespace flexor
