// SPDX-License-Identifier: Apache-2.0
#include "interrupt.hpp"

#include <unistd.h>

#include <csignal>
#include <string_view>

#include "network/atomic_file.hpp"

namespace flexor {

namespace {
volatile std::sig_atomic_t g_interrupted = 0;

void on_signal(int) { g_interrupted = 1; }

void end_now(int) {
  constexpr std::string_view kSentence = "flexor: interrupted; finished files stay, nothing half-written is left\n";
  remove_temporary();
  (void)!write(STDERR_FILENO, kSentence.data(), kSentence.size());
  _exit(2);
}

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
void end_on_interrupt() { install(end_now, static_cast<int>(SA_RESETHAND)); }
bool interrupted() { return g_interrupted != 0; }

void check_interrupt() {
  if (interrupted()) {
    throw Interrupted();
  }
}

}  // namespace flexor
