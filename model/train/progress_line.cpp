// SPDX-License-Identifier: Apache-2.0
#include "train/progress_line.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace flexor {
namespace {

std::string duration(double seconds) {
  const auto whole = static_cast<long>(seconds);
  return whole < 3600 ? fmt::format("{}:{:02} min", whole / 60, whole % 60) : fmt::format("{}:{:02} h", whole / 3600, whole / 60 % 60);
}

}  // namespace

ProgressLine::ProgressLine(bool on) : on_(on), terminal_(isatty(STDERR_FILENO) == 1), next_(Clock::now() + std::chrono::seconds(2)) {}

void ProgressLine::show(const StepProgress& step) {
  const auto now = Clock::now();
  if (!on_ || now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds(500) : std::chrono::milliseconds(60000));
  fmt::print(stderr, "{}epoch {}/{}  step {}/{}  loss {:.4f}  {:.0f} images/s  {} left{}", terminal_ ? "\r\x1b[2K" : "", step.epoch,
             step.epochs, step.step, step.steps, step.loss, step.images_per_second, duration(step.seconds_left), terminal_ ? "" : "\n");
  std::fflush(stderr);
  drawn_ = true;
}

void ProgressLine::clear() {
  if (drawn_ && terminal_) fmt::print(stderr, "\r\x1b[2K");
  drawn_ = false;
}

}  // namespace flexor
