// SPDX-License-Identifier: Apache-2.0
#include "wave_target.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "code/error.hpp"

namespace flexor {

namespace {
[[noreturn]] void fail(const std::filesystem::path& file, const std::string& reason) {
  throw InputError(fmt::format("cannot write waves to '{}': {}; choose a folder that exists and may be written", file.string(), reason));
}
}  // namespace

WaveTarget::WaveTarget(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) {
    return;
  }
  std::error_code ignored;
  if (std::filesystem::exists(file_, ignored) && !std::filesystem::is_regular_file(file_, ignored)) {
    fail(file_, "it is not a regular file");
  }
  std::string name = file_.string() + ".XXXXXX";
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) {
    fail(file_, std::strerror(errno));
  }
  close(descriptor);
  temporary_ = name;
}

WaveTarget::~WaveTarget() {
  if (!temporary_.empty()) {
    unlink(temporary_.c_str());
    unlink((temporary_.string() + ".hier").c_str());
  }
}

void WaveTarget::keep() {
  if (temporary_.empty()) {
    return;
  }
  std::error_code error;
  std::filesystem::permissions(temporary_, std::filesystem::perms(0644), error);
  std::filesystem::rename(temporary_, file_, error);
  if (error) {
    fail(file_, error.message());
  }
  temporary_.clear();
}

}  // namespace flexor
