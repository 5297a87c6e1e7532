// SPDX-License-Identifier: Apache-2.0
#include "program_check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/golden.hpp"

namespace flexor::test {

std::string compare_with_golden(const Network& network, const stream::Program& program, const stream::Parameters& parameters,
                                const std::vector<std::uint8_t>& pixels, StreamInterpreter& interpreter, bool upper) {
  std::copy(program.stream.begin(), program.stream.end(), interpreter.bank[2].begin() + program.start);
  const std::vector<std::uint16_t> image = stream::layout_input(program.input, pixels.data());
  std::copy(image.begin(), image.end(), interpreter.bank[3].begin() + (upper ? parameters.InputHalfwords : 0));
  const auto end = interpreter.run(program.start, upper);
  if (end != StreamInterpreter::End::None) return fmt::format("the job ended with error {}", static_cast<int>(end));
  const auto boundaries = Golden(network).run(pixels.data());
  std::size_t at = 0;
  for (const stream::Result& result : program.results) {
    for (int i = 0; i < result.halfwords; ++i, ++at) {
      if (at >= interpreter.writes().size()) return fmt::format("only {} halfwords are written", at);
      const auto& write = interpreter.writes()[at];
      const auto place = [&] {
        return fmt::format("layer '{}' y {} x {} channel {} halfword {}", network.layers[static_cast<std::size_t>(result.layer)].name,
                           result.y, result.x, result.channel, i);
      };
      if (write.bank != result.bank || write.address != result.address + i) {
        return fmt::format("{}: written to bank {} at {}, not to bank {} at {}", place(), write.bank, write.address, result.bank,
                           result.address + i);
      }
      if (!result.complete) continue;
      const std::uint16_t expected = stream::expected_halfword(network, result, i, boundaries);
      if (write.value != expected) return fmt::format("{}: 0x{:04X} is written, not 0x{:04X}", place(), write.value, expected);
    }
  }
  if (at != interpreter.writes().size()) return fmt::format("{} halfwords are written, not {}", interpreter.writes().size(), at);
  for (int i = 0; i < program.classes; ++i) {
    const auto word = interpreter.bank[static_cast<std::size_t>(program.logits_bank)][static_cast<std::size_t>(program.logits_address + i)];
    if (static_cast<std::int16_t>(word) != boundaries.back()[static_cast<std::size_t>(i)]) return fmt::format("logit {} differs", i);
  }
  return {};
}

}  // namespace flexor::test
