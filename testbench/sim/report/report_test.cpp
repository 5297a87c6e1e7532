// SPDX-License-Identifier: Apache-2.0
#include "report/report.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "code/error.hpp"

namespace flexor {
namespace {

using nlohmann::json;

json inspect_json() {
  return json::parse(R"({"command": "flexor inspect lenet.flexor --json i.json", "name": "lenet5-small",
    "versions": {"flexor": "9.8.7"}, "stored_bits": 172800, "bits_per_weight": 0.4, "macs": 2293000,
    "layers": [{"name": "conv1", "kind": "conv", "input": "28x28x1", "output": "12x12x20", "rate": 0.4, "q": 1, "stored_bits": 216, "macs": 288000}]})");
}

json eval_json() { return json::parse(R"({"command": "flexor eval lenet.flexor --data mnist", "images": 10000, "accuracy": 99.36})"); }

json compare_json() {
  return json::parse(
      R"({"command": "flexor compare lenet.flexor --images 100", "network": "lenet5-small", "configuration": "base",
    "versions": {"verilator": "5.006"}, "machine": "Test CPU <1>", "images": 100, "words_compared": 1234567, "words_differing": 0,
    "cycles": 420000, "ideal_cycles": 399000, "accuracy_golden": 99.31, "accuracy_rtl": 99.27,
    "layers": [{"name": "conv1", "words_compared": 288000, "words_differing": 0}]})");
}

json sim_json() {
  return json::parse(
      R"({"command": "flexor sim lenet.flexor --config nano", "network": "lenet5-small", "configuration": "nano", "images": 4,
    "cycles": 8000, "ideal_cycles": 6000, "macs_per_second": 123400000,
    "layers": [{"name": "conv1", "cycles": 2000, "ideal_cycles": 1500, "compute": 1500, "weight_stall": 250, "drain_stall": 150, "transfer_stall": 0, "other": 100, "utilisation": 0.75},
               {"name": "fc1", "cycles": 6000, "ideal_cycles": 4500, "compute": 4500, "weight_stall": 1500, "drain_stall": 0, "transfer_stall": 0, "other": 0, "utilisation": 0.75}]})");
}

json synth_json() {
  return json::parse(R"({"command": "flexor synth --quick", "results": [
    {"target": "up5k", "block": "pe_array", "lut": 3111, "ff": 912, "ram": 0, "dsp": 0, "cells": 3222, "fmax_mhz": 61.5, "macs_per_cycle": 120, "cells_per_mac": 26.85, "ratio_to_plain": 0.991},
    {"target": "up5k", "block": "flexor_engine", "lut": 4001, "ff": 1234, "ram": 30, "dsp": 2, "cells": 4444, "fmax_mhz": 45.1, "macs_per_cycle": 120, "cells_per_mac": 37.03, "ratio_to_plain": null}]})");
}

std::string render(const std::vector<json>& files) {
  std::vector<ReportInput> inputs;
  for (const auto& file : files) inputs.push_back(report_input(file, "test.json"));
  return render_report(inputs);
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

/// The sentence of the error that `action` throws; empty if it throws none.
template <typename Action>
std::string error_of(Action action) {
  try {
    action();
  } catch (const InputError& e) {
    return e.what();
  }
  return {};
}

TEST(Report, ShowsEveryFigureGiven) {
  const auto page = render({eval_json(), inspect_json(), compare_json(), sim_json(), synth_json()});
  for (const char* figure : {">99.36 %<",
                             "0 of 1,234,567 words differ",
                             ">99.27 %<",
                             "99.31 %",
                             ">4,200<",
                             ">95.0 %<",
                             ">172,800<",
                             ">2,293,000<",
                             ">0.40<",
                             ">28x28x1<",
                             "8,000 cycles, 6,000 of them ideal (75.0 %)",
                             "123 million MAC/s",
                             ">3,222<",
                             ">61.5<",
                             ">26.85<",
                             ">0.991<",
                             ">4,444<",
                             "9.8.7",
                             "5.006",
                             "flexor eval lenet.flexor --data mnist",
                             "flexor compare lenet.flexor --images 100",
                             "Test CPU &lt;1&gt;"}) {
    EXPECT_NE(page.find(figure), std::string::npos) << figure;
  }
}

TEST(Report, OverviewHasTheChiefFigures) {
  std::vector<ReportInput> inputs;
  for (const auto& file : {eval_json(), inspect_json(), compare_json(), sim_json(), synth_json()})
    inputs.push_back(report_input(file, "test.json"));
  std::istringstream lines(overview(inputs));
  std::map<std::string, std::string> figures;
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find_last_not_of(' ', line.find("  "));
    figures[line.substr(0, end + 1)] = line.substr(line.find_first_not_of(' ', end + 1));
  }
  const std::map<std::string, std::string> expected = {{"stored bits per weight, lenet5-small", "0.40"},
                                                       {"accuracy of the golden model, 10,000 images", "99.36 %"},
                                                       {"words compared, base", "1,234,567"},
                                                       {"words differing, base", "0"},
                                                       {"accuracy of the RTL, 100 images, base", "99.27 %"},
                                                       {"cycles per image, nano", "2,000"},
                                                       {"utilisation, nano", "75.0 %"},
                                                       {"cells, up5k pe_array", "3,222"},
                                                       {"Fmax, up5k pe_array", "61.5 MHz"},
                                                       {"cells to plain 1-bit weights, up5k pe_array", "0.991"},
                                                       {"cells, up5k flexor_engine", "4,444"},
                                                       {"Fmax, up5k flexor_engine", "45.1 MHz"}};
  EXPECT_EQ(figures, expected);
}

TEST(Report, BarsAreProportional) {
  const auto page = render({sim_json()});
  // conv1 has 2000 of the longest layer's 6000 cycles: 1500 compute is a quarter, 250 stalled 4.17 %, and so on.
  for (const char* part :
       {"class=\"compute\" style=\"width:25.00%\"", "class=\"weight\" style=\"width:4.17%\"", "class=\"drain\" style=\"width:2.50%\"",
        "class=\"other\" style=\"width:1.67%\"", "class=\"compute\" style=\"width:75.00%\""}) {
    EXPECT_NE(page.find(part), std::string::npos) << part;
  }
}

TEST(Report, IsSelfContained) {
  const auto page = render({inspect_json(), compare_json(), sim_json(), synth_json()});
  for (const char* outside : {"http:", "https:", "<script", "src=", "@import", "url("})
    EXPECT_EQ(page.find(outside), std::string::npos) << outside;
  for (const char* tag : {"section", "table", "div", "h2", "p"}) {
    EXPECT_EQ(count(page, std::string("<") + tag + ">") + count(page, std::string("<") + tag + " "),
              count(page, std::string("</") + tag + ">"))
        << tag;
  }
}

TEST(Report, DifferingWordsAreNotHidden) {
  auto file = compare_json();
  file["words_differing"] = 3;
  file["first_difference"] = json::parse(
      R"({"image": 3, "layer_name": "conv1", "channel": 2, "row": 7, "column": 9, "cycle": 1801, "expected": 41, "found": 42})");
  const auto page = render({compare_json(), file});
  EXPECT_NE(page.find("3 of 2,469,134 words differ"), std::string::npos);
  EXPECT_NE(page.find("image 3, layer conv1, channel 2, row 7, column 9, cycle 1,801: expected 41, found 42"), std::string::npos);
  EXPECT_NE(page.find("verdict bad"), std::string::npos);
  EXPECT_EQ(page.find("verdict good"), std::string::npos);
}

TEST(Report, MissingFigureIsRefused) {
  for (const char* key :
       {"words_compared", "words_differing", "cycles", "ideal_cycles", "accuracy_rtl", "accuracy_golden", "images", "command", "layers"}) {
    auto file = compare_json();
    file.erase(key);
    const auto message = error_of([&] { render({file}); });
    EXPECT_NE(message.find(key), std::string::npos) << key << ": " << message;
  }
  auto file = synth_json();
  file["results"][1].erase("cells");
  EXPECT_NE(error_of([&] { render({file}); }).find("results[1]"), std::string::npos);
}

TEST(Report, WrongTypeIsRefused) {
  auto file = compare_json();
  file["cycles"] = "many";
  EXPECT_NE(error_of([&] { render({file}); }).find("cycles"), std::string::npos);
  file = compare_json();
  file["layers"] = 5;
  EXPECT_NE(error_of([&] { render({file}); }).find("layers"), std::string::npos);
}

class ReportFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / "flexor_report";
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path file(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

TEST_F(ReportFiles, BadFilesAreRefusedAndNothingIsWritten) {
  const auto out = folder_ / "report.html";
  const auto good = file("good.json", compare_json().dump());
  const std::vector<std::filesystem::path> bad = {folder_ / "missing.json",
                                                  file("empty.json", ""),
                                                  file("short.json", R"({"command": "flexor sim")"),
                                                  file("list.json", "[1, 2]"),
                                                  file("nocommand.json", "{}"),
                                                  file("kind.json", R"({"command": "flexor train"})"),
                                                  folder_};
  for (const auto& path : bad) {
    EXPECT_NE(error_of([&] { write_report({good, path}, out); }), "") << path;
    EXPECT_FALSE(std::filesystem::exists(out)) << path;
  }
  EXPECT_NE(error_of([&] { write_report({}, out); }), "");
  EXPECT_NE(error_of([&] { write_report({good}, folder_ / "none" / "report.html"); }), "");
  write_report({good}, out);
  std::stringstream text;
  text << std::ifstream(out).rdbuf();
  EXPECT_NE(text.str().find("</html>"), std::string::npos);
}

}  // namespace
}  // namespace flexor
