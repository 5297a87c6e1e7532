// SPDX-License-Identifier: Apache-2.0
// BoundaryCheck on traces written by hand: it must see wrong, missing, repeated and misplaced words.
#include "boundary_check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flexor {
namespace {

using Kind = Difference::Kind;

// One convolution with a 2x2x3 output and logits of 2 classes; two images.
class BoundaryCheckTest : public testing::Test {
 protected:
  BoundaryCheckTest() {
    network_.layers.resize(2);
    network_.layers[0].name = "conv1";
    network_.layers[0].output = {2, 2, 3};
    network_.layers[1].name = "dense1";
    network_.layers[1].output = {1, 1, 2};
    for (int image = 0; image < 2; ++image) {
      BoundaryCheck::Boundaries one(2);
      for (int i = 0; i < 12; ++i) one[0].push_back(static_cast<std::int16_t>(100 * image + i));
      for (int i = 0; i < 2; ++i) one[1].push_back(static_cast<std::int16_t>(-1000 * (image + 1) + i));
      golden_.push_back(one);
    }
  }

  // Every word of both images, one write a pixel; cycle counts the writes.
  [[nodiscard]] std::vector<TraceWrite> right_trace() const {
    std::vector<TraceWrite> trace;
    for (int layer = 0; layer < 2; ++layer) {
      const int pixels = layer == 0 ? 4 : 1;
      const int channels = layer == 0 ? 3 : 2;
      for (int pixel = 0; pixel < 2 * pixels; ++pixel) {
        TraceWrite write{trace.size(), layer, pixel, 0, channels, {}};
        for (int c = 0; c < channels; ++c) {
          write.value[c] = golden_[static_cast<std::size_t>(pixel / pixels)][static_cast<std::size_t>(layer)]
                                  [static_cast<std::size_t>(pixel % pixels * channels + c)];
        }
        trace.push_back(write);
      }
    }
    return trace;
  }

  [[nodiscard]] BoundaryCheck checked(const std::vector<TraceWrite>& trace) const {
    BoundaryCheck check(network_, golden_, 40);
    for (const auto& write : trace) check.on_write(write);
    check.finish(999);
    return check;
  }

  Network network_;
  std::vector<BoundaryCheck::Boundaries> golden_;
};

TEST_F(BoundaryCheckTest, CountsEveryWordOfARightTrace) {
  const auto check = checked(right_trace());
  EXPECT_EQ(check.counts()[0].compared, 24U);
  EXPECT_EQ(check.counts()[1].compared, 4U);
  EXPECT_EQ(check.counts()[0].differing + check.counts()[1].differing, 0U);
  EXPECT_FALSE(check.first().has_value());
}

// Engine layers 0 and 1 are the rows of conv1, 2 is dense1.
TEST_F(BoundaryCheckTest, TakesStripsOfALayer) {
  std::vector<MemoryImage::LayerPlan> parts(3);
  parts[1].first_pixel = 2;
  parts[2].layer = 1;
  const std::vector<BoundaryCheck::Boundaries> one{golden_[0]};
  std::vector<TraceWrite> trace;
  for (const TraceWrite& write : right_trace()) {
    if (write.pixel >= (write.layer == 0 ? 4 : 1)) continue;
    TraceWrite part = write;
    part.layer = write.layer == 1 ? 2 : write.pixel / 2;
    part.pixel = write.layer == 1 ? 0 : write.pixel % 2;
    trace.push_back(part);
  }
  BoundaryCheck right(network_, one, 40, parts);
  for (const auto& write : trace) right.on_write(write);
  right.finish(999);
  EXPECT_FALSE(right.first().has_value());
  EXPECT_EQ(right.counts()[0].compared, 12U);

  trace[3].value[1] ^= 1;  // strip 1, pixel 1 = pixel 3 of the layer: expected 10
  BoundaryCheck wrong(network_, one, 40, parts);
  for (const auto& write : trace) wrong.on_write(write);
  TraceWrite beyond = trace[0];
  beyond.layer = 1 << 24;  // so far that reading its part would be noticed
  wrong.on_write(beyond);
  wrong.finish(999);
  ASSERT_TRUE(wrong.first().has_value());
  EXPECT_EQ(to_string(*wrong.first()), "image 40, layer 0 (conv1), channel 1, pixel (1, 1), cycle 3: expected 10, found 11");
  EXPECT_EQ(wrong.counts()[0].differing, 1U);
  EXPECT_EQ(wrong.counts()[1].differing, 3U) << "a layer that is not there counts on the last";
}

// Engine layers 0 and 1 are channels 0 to 1 and channel 2 of conv1, 2 is dense1.
TEST_F(BoundaryCheckTest, TakesChannelsOfALayer) {
  std::vector<MemoryImage::LayerPlan> parts(3);
  parts[1].first_channel = 2;
  parts[2].layer = 1;
  std::vector<TraceWrite> trace;
  for (TraceWrite write : right_trace()) {
    if (write.layer == 1) {
      write.layer = 2;
      trace.push_back(write);
      continue;
    }
    TraceWrite last = write;
    write.count = 2;
    last.layer = last.count = 1;
    last.value[0] = last.value[2];
    trace.push_back(write);
    trace.push_back(last);
  }
  BoundaryCheck right(network_, golden_, 40, parts);
  for (const auto& write : trace) right.on_write(write);
  right.finish(999);
  EXPECT_FALSE(right.first().has_value());
  trace[3].value[0] ^= 1;  // pixel 1, channel 2: expected 5
  BoundaryCheck wrong(network_, golden_, 40, parts);
  for (const auto& write : trace) wrong.on_write(write);
  wrong.finish(999);
  ASSERT_TRUE(wrong.first().has_value());
  EXPECT_EQ(to_string(*wrong.first()), "image 40, layer 0 (conv1), channel 2, pixel (0, 1), cycle 1: expected 5, found 4");
}

TEST_F(BoundaryCheckTest, NamesTheFirstWrongWord) {
  auto trace = right_trace();
  trace[6].value[1] ^= 1;  // image 1, pixel 2 = (1, 0), channel 1: expected 100 + 7
  trace[7].value[2] ^= 1;
  const auto check = checked(trace);
  EXPECT_EQ(check.counts()[0].differing, 2U);
  ASSERT_TRUE(check.first().has_value());
  EXPECT_EQ(check.first()->kind, Kind::Value);
  EXPECT_EQ(to_string(*check.first()), "image 41, layer 0 (conv1), channel 1, pixel (1, 0), cycle 6: expected 107, found 106");
}

TEST_F(BoundaryCheckTest, SaysWhichWordNeverComes) {
  for (const int image : {0, 1}) {
    auto trace = right_trace();
    trace[static_cast<std::size_t>(4 * image + 2)].count = 2;  // pixel 2 = (1, 0), channel 2: expected 8, or 108
    const auto check = checked(trace);
    ASSERT_TRUE(check.first().has_value());
    EXPECT_EQ(to_string(*check.first()),
              image == 0 ? "image 40, layer 0 (conv1), channel 2, pixel (1, 0), cycle 999: expected 8, never written"
                         : "image 41, layer 0 (conv1), channel 2, pixel (1, 0), cycle 999: expected 108, never written");
  }
}

TEST_F(BoundaryCheckTest, SeesAWordThatNeverComes) {
  auto trace = right_trace();
  trace[2].count = 2;
  const auto check = checked(trace);
  EXPECT_EQ(check.counts()[0].differing, 1U);
  EXPECT_EQ(check.first()->kind, Kind::Missing);
  EXPECT_EQ(check.first()->channel, 2);
  EXPECT_EQ(check.first()->cycle, 999U);
  EXPECT_EQ(check.first()->expected, 8);
}

TEST_F(BoundaryCheckTest, SeesAWordWrittenTwiceWithTheRightValue) {
  auto trace = right_trace();
  trace.push_back(trace[1]);
  const auto check = checked(trace);
  EXPECT_EQ(check.counts()[0].differing, 3U);
  EXPECT_EQ(check.first()->kind, Kind::Twice);
}

TEST_F(BoundaryCheckTest, CountsAWordThatIsWrongTwiceOnce) {
  auto trace = right_trace();
  trace[0].value[0] = 77;
  trace.push_back(trace[0]);
  EXPECT_EQ(checked(trace).counts()[0].differing, 3U);  // the wrong word once, its two right neighbours twice written
}

TEST_F(BoundaryCheckTest, SeesWordsOutsideOfEveryTensor) {
  for (const TraceWrite& stray : {TraceWrite{50, 5, 0, 0, 1, {}}, TraceWrite{50, 0, 8, 0, 1, {}}, TraceWrite{50, 0, 0, 3, 1, {}}}) {
    auto trace = right_trace();
    trace.push_back(stray);
    const auto check = checked(trace);
    EXPECT_EQ(check.counts()[0].differing + check.counts()[1].differing, 1U);
    EXPECT_EQ(check.first()->kind, Kind::Unexpected);
  }
}

TEST_F(BoundaryCheckTest, AnEmptyTraceDiffersEverywhere) {
  const auto check = checked({});
  EXPECT_EQ(check.counts()[0].differing, 24U);
  EXPECT_EQ(check.counts()[1].differing, 4U);
}

}  // namespace
}  // namespace flexor
