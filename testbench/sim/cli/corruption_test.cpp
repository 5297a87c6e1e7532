// SPDX-License-Identifier: Apache-2.0
// A comparison that can fail: one flipped bit makes `flexor compare` exit 1 and name the place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "program.hpp"
#include "scratch.hpp"

namespace flexor::test {
namespace {

class Corrupted : public testing::TestWithParam<const char*> {};

TEST_P(Corrupted, ComparisonFailsAndNamesThePlace) {
  Scratch scratch;
  write_small_model(scratch / "m.flexor");
  const auto line = std::string("$FLEXOR compare m.flexor --config small --images 4 --json c.json");
  const Outcome good = run_shell(scratch.folder(), line);
  ASSERT_EQ(good.exit_code, 0) << good.err;
  EXPECT_EQ(good.err, "");

  const Outcome bad = run_shell(scratch.folder(), line + " --corrupt " + GetParam());
  EXPECT_EQ(bad.exit_code, 1) << bad.out << bad.err;
  EXPECT_THAT(bad.err,
              testing::ContainsRegex("words differ, the first one: image 0, layer 0 .conv1., channel [0-3], pixel .[0-9]+, [0-9]+., "
                                     "cycle [0-9]+: expected -?[0-9]+, found -?[0-9]+"));
  const auto json = nlohmann::json::parse(std::ifstream(scratch / "c.json"));
  EXPECT_GT(json.at("words_differing").get<long>(), 0);
  EXPECT_EQ(json.at("first_difference").at("layer"), 0);
  EXPECT_NE(json.at("first_difference").at("expected"), json.at("first_difference").at("found"));
}

INSTANTIATE_TEST_SUITE_P(Cli, Corrupted, testing::Values("stored-bit", "code-entry", "bias", "activation", "golden-shift"),
                         [](const auto& info) {
                           std::string name = info.param;
                           name[name.find_first_of("-") == std::string::npos ? 0 : name.find('-')] =
                               name.find('-') == std::string::npos ? name[0] : '_';
                           return name;
                         });

TEST(CorruptedLater, NamesTheLayerThatWasChosen) {
  Scratch scratch;
  write_small_model(scratch / "m.flexor");
  const Outcome bad = run_shell(scratch.folder(), "$FLEXOR compare m.flexor --config small --images 1 --corrupt golden-shift:1");
  EXPECT_EQ(bad.exit_code, 1) << bad.err;
  EXPECT_THAT(bad.err, testing::HasSubstr("layer 1 (dense2)"));
}

}  // namespace
}  // namespace flexor::test
