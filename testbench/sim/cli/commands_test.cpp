// SPDX-License-Identifier: Apache-2.0
// Every subcommand on good input through the real program: exit code 0, quiet standard error, JSON that adds up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "networks.hpp"
#include "pictures.hpp"
#include "program.hpp"
#include "scratch.hpp"

namespace flexor::test {
namespace {

class Commands : public testing::Test {
 protected:
  Commands() { write_small_model(scratch_ / "m.flexor"); }

  nlohmann::json run(const std::string& line) {
    const Outcome outcome = run_shell(scratch_.folder(), line + " --json out.json");
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    out_ = outcome.out;
    return nlohmann::json::parse(std::ifstream(scratch_ / "out.json"));
  }

  Scratch scratch_;
  std::string out_;
};

// conv1: 5x5x1 -> 4 channels over 24x24 pixels; dense2: 12*12*4 inputs -> 10.
constexpr long kConvMacs = 24L * 24 * 25 * 4, kDenseMacs = 576L * 10;

TEST_F(Commands, EachHasHelpWithAnExample) {
  for (const char* name :
       {"train", "sweep", "eval", "compile", "inspect", "export", "sim", "compare", "synth", "report", "classify", "check-data"}) {
    const Outcome outcome = run_shell(scratch_.folder(), std::string("$FLEXOR ") + name + " --help");
    EXPECT_EQ(outcome.exit_code, 0) << name;
    EXPECT_THAT(outcome.out, testing::HasSubstr(std::string("Example:\n  flexor ") + name));
    EXPECT_THAT(outcome.out, testing::HasSubstr("--json")) << name;
  }
}

TEST_F(Commands, VersionAndCommit) {
  const Outcome outcome = run_shell(scratch_.folder(), "$FLEXOR --version");
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("flexor [0-9]+\\.[0-9]+\\.[0-9]+, commit ([0-9a-f]+(-dirty)?|unknown)\n"));
}

TEST_F(Commands, InspectShowsLayersAndProvenance) {
  const auto json = run("$FLEXOR inspect m.flexor");
  EXPECT_EQ(json.at("macs"), kConvMacs + kDenseMacs);
  // 8 bits a slice of 20: conv1 has 2 channel pairs * 5 strings * 1 slice, dense2 5 pairs * 58 slices.
  EXPECT_EQ(json.at("stored_bits"), 8 * (2 * 5 * 1 + 5 * 58));
  EXPECT_EQ(json.at("layers").at(0).at("rate"), 0.4);
  EXPECT_EQ(json.at("layers").at(0).at("q"), 1);
  EXPECT_EQ(json.at("layers").at(1).at("code").at("rank"), 8);
  EXPECT_EQ(json.at("provenance").at("seed"), 1);
  EXPECT_THAT(out_, testing::HasSubstr("flexor train --seed 1"));
}

TEST_F(Commands, SweepForSlurmKeepsEveryOption) {
  std::ofstream(scratch_ / "s.json") << R"({"name": "s", "recipe": "lenet5-mnist", "rates": [0.4, 0.8], "seeds": [1]})";
  const Outcome outcome = run_shell(scratch_.folder(),
                                    "$FLEXOR sweep s.json --data d --out o --threads 3 --workers 2 --quiet --device cuda "
                                    "--start a/real.pt --teacher real.pt --slurm job.sh && cat job.sh");
  if (outcome.err.find("without the trainer") != std::string::npos) GTEST_SKIP() << outcome.err;
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const std::string folder = "'" + std::filesystem::canonical(scratch_.folder()).string();
  for (const std::string& words :
       {" sweep " + folder + "/s.json'", " --data " + folder + "/d'", " --out " + folder + "/o'", std::string(" --threads 3 --workers 2"),
        std::string(" --quiet"), std::string(" --device cuda"), " --start " + folder + "/a/real.pt'", " --teacher " + folder + "/real.pt'",
        std::string(" --only \"$SLURM_ARRAY_TASK_ID\"")}) {
    EXPECT_THAT(outcome.out, testing::HasSubstr(words));
  }
}

TEST_F(Commands, ExportWritesAnOnnxFile) {
  const auto json = run("$FLEXOR export m.flexor --out m.onnx");
  EXPECT_EQ(json.at("bytes"), std::filesystem::file_size(scratch_ / "m.onnx"));
  EXPECT_GT(json.at("bytes"), 4 * (25 * 4 + 576 * 10));  // float weights
}

TEST_F(Commands, CompileWritesAnImageAndThePlan) {
  const auto json = run("$FLEXOR compile m.flexor --config small --batch 2 --out m.img");
  EXPECT_TRUE(std::filesystem::exists(scratch_ / "m.img"));
  EXPECT_EQ(json.at("batch"), 2);
  EXPECT_EQ(json.at("layers").at(0).at("macs"), 2 * kConvMacs);
  EXPECT_EQ(json.at("memories").at("weight").at("size"), 65536);
}

TEST_F(Commands, EvalCountsTheSample) {
  const auto one = run("$FLEXOR eval m.flexor --threads 1");
  const auto two = run("$FLEXOR eval m.flexor --threads 2");
  EXPECT_EQ(one.at("images"), 100);
  EXPECT_EQ(one.at("correct"), two.at("correct"));
  EXPECT_EQ(one.at("accuracy").get<double>(), one.at("correct").get<double>());
}

TEST_F(Commands, SimCountsCyclesOfEveryLayer) {
  const auto json = run("$FLEXOR sim m.flexor --config small --images 3 --batch 2");
  EXPECT_EQ(json.at("macs"), 3 * (kConvMacs + kDenseMacs));
  EXPECT_DOUBLE_EQ(json.at("ideal_cycles").get<double>(), 3.0 * (kConvMacs + kDenseMacs) / (30 * 16));
  long cycles = 0;
  for (const auto& layer : json.at("layers")) {
    cycles += layer.at("cycles").get<long>();
    EXPECT_EQ(layer.at("cycles").get<long>(), layer.at("compute").get<long>() + layer.at("weight_stall").get<long>() +
                                                  layer.at("drain_stall").get<long>() + layer.at("transfer_stall").get<long>() +
                                                  layer.at("other").get<long>());
  }
  constexpr long kJobs = 2;
  EXPECT_EQ(json.at("cycles").get<long>(), cycles + kJobs) << "the cycle of the start belongs to no layer";
  EXPECT_GT(json.at("cycles").get<double>(), json.at("ideal_cycles").get<double>());
}

TEST_F(Commands, SimWritesWaves) {
  run("$FLEXOR sim m.flexor --config small --images 1 --batch 1 --wave all.fst");
  run("$FLEXOR sim m.flexor --config small --images 1 --batch 1 --wave part.fst --from-cycle 100 --to-cycle 200");
  const auto all = read_bytes(scratch_ / "all.fst"), part = read_bytes(scratch_ / "part.fst");
  ASSERT_GT(part.size(), 1000U);
  EXPECT_EQ(part[0], 0) << "an FST file begins with its header block";
  EXPECT_LT(2 * part.size(), all.size());
}

// The golden model's and the RTL's best five are the same digits, and those of the logits in order.
TEST_F(Commands, ClassifyGivesTheSameDigitsOnGoldenModelAndRtl) {
  std::vector<std::uint8_t> grey;
  for (int i = 0; i < 28 * 28; ++i) grey.push_back(static_cast<std::uint8_t>(i * 37 % 256));
  write_jpeg(scratch_ / "a b.jpeg", grey, 28, 28, TJPF_GRAY);
  write_jpeg(scratch_ / "wide.jpeg", plain_picture(40, 60, 200, 100, 30), 40, 60);
  const auto golden = run("$FLEXOR classify m.flexor 'a b.jpeg' wide.jpeg");
  const std::string printed = out_;
  const auto rtl = run("$FLEXOR classify m.flexor 'a b.jpeg' wide.jpeg --config small");
  EXPECT_EQ(golden.at("pictures"), rtl.at("pictures"));
  EXPECT_EQ(out_, printed);
  EXPECT_TRUE(golden.at("configuration").is_null());
  EXPECT_EQ(rtl.at("configuration"), "small");
  EXPECT_NE(golden.at("command").get<std::string>().find("'a b.jpeg'"), std::string::npos);
  for (const auto& picture : golden.at("pictures")) {
    ASSERT_EQ(picture.at("top").size(), 5U);
    for (std::size_t i = 1; i < 5; ++i) EXPECT_GE(picture.at("top").at(i - 1).at("logit"), picture.at("top").at(i).at("logit"));
  }
  const auto one = run("$FLEXOR classify m.flexor wide.jpeg --top 1");
  EXPECT_EQ(one.at("pictures").at(0).at("top").at(0), golden.at("pictures").at(1).at("top").at(0));
}

TEST_F(Commands, CheckDataCountsKindsAndNamesWhatIsDamaged) {
  for (const char* part : {"train", "val"}) {
    for (const char* name : {"cat", "dog"}) {
      write_jpeg(scratch_ / ("pets/" + std::string(part) + "/" + name + "/1.jpeg"), plain_picture(8, 8, 1, 2, 3), 8, 8);
    }
  }
  write_jpeg(scratch_ / "pets/train/dog/2.jpeg", std::vector<std::uint8_t>(64, 9), 8, 8, TJPF_GRAY);
  const auto json = run("$FLEXOR check-data pets --data .");
  EXPECT_EQ(json.at("classes"), (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(json.at("train").at("images"), 3);
  EXPECT_EQ(json.at("train").at("kinds").at("grey"), 1);
  EXPECT_EQ(json.at("test").at("damaged"), 0);
  write_bytes(scratch_ / "pets/val/cat/bad.png", {'n', 'o'});
  const Outcome outcome = run_shell(scratch_.folder(), "$FLEXOR check-data pets --data .");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, testing::HasSubstr("1 of 6 pictures cannot be read; '"));
  EXPECT_THAT(outcome.err, testing::HasSubstr("bad.png' is no JPEG file"));
}

// A class more or less, or other names: the labels would mean something else.
TEST_F(Commands, EvalRefusesOtherClasses) {
  Random random(3);
  Network network = random_network(random, {8, 8, 3}, {nested_code(8)}, {LayerSpec{LayerKind::Dense, 2, 1, 1, 0, false, false, 0, 8}});
  network.provenance.data_name = "pets";
  network.classes = {"cat", "dog"};
  save_network(network, scratch_ / "pets.flexor");
  for (const char* part : {"train", "val"}) {
    for (const char* name : {"cat", "dog"}) {
      write_jpeg(scratch_ / ("pets/" + std::string(part) + "/" + name + "/1.jpeg"), plain_picture(8, 8, 1, 2, 3), 8, 8);
    }
  }
  EXPECT_EQ(run("$FLEXOR eval pets.flexor --data .").at("images"), 2);
  write_jpeg(scratch_ / "pets/train/bird/1.jpeg", plain_picture(8, 8, 1, 2, 3), 8, 8);
  Outcome outcome = run_shell(scratch_.folder(), "$FLEXOR eval pets.flexor --data .");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, testing::HasSubstr("the model knows 2 classes, the data has 3"));
  std::filesystem::remove_all(scratch_ / "pets/train/cat");
  std::filesystem::remove_all(scratch_ / "pets/val/cat");
  outcome = run_shell(scratch_.folder(), "$FLEXOR eval pets.flexor --data .");
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, testing::HasSubstr("class 0 of the model is 'cat', that of the data 'bird'"));
}

TEST_F(Commands, CompareAgreesOverThreadsAndStalls) {
  const auto one = run("$FLEXOR compare m.flexor --config small --images 5 --batch 2 --threads 1");
  const auto two = run("$FLEXOR compare m.flexor --config small --images 5 --batch 2 --threads 2 --stall 0.5 --seed 3");
  for (const auto* json : {&one, &two}) {
    EXPECT_EQ(json->at("images"), 5);
    EXPECT_EQ(json->at("words_compared"), 5 * (12 * 12 * 4 + 10));
    EXPECT_EQ(json->at("words_differing"), 0);
    EXPECT_EQ(json->at("layers").at(0).at("words_compared"), 5 * 12 * 12 * 4);
    EXPECT_EQ(json->at("accuracy_golden"), json->at("accuracy_rtl"));
    EXPECT_TRUE(json->at("first_difference").is_null());
  }
  EXPECT_EQ(one.at("cycles"), two.at("cycles")) << "the bus is idle while a job runs";
}

}  // namespace
}  // namespace flexor::test
