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
/// Back to the system's way: a signal ends the program at once. For libraries that never look at the flag.
void release_interrupts();
[[nodiscard]] bool interrupted();
/// Throws Interrupted when the flag is up.
void check_interrupt();

}  // namespace flexor
