// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <csignal>

namespace flexor {

namespace {
volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int) { g_interrupted = 1; }

void install(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}
}  // namespace

void catch_interrupts() { install(on_signal, static_cast<int>(SA_RESETHAND)); }
void release_interrupts() { install(SIG_DFL, 0); }
bool interrupted() { return g_interrupted != 0; }

void check_interrupt() {
  if (interrupted()) {
    throw Interrupted();
  }
}

}  // namespace flexor
