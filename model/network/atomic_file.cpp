// SPDX-License-Identifier: Apache-2.0
#include "network/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "code/error.hpp"

namespace flexor {
namespace {

// Name of the temporary file that exists now, for remove_temporary().
std::atomic<const char*> g_temporary = nullptr;

[[noreturn]] void fail(const std::filesystem::path& file, int error) {
  const char* advice = error == ENOSPC ? "free some space or choose another place" : "choose a folder that exists and may be written";
  throw InputError(fmt::format("cannot write '{}': {}; {}", file.string(), std::strerror(error), advice));
}

// Writes, syncs and closes; returns 0 or the first error.
int write_all(int descriptor, std::span<const std::uint8_t> bytes, bool sync) {
  int error = 0;
  while (!bytes.empty() && error == 0) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      error = errno;
    }
  }
  if (sync && error == 0 && ::fsync(descriptor) != 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

}  // namespace

void write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes) {
  std::error_code ignored;
  // A link keeps its place: what it points to is replaced.
  std::filesystem::path target = std::filesystem::is_symlink(file, ignored) ? std::filesystem::weakly_canonical(file, ignored) : file;
  if (target.empty()) target = file;
  if (std::filesystem::is_directory(target, ignored)) fail(file, EISDIR);
  if (std::filesystem::exists(target, ignored) && !std::filesystem::is_regular_file(target, ignored)) {
    const int descriptor = ::open(target.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor < 0) fail(file, errno);
    if (const int error = write_all(descriptor, bytes, false)) fail(file, error);
    return;
  }
  struct stat old {};
  const bool replaces = ::stat(target.c_str(), &old) == 0;
  if (replaces && ::access(target.c_str(), W_OK) != 0) fail(file, errno);
  std::string temporary = target.string() + ".XXXXXX";
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) fail(file, errno);
  g_temporary = temporary.c_str();
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(descriptor, replaces ? old.st_mode & 07777 : 0666 & ~mask);
  int error = write_all(descriptor, bytes, true);
  if (error == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) error = errno;
  g_temporary = nullptr;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail(file, error);
  }
}

void remove_temporary() noexcept {
  if (const char* name = g_temporary) ::unlink(name);
}

void write_file(const std::filesystem::path& file, std::string_view text) {
  write_file(file, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace flexor
