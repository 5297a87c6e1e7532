// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

namespace flexor {

/// A file that one process at a time holds. It is removed at the end, and free as soon as its process is gone.
class FileLock {
 public:
  /// Throws InputError when another process holds it, or when it cannot be made.
  explicit FileLock(std::filesystem::path file);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

}  // namespace flexor
