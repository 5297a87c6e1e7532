// SPDX-License-Identifier: Apache-2.0
// Sweeps: which runs a file means, that finished ones are skipped and killed ones go on, and what comes out.
#include "train/sweep.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>

#include "expect_input_error.hpp"
#include "pictures.hpp"
#include "scratch.hpp"
#include "train/json_reader.hpp"
#include "train/recipe.hpp"

namespace flexor {
namespace {

constexpr const char* kNetwork = R"({"name": "colours", "input": [8, 8, 3], "defaults": {"kernel": 3, "padding": 1, "clip": 6}, "layers": [
  {"name": "conv", "channels": 8, "stride": 2},
  {"name": "dense", "kind": "dense", "channels": 2, "global_average": true, "digits": 8, "logits": true}]})";

constexpr const char* kRecipe = R"({"name": "colours", "network": "to be named", "data": "colours", "epochs": 3, "minibatch": 4,
  "warm_up_steps": 2})";

constexpr const char* kSweep = R"({"name": "tiny-sweep", "recipe": "RECIPE", "network": "NETWORK", "epochs": 2,
  "rates": [0.4, 0.8], "seeds": [1, 7],
  "variants": [{"label": "nearest codeword"}, {"label": "eq. 6, two taps", "method": "eq6", "code": "tap2", "learning_rate": 0.01, "s_tanh": 7, "epochs": 1}]})";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class SweepTest : public testing::Test {
 protected:
  void SetUp() override {
    std::mt19937 random(5);
    for (int i = 0; i < 16; ++i) {
      std::vector<std::uint8_t> pixels;
      for (int p = 0; p < 8 * 8 * 3; ++p)
        pixels.push_back(static_cast<std::uint8_t>(random() % 100 + ((p % 3 == 0) == (i % 2 == 0) ? 120 : 0)));
      const std::string name =
          "colours/" + std::string(i < 12 ? "train/" : "val/") + (i % 2 == 0 ? "red/" : "blue/") + std::to_string(i) + ".JPEG";
      test::write_jpeg(scratch_ / name, pixels, 8, 8);
    }
    std::ofstream(scratch_ / "network.json") << kNetwork;
    std::ofstream(scratch_ / "recipe.json") << kRecipe;
    sweep_ = with(with(kSweep, "RECIPE", (scratch_ / "recipe.json").string()), "NETWORK", (scratch_ / "network.json").string());
    common_.data = scratch_.folder();
    common_.out = scratch_ / "sweep";
    common_.threads = 1;
    common_.quiet = true;
  }
  [[nodiscard]] Sweep parsed() const { return parse_sweep(sweep_, "file", common_); }

  test::Scratch scratch_;
  TrainOptions common_;
  std::string sweep_;
};

TEST_F(SweepTest, IsEveryVariantAtEveryRateWithEverySeed) {
  const Sweep sweep = parsed();
  ASSERT_EQ(sweep.runs.size(), 8U);
  std::vector<std::string> names;
  for (const SweepRun& run : sweep.runs) names.push_back(run.options.out.filename().string());
  EXPECT_EQ(names, (std::vector<std::string>{"nearest-codeword_0.4_1", "nearest-codeword_0.4_7", "nearest-codeword_0.8_1",
                                             "nearest-codeword_0.8_7", "eq.-6-two-taps_0.4_1", "eq.-6-two-taps_0.4_7",
                                             "eq.-6-two-taps_0.8_1", "eq.-6-two-taps_0.8_7"}));
  const TrainOptions& last = sweep.runs.back().options;
  EXPECT_EQ(last.method, "eq6");
  EXPECT_EQ(last.code, "tap2");
  EXPECT_EQ(last.epochs, 1);
  EXPECT_EQ(last.seed, 7U);
  EXPECT_EQ(last.rate, 0.8);
  EXPECT_EQ(last.learning_rate, 0.01);
  EXPECT_EQ(last.s_tanh, 7);
  EXPECT_NE(train_command(last).find(" --s-tanh 7 "), std::string::npos);
  EXPECT_EQ(train_command(sweep.runs.front().options).find("s-tanh"), std::string::npos);
  EXPECT_EQ(sweep.runs.front().options.epochs, 2);
  EXPECT_EQ(sweep.runs.front().options.method, "");
}

TEST(SweepSummaries, SetEveryVariantBesideTheFirst) {
  const auto all = sweep_summary({{"ours", 0.4, 1, 5, 0, 60},
                                  {"ours", 0.4, 2, 5, 0, 63},
                                  {"ours", 0.8, 1, 5, 0, 70},
                                  {"theirs", 0.4, 1, 5, 0, 58},
                                  {"theirs", 0.4, 2, 5, 0, 59},
                                  {"theirs", 0.4, 3, 5, 0, 54},
                                  {"theirs", 0.6, 1, 5, 0, 50}});
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].label, "ours");
  EXPECT_EQ(all[0].seeds, 2);
  EXPECT_DOUBLE_EQ(all[0].mean, 61.5);
  EXPECT_EQ(all[0].behind, 0);
  EXPECT_EQ(all[1].rate, 0.8);
  EXPECT_EQ(all[2].seeds, 3);
  EXPECT_DOUBLE_EQ(all[2].mean, 57);
  EXPECT_EQ(all[2].lowest, 54);
  EXPECT_EQ(all[2].highest, 59);
  EXPECT_DOUBLE_EQ(all[2].behind, 4.5);
  EXPECT_DOUBLE_EQ(all[2].margin, 1);
  EXPECT_EQ(all[3].behind, 0) << "the first has no run at that rate";
}

TEST_F(SweepTest, SkipsFinishedRunsAndResumesKilledOnes) {
  const Sweep sweep = parsed();
  EXPECT_EQ(run_sweep(sweep, 5), 1);  // a task of an array job
  ASSERT_EQ(sweep_results(sweep).size(), 1U);
  EXPECT_EQ(sweep_results(sweep)[0].label, "eq. 6, two taps");
  EXPECT_EQ(run_sweep(sweep, 5), 0);
  // What a run leaves that was killed in its second epoch: a checkpoint of the first.
  SweepRun begun = sweep.runs[0];
  begun.options.epochs = 1;
  train_main(begun.options);
  std::filesystem::remove(begun.options.out / "model.flexor");
  EXPECT_EQ(run_sweep(sweep, -1), 7);
  EXPECT_EQ(run_sweep(sweep, -1), 0);
  const auto log = test::read_bytes(begun.options.out / "metrics.csv");
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << "its first epoch was not trained again";
  const std::vector<SweepResult> results = sweep_results(sweep);
  ASSERT_EQ(results.size(), 8U);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Network network = load_network(sweep.runs[i].options.out / "model.flexor");
    EXPECT_EQ(results[i].accuracy, network.provenance.accuracy);
    EXPECT_EQ(results[i].epochs, i < 4 ? 2 : 1);
    EXPECT_EQ(results[i].seed, i % 2 == 0 ? 1U : 7U);
    // conv: 4 pairs of channels x 9 weights of 3 inputs in 1 slice a string of 9 (27 inputs in 3 strings); dense: 8 digits of 1 slice.
    const int stored = static_cast<int>(std::lround(results[i].rate * 20));
    EXPECT_EQ(results[i].stored_bits, 4 * 3 * stored + 8 * 20);
  }
}

TEST_F(SweepTest, ARunThatAnotherProcessHoldsIsLeftToIt) {
  const Sweep sweep = parsed();
  std::filesystem::create_directories(sweep.runs[0].options.out);
  const RunLock other(sweep.runs[0].options.out);
  ASSERT_TRUE(other.held());
  EXPECT_EQ(run_sweep(sweep, 0), 0);
  EXPECT_TRUE(sweep_results(sweep).empty());
}

TEST_F(SweepTest, TableAndPlotShowEveryRun) {
  const std::vector<SweepResult> results{{"a, b", 0.4, 1, 5, 1000, 80.125}, {"a, b", 0.4, 2, 5, 1000, 82}, {"c<d", 0.8, 1, 5, 2000, 90}};
  EXPECT_EQ(results_table(results),
            "label,rate,seed,epochs,stored_bits,accuracy\na; b,0.4,1,5,1000,80.12\na; b,0.4,2,5,1000,82.00\nc<d,0.8,1,5,2000,90.00\n");
  const std::string plot = results_plot(results, "title");
  const auto count = [&plot](const std::string& part) {
    int found = 0;
    for (auto at = plot.find(part); at != std::string::npos; at = plot.find(part, at + 1)) ++found;
    return found;
  };
  EXPECT_EQ(count("<circle"), 3);
  EXPECT_EQ(count("<polyline"), 2);
  EXPECT_EQ(count("c&lt;d"), 1);
  // Range 80..90, 0.4..0.8: the mean of 80.125 and 82 is 1.0625 of 10 above the lower edge (340 - 300 * 0.10625).
  EXPECT_EQ(count("points=\"60.0,308.1 \""), 1);
  EXPECT_EQ(count("points=\"520.0,40.0 \""), 1);
}

TEST_F(SweepTest, OneRateIsDrawnAsRowsTheBestOnTop) {
  const std::string plot =
      results_plot({{"worse", 0.4, 1, 5, 1000, 80}, {"worse", 0.4, 2, 5, 1000, 82}, {"better", 0.4, 1, 5, 1000, 90}}, "title");
  // Range 80..90 over 480 places from 250 on; rows of 22 from 40 on.
  for (const char* part : {"cx=\"730.0\" cy=\"51.0\"", "cx=\"250.0\" cy=\"73.0\"", "cx=\"346.0\" cy=\"73.0\"", ">81.00<", ">better<",
                           "y=\"77.0\" text-anchor=\"end\">worse<", "at 0.4 bit"}) {
    EXPECT_NE(plot.find(part), std::string::npos) << part << " in " << plot;
  }
  EXPECT_EQ(plot.find("<polyline"), std::string::npos);
}

TEST_F(SweepTest, SlurmScriptHasATaskForEveryRun) {
  const std::string script = slurm_script(parsed(), "flexor sweep tiny.json --data /data --out /out", 4);
  EXPECT_NE(script.find("#SBATCH --array=0-7\n"), std::string::npos);
  EXPECT_NE(script.find("#SBATCH --cpus-per-task=4\n"), std::string::npos);
  EXPECT_NE(script.find("exec flexor sweep tiny.json --data /data --out /out --only \"$SLURM_ARRAY_TASK_ID\"\n"), std::string::npos);
}

TEST_F(SweepTest, EveryShippedOneNamesRecipesAndNetworksThatExist) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(training_folder() / "sweeps")) {
    const Sweep sweep = load_sweep(entry.path(), common_);
    EXPECT_EQ(sweep.name, entry.path().stem().string());
    for (const SweepRun& run : sweep.runs) {
      const Recipe recipe = load_recipe(run.options.recipe);
      const NetworkSpec spec = network_spec(run.options.network.empty() ? recipe.network : run.options.network);
      EXPECT_FALSE(spec.layers.empty());
      EXPECT_NO_THROW(make_code(run.options.code.empty() ? recipe.code : run.options.code, run.options.rate, 1));
    }
    ++files;
  }
  EXPECT_GE(files, 4);
}

TEST_F(SweepTest, RefusesWithOneSentence) {
  const auto expect = [this](const std::string& from, const std::string& to, const std::string& part) {
    test::expect_input_error([&] { parse_sweep(with(sweep_, from, to), "file", common_); }, part);
  };
  expect("\"seeds\": [1, 7]", "\"seeds\": [1, 1]", "file: two runs would be called nearest-codeword_0.4_1");
  expect("\"seeds\": [1, 7]", "\"seeds\": [-1]", "file: \"seeds\" must hold whole numbers");
  expect("\"seeds\": [1, 7]", "\"seeds\": []", "file: \"seeds\" must be a list in brackets");
  expect("[0.4, 0.8]", "[0.42]", "rate 0.42 is not possible");
  expect("[0.4, 0.8]", "0.4", "file: \"rates\" must be a list");
  expect("\"method\": \"eq6\"", "\"methods\": \"eq6\"", "file, variant 2: there is no key \"methods\"");
  expect("{\"label\": \"nearest codeword\"}", "{}", "file, variant 1: \"label\" is missing");
  expect("nearest codeword", "+-+", "file, variant 1: \"label\" has no letters");
  expect("\"tiny-sweep\"", "\"tiny sweep\"", "file: \"name\" may have small letters");
  test::expect_input_error([this] { parse_sweep("{", "file", common_); }, "file: it is not JSON");
  test::expect_input_error([this] { load_sweep(scratch_ / "none.json", common_); }, "none.json' cannot be read");
  test::expect_input_error([this] { run_sweep(parsed(), 8); }, "there is no run 8 in sweep tiny-sweep: it has runs 0 to 7");
  Sweep sweep = parsed();
  sweep.runs.resize(1);
  run_sweep(sweep, -1);
  sweep.runs[0].options.threads += 3;
  EXPECT_EQ(sweep_results(sweep).size(), 1U) << "a result is one whatever the number of threads";
  Sweep real = sweep;
  real.runs[0].options.method = "real";
  test::expect_input_error([&real] { run_sweep(real, -1); }, "has real weights, of which no model file comes");
  sweep.runs[0].options.code = "tap3";
  test::expect_input_error([&sweep] { run_sweep(sweep, -1); }, "nearest-codeword_0.4_1' holds the model of another run (flexor train");
}

}  // namespace
}  // namespace flexor
