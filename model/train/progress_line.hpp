// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>

#include "train/loop.hpp"

namespace flexor {

/// One line on standard error with epoch, step, loss, images/s and time left: redrawn twice a second on a terminal, else once a minute.
class ProgressLine {
 public:
  explicit ProgressLine(bool on);
  void show(const StepProgress& step);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool on_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point next_;
};

}  // namespace flexor
