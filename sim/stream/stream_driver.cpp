// SPDX-License-Identifier: Apache-2.0
#include "stream/stream_driver.hpp"

#include <fmt/format.h>

namespace flexor::stream {

namespace {
constexpr int kStreamBank = 2, kInputBank = 3, kUpperHalf = 8192;
constexpr std::uint64_t kLimit = (std::uint64_t{1} << 24) + 16;  // the engine ends a longer job by itself
}  // namespace

void StreamDriver::load(const Program& program) {
  program_ = &program;
  if (!bus_.write(kStreamBank, program.start, program.stream)) {
    throw StreamFault("the engine does not take the stream: a job runs; wait for its end or abort it", Error::Overrun);
  }
}

void StreamDriver::set_input(const std::vector<std::uint16_t>& halfwords) {
  upper_ = program_->input.half && !upper_;
  if (!bus_.write(kInputBank, upper_ ? kUpperHalf : 0, halfwords)) {
    throw StreamFault("the engine does not take the image: its input bank is never free", Error::Overrun);
  }
}

void StreamDriver::start() { bus_.start(program_->start, upper_); }

std::uint64_t StreamDriver::finish() {
  if (!bus_.wait(kLimit)) throw StreamFault(fmt::format("the job does not end within {} cycles", kLimit), Error::TimeOut);
  if (bus_.error() != Error::None) throw StreamFault(fmt::format("the engine stopped: {}", to_string(bus_.error())), bus_.error());
  return bus_.cycles();
}

std::vector<std::int16_t> StreamDriver::logits() {
  std::vector<std::uint16_t> words(static_cast<std::size_t>(program_->classes));
  bus_.read(program_->logits_address, words);
  return {words.begin(), words.end()};
}

}  // namespace flexor::stream
