// SPDX-License-Identifier: Apache-2.0
#include "progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace flexor {

namespace {
constexpr int kWidth = 30;

std::string duration(double seconds) {
  const auto s = static_cast<int>(seconds + 0.5);
  return s < 60     ? fmt::format("{} s", s)
         : s < 3600 ? fmt::format("{} min {} s", s / 60, s % 60)
                    : fmt::format("{} h {} min", s / 3600, s / 60 % 60);
}
}  // namespace

Progress::Progress(std::string label, std::int64_t total)
    : label_(std::move(label)),
      total_(std::max<std::int64_t>(total, 1)),
      terminal_(isatty(STDERR_FILENO) == 1),
      begin_(Clock::now()),
      next_(begin_ + std::chrono::seconds(2)) {}

Progress::~Progress() {
  if (drawn_ && terminal_) {
    std::fputs("\r\x1b[2K", stderr);
  }
}

void Progress::update(std::int64_t done) {
  const auto now = Clock::now();
  if (now < next_ || done >= total_) {
    return;
  }
  next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000));
  const double share = static_cast<double>(done) / static_cast<double>(total_);
  const double elapsed = std::chrono::duration<double>(now - begin_).count();
  const std::string left = done == 0 ? "" : duration(elapsed / share - elapsed) + " left";
  if (terminal_) {
    const auto full = static_cast<std::size_t>(share * kWidth);
    fmt::print(stderr, "\r\x1b[2K{} [{}{}] {:.0f} % {}", label_, std::string(full, '#'), std::string(kWidth - full, '.'), 100 * share,
               left);
    std::fflush(stderr);
  } else {
    fmt::print(stderr, "{}: {} of {}, {}\n", label_, done, total_, left);
  }
  drawn_ = true;
}

}  // namespace flexor
