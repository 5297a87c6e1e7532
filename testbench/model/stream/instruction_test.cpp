// SPDX-License-Identifier: Apache-2.0
#include "stream/instruction.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace flexor::stream {
namespace {

std::vector<std::uint16_t> encode(const Instruction& instruction) {
  std::vector<std::uint16_t> stream;
  append(stream, instruction);
  return stream;
}

using Halfwords = std::vector<std::uint16_t>;

// Bits worked out by hand from the table of docs/stream_engine.md.
TEST(Instruction, StandsAsThePageSays) {
  EXPECT_EQ(encode(SetSource{0x5A3}), Halfwords{0x05A3});
  EXPECT_EQ(encode(SetFill{3, 2, 7, -9}), Halfwords{0x1000 | 3 << 10 | 1 << 8 | 6 << 5 | 0x17});
  EXPECT_EQ(encode(SetRow{256, 5}), Halfwords{0x2FF5});
  EXPECT_EQ(encode(SetLine{0x81}), Halfwords{0x3081});
  EXPECT_EQ(encode(SetPixels{32, 8}), Halfwords{0x41F8});
  EXPECT_EQ(encode(SetBase{0x12}), Halfwords{0x5012});
  EXPECT_EQ(encode(SetNext{0xFE}), Halfwords{0x60FE});
  EXPECT_EQ(encode(SetEntry{3}), Halfwords{0x7003});
  EXPECT_EQ(encode(SetWeight{200}), Halfwords{0x80C8});
  EXPECT_EQ(encode(SetResult{1, 0x7FF}), Halfwords{0x9FFF});
  EXPECT_EQ(encode(SetAddend{0, 0x10}), Halfwords{0xA010});
  EXPECT_EQ(encode(SetOutput{255, true, false, true, false}), Halfwords{0xBFFA});
  EXPECT_EQ(encode(SetOutput{15, false, true, false, true}), Halfwords{0xB0F5});
  EXPECT_EQ(encode(SetSteps{4, 2, 15}), Halfwords{0xC42F});
  EXPECT_EQ(encode(SetScale{256}), Halfwords{0xD100});
  EXPECT_EQ(encode(SetCode{13, 5}), Halfwords{0xE605});
  EXPECT_EQ(encode(Go{true, FillKind::Zeros, ResultKind::Last}), Halfwords{0xF015});
  EXPECT_EQ(encode(Bits{512, {7, 8}}), (Halfwords{0xF3FF, 7, 8}));
  EXPECT_EQ(encode(Copy{Table::Code, 32, 2, {1, 2, 3, 4}}), (Halfwords{0xF480, 32 << 8 | 33, 1, 2, 3, 4}));
  EXPECT_EQ(encode(Wait{}), Halfwords{0xF600});
  EXPECT_EQ(encode(End{}), Halfwords{0xF800});
}

TEST(Instruction, ComesBackFromAStream) {
  const std::vector<Instruction> instructions{SetSource{9},
                                              SetFill{1, 4, 1, -16},
                                              SetRow{1, 15},
                                              SetLine{255},
                                              SetPixels{256, 15},
                                              SetBase{1},
                                              SetNext{2},
                                              SetEntry{3},
                                              SetWeight{4},
                                              SetResult{1, 2047},
                                              SetAddend{1, 1},
                                              SetOutput{1, false, true, true, true},
                                              SetSteps{15, 14, 13},
                                              SetScale{4095},
                                              SetCode{32, 7},
                                              Bits{3, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}},
                                              Copy{Table::Microcode, 255, 1, {0xABC}},
                                              Copy{Table::Parameters, 0, 1, {1, 2, 3}},
                                              Go{false, FillKind::Row, ResultKind::Each},
                                              Go{true, FillKind::Nothing, ResultKind::None},
                                              Wait{},
                                              End{}};
  std::vector<std::uint16_t> stream;
  for (const Instruction& instruction : instructions) append(stream, instruction);
  EXPECT_EQ(decode(stream, 2), instructions);
  stream.pop_back();
  EXPECT_THROW(static_cast<void>(decode(stream, 2)), std::invalid_argument) << "without END";
  EXPECT_THROW(static_cast<void>(decode(Halfwords{0xFA00}, 2)), std::invalid_argument) << "action 5";
}

TEST(Instruction, RefusesWhatItsFieldCannotHold) {
  EXPECT_THROW(encode(SetSource{2048}), std::logic_error);
  EXPECT_THROW(encode(SetFill{0, 1, 8, 16}), std::logic_error);
  EXPECT_THROW(encode(SetFill{0, 5, 8, 1}), std::logic_error);
  EXPECT_THROW(encode(SetRow{257, 0}), std::logic_error);
  EXPECT_THROW(encode(SetRow{0, 0}), std::logic_error);
  EXPECT_THROW(encode(SetPixels{1, 16}), std::logic_error);
  EXPECT_THROW(encode(SetScale{4096}), std::logic_error);
  EXPECT_THROW(encode(Copy{Table::Microcode, 255, 2, {1, 2}}), std::logic_error);
  EXPECT_THROW(encode(Copy{Table::Code, 0, 1, {1}}), std::logic_error);
}

TEST(Instruction, CountsHalfwordsOfStoredBits) {
  EXPECT_EQ(bits_halfwords(4, 2, 13), 7) << "104 bits";
  EXPECT_EQ(bits_halfwords(8, 2, 1), 1);
  EXPECT_EQ(bits_halfwords(9, 2, 1), 2);
  EXPECT_EQ(bits_halfwords(1, 2, 32), 4);
}

}  // namespace
}  // namespace flexor::stream
