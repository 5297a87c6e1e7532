// SPDX-License-Identifier: Apache-2.0
#include "stream/cycle_model.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace flexor::stream {
namespace {

// Every number is worked out from the table of docs/stream_engine.md, "Timing".
class CycleModelTest : public testing::Test {
 protected:
  CycleModel::Cycle take(const Instruction& instruction) { return model_->take(instruction); }

  // A table of one pixel with `entries` entries at address 0.
  void pixel(int entries) {
    Copy copy{Table::Microcode, 0, entries, std::vector<std::uint16_t>(static_cast<std::size_t>(entries), 0)};
    copy.data.back() = 1 << 9 | 1 << 11;                                     // last, step
    copy.data[copy.data.size() - 2] |= static_cast<std::uint16_t>(1 << 10);  // end
    take(copy);
  }

  Parameters parameters_;
  std::optional<CycleModel> model_{parameters_};
};

TEST_F(CycleModelTest, OneInstructionACycle) {
  EXPECT_EQ(take(SetSource{0}), 3);
  EXPECT_EQ(take(SetRow{4, 1}), 4);
  EXPECT_EQ(take(End{}), 5);
}

TEST_F(CycleModelTest, FillsEightCyclesAWordAndOneAZero) {
  take(SetFill{3, 1, 8, 1});  // 3
  take(SetRow{4, 2});         // 4
  EXPECT_EQ(take(Go{false, FillKind::Row, ResultKind::Each}), 5);
  EXPECT_EQ(take(SetBase{0}), 7) << "two cycles after GO";
  EXPECT_EQ(take(SetLine{0}), 5 + 2 + 8 * 4 + 2) << "not before the fill has ended";
  EXPECT_EQ(take(Go{false, FillKind::Zeros, ResultKind::Each}), 42);
  EXPECT_EQ(take(Wait{}), 42 + 2 + 4 + 2);
}

TEST_F(CycleModelTest, ReadsPartOfAGroupInTheSameTime) {
  take(SetFill{3, 2, 3, -6});
  take(SetRow{4, 0});
  const auto go = take(Go{false, FillKind::Row, ResultKind::Each});
  EXPECT_EQ(take(Wait{}), go + 2 + 8 * 4);
}

TEST_F(CycleModelTest, TakesTablesAndStoredBitsHalfwordByHalfword) {
  EXPECT_EQ(take(Copy{Table::Parameters, 0, 2, {1, 2, 3, 4, 5, 6}}), 3);
  EXPECT_EQ(take(SetCode{13, 0}), 3 + 2 + 6);
  EXPECT_EQ(take(Bits{4, std::vector<std::uint16_t>(7)}), 12);
  EXPECT_EQ(take(SetBase{0}), 12 + 1 + 4 * 13);
}

TEST_F(CycleModelTest, LongPixelsTakeAnEntryACycle) {
  pixel(20);
  take(SetPixels{3, 1});
  const auto go = take(Go{true, FillKind::Nothing, ResultKind::Each});
  EXPECT_EQ(take(SetBase{0}), go + 3 + 60);
  const auto again = take(Go{true, FillKind::Nothing, ResultKind::None});
  EXPECT_EQ(again, go + 3 + 60 + 1);
  EXPECT_EQ(take(SetBase{0}), again + 3 + 60);
  EXPECT_EQ(model_->entries(), 120);
}

TEST_F(CycleModelTest, ResultsAreSixteenEighteenTwentyOrMoreCyclesApart) {
  // Pixels of so many entries: cycles from one result to the next.
  for (const auto& [entries, gap] : {std::pair{2, 16}, {16, 16}, {17, 18}, {18, 18}, {19, 20}, {20, 20}, {21, 22}, {22, 22}, {23, 23}}) {
    model_.emplace(parameters_);
    pixel(entries);
    take(SetPixels{5, 1});
    const auto go = take(Go{true, FillKind::Nothing, ResultKind::Each});
    EXPECT_EQ(take(SetBase{0}), go + 3 + entries - 1 + 4 * gap + 1) << entries << " entries";
  }
}

TEST_F(CycleModelTest, DrainIsIdleTwentyNineCyclesAfterTheLastResult) {
  pixel(4);
  take(SetPixels{1, 0});
  const auto go = take(Go{true, FillKind::Nothing, ResultKind::Each});
  EXPECT_EQ(take(SetSteps{1, 0, 0}), go + 3 + 3 + 29);
  const auto sums = take(Go{true, FillKind::Nothing, ResultKind::None});
  EXPECT_EQ(take(SetSteps{1, 0, 0}), sums + 3 + 3 + 8) << "without a result: when the last entry is in the accumulators";
}

TEST_F(CycleModelTest, FillsWaitForTheDrainsBank) {
  const auto row = [&](int bank) {
    model_.emplace(parameters_);
    pixel(4);
    take(SetPixels{1, 0});
    take(SetResult{0, 0});
    take(SetAddend{1, 0});
    take(SetFill{bank, 1, 8, 1});
    take(SetRow{8, 0});
    const auto go = take(Go{true, FillKind::Row, ResultKind::Each});
    return take(SetLine{0}) - go - 2;
  };
  // The fill reads from GO + 2 on; the result is accepted in GO + 6, its shortcut read from GO + 13 to GO + 27, itself written from GO + 20
  // to GO + 34.
  EXPECT_EQ(row(3), 64);
  EXPECT_EQ(row(1), 64 + 8);
  EXPECT_EQ(row(0), 64 + 8);
}

}  // namespace
}  // namespace flexor::stream
