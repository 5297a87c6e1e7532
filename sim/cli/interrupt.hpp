// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>

namespace flexor {

/// The user pressed Ctrl-C (or sent SIGTERM) and the command gave up in an orderly way.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted; nothing was written") {}
};

/// From now on the first SIGINT or SIGTERM only raises a flag, so that destructors run; the second one ends the program at once.
void catch_interrupts();
/// From now on SIGINT or SIGTERM ends the program at once with a sentence and exit code 2, and removes the file that was being
/// written. For libraries that never look at the flag.
void end_on_interrupt();
[[nodiscard]] bool interrupted();
/// Throws Interrupted when the flag is up.
void check_interrupt();

}  // namespace flexor
