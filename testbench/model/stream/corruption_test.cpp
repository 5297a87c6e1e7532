// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <variant>

#include "networks.hpp"
#include "program_check.hpp"
#include "seed.hpp"
#include "stream/instruction.hpp"
#include "stream/program.hpp"

namespace flexor {
namespace {

using stream::kMicro16;
using test::StreamInterpreter;

class Corruption : public testing::Test {
 protected:
  Corruption() {
    const std::vector<test::LayerSpec> specs{{.channels = 20, .kernel = 3, .padding = 1, .max_pool = true},
                                             {.channels = 18, .kernel = 3, .stride = 2},
                                             {.kind = LayerKind::Dense, .channels = 10}};
    network_ = test::random_network(random_, {10, 10, 3}, {dense_code(32, 13, random_.next())}, specs);
    program_ = stream::compile(network_);
    pixels_ = test::random_image(random_, network_.input);
  }

  [[nodiscard]] std::string run(const stream::Program& program) const {
    StreamInterpreter interpreter(kMicro16.AccWidth, StreamInterpreter::When::AtOnce);
    return test::compare_with_golden(network_, program, kMicro16, pixels_, interpreter);
  }

  // The stream with one change to instruction number `index`, counted among those that `pick` takes.
  template <typename Kind, typename Change>
  stream::Program changed(const Change& change) const {
    std::vector<stream::Instruction> instructions = stream::decode(program_.stream, kMicro16.D);
    for (stream::Instruction& instruction : instructions) {
      auto* kind = std::get_if<Kind>(&instruction);
      if (kind != nullptr && change(*kind)) break;
    }
    stream::Program program = program_;
    program.stream.clear();
    for (const stream::Instruction& instruction : instructions) stream::append(program.stream, instruction);
    EXPECT_NE(program.stream, program_.stream);
    return program;
  }

  Random random_{test::random_seed()};
  Network network_;
  stream::Program program_;
  std::vector<std::uint8_t> pixels_;
};

TEST_F(Corruption, NothingDiffersWithoutOne) { EXPECT_EQ(run(program_), ""); }

TEST_F(Corruption, OneStoredBitIsSeen) {
  // Bits 0 and 1: stored bit 0 of the first two slices.
  EXPECT_NE(run(changed<stream::Bits>([](stream::Bits& bits) {
              bits.data[0] ^= 1;
              return true;
            })),
            "");
}

TEST_F(Corruption, OneBitOfATableIsSeen) {
  for (const auto table : {stream::Table::Microcode, stream::Table::Code, stream::Table::Parameters}) {
    EXPECT_NE(run(changed<stream::Copy>([table](stream::Copy& copy) {
                if (copy.table != table) return false;
                copy.data[table == stream::Table::Parameters ? 1 : 0] ^= 0x10;
                if (table == stream::Table::Parameters) copy.data[1] ^= 0x4000;
                return true;
              })),
              "")
        << static_cast<int>(table);
  }
}

TEST_F(Corruption, OneAddressOffIsSeen) {
  EXPECT_NE(run(changed<stream::SetResult>([](stream::SetResult& result) {
              ++result.address;
              return true;
            })),
            "");
}

TEST_F(Corruption, OnePixelIsSeen) {
  const auto right = program_;
  pixels_[pixels_.size() / 2] ^= 0x80;
  StreamInterpreter interpreter(kMicro16.AccWidth, StreamInterpreter::When::AtOnce);
  std::copy(right.stream.begin(), right.stream.end(), interpreter.bank[2].begin());
  EXPECT_EQ(test::compare_with_golden(network_, right, kMicro16, pixels_, interpreter), "");
  const auto writes = interpreter.writes();
  pixels_[pixels_.size() / 2] ^= 0x80;
  EXPECT_EQ(test::compare_with_golden(network_, right, kMicro16, pixels_, interpreter), "");
  EXPECT_FALSE(std::equal(writes.begin(), writes.end(), interpreter.writes().begin(),
                          [](const auto& a, const auto& b) { return a.value == b.value; }));
}

// Whatever stands in the stream, the job ends.
TEST_F(Corruption, EveryStreamEnds) {
  int done = 0, errors = 0;
  for (int i = 0; i < 300; ++i) {
    StreamInterpreter interpreter(kMicro16.AccWidth, StreamInterpreter::When::Random, random_.next());
    interpreter.most_steps = 1 << 17;
    std::copy(program_.stream.begin(), program_.stream.end(), interpreter.bank[2].begin());
    for (int hits = 1 + static_cast<int>(random_.below(4)); hits > 0; --hits) {
      interpreter.bank[2][random_.below(program_.stream.size())] = static_cast<std::uint16_t>(random_.next());
    }
    const auto end = interpreter.run(0);
    end == StreamInterpreter::End::None ? ++done : ++errors;
  }
  EXPECT_EQ(done + errors, 300);
  EXPECT_GT(done, 0);
  EXPECT_GT(errors, 0);
}

}  // namespace
}  // namespace flexor
