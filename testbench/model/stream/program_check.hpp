// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "network/network.hpp"
#include "stream/program.hpp"
#include "stream_interpreter.hpp"

namespace flexor::test {

/// Runs a program on one image. Returns what differs from the golden model, or an empty text: every word that the drain writes, in order,
/// and the logits.
std::string compare_with_golden(const Network& network, const stream::Program& program, const stream::Parameters& parameters,
                                const std::vector<std::uint8_t>& pixels, StreamInterpreter& interpreter, bool upper = false);

}  // namespace flexor::test
