// SPDX-License-Identifier: Apache-2.0
// Two processes on loopback: the result of one, and one sentence for everything that goes wrong between them.
#include "train/team.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "expect_input_error.hpp"
#include "scratch.hpp"
#include "tiny.hpp"
#include "tiny_files.hpp"
#include "train/checkpoint.hpp"
#include "train/recipe.hpp"

extern char** environ;

namespace flexor {
namespace {

using Variables = std::vector<std::pair<std::string, std::string>>;

#if defined(USE_C10D_GLOO) && __has_include(<gloo/transport/device.h>)
constexpr bool kHasGloo = true;
#else
constexpr bool kHasGloo = false;
#endif

// A port that nobody listens on.
std::string free_port() {
  const int file = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(file, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::getsockname(file, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ::close(file);
  return std::to_string(ntohs(address.sin_port));
}

pid_t start(const std::filesystem::path& errors, const Variables& variables) {
  std::vector<std::string> words{"/proc/self/exe", "--gtest_filter=TeamChild.DISABLED_Train", "--gtest_also_run_disabled_tests"};
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  std::vector<char*> argv, envp;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  for (std::string& line : lines) envp.push_back(line.data());
  for (char** old = environ; *old != nullptr; ++old) envp.push_back(*old);
  envp.push_back(nullptr);
  posix_spawn_file_actions_t files;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, words[0].c_str(), &files, nullptr, argv.data(), envp.data()), 0);
  posix_spawn_file_actions_destroy(&files);
  return child;
}

int exit_code(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class TeamRun : public testing::Test {
 protected:
  void SetUp() override {
    if (!kHasGloo) GTEST_SKIP() << "this build has no c10d with gloo";
    test::write_tiny_files(scratch_.folder());
  }

  // What process `rank` of `size` needs to know.
  [[nodiscard]] Variables place(int rank, int size, const std::string& port, const std::string& out) const {
    return {{"RANK", std::to_string(rank)}, {"WORLD_SIZE", std::to_string(size)},      {"MASTER_ADDR", "127.0.0.1"},
            {"MASTER_PORT", port},          {"FLEXOR_TEAM_FOLDER", scratch_.folder()}, {"FLEXOR_TEAM_OUT", scratch_ / out}};
  }
  pid_t start_one(const std::string& name, Variables variables, const Variables& more) {
    variables.insert(variables.begin(), more.begin(), more.end());  // the first of a name counts
    return start(scratch_ / (name + ".errors"), variables);
  }
  std::vector<pid_t> start_two(const std::string& out, const Variables& more = {}) {
    const std::string port = free_port();
    return {start_one(out + "0", place(0, 2, port, out), more), start_one(out + "1", place(1, 2, port, out), more)};
  }
  void run_alone(const std::string& out, const Variables& more = {}) {
    ASSERT_EQ(exit_code(start_one(out, place(0, 1, "1", out), more)), 0) << errors(out);
  }
  void run_two(const std::string& out, const Variables& more = {}) {
    const std::vector<pid_t> children = start_two(out, more);
    for (const pid_t child : children) EXPECT_EQ(exit_code(child), 0);
    EXPECT_EQ(errors(out + "0") + errors(out + "1"), "");
  }
  std::string errors(const std::string& name) {
    const auto bytes = test::read_bytes(scratch_ / (name + ".errors"));
    return {bytes.begin(), bytes.end()};
  }
  // Last line of a run's log.
  std::string last_line(const std::string& out) {
    std::ifstream stream(scratch_ / out / "metrics.csv");
    std::string last;
    for (std::string line; std::getline(stream, line);) last = line;
    return last;
  }

  test::Scratch scratch_;
};

// What the other tests start in processes of their own.
TEST(TeamChild, DISABLED_Train) {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (variable("FLEXOR_TEAM_FOLDER").empty()) GTEST_SKIP() << "only as a part of the other tests of TeamRun";
  TrainOptions options = test::tiny_options(variable("FLEXOR_TEAM_FOLDER"), variable("FLEXOR_TEAM_OUT"));
  if (!variable("FLEXOR_TEAM_NETWORK").empty()) options.network = variable("FLEXOR_TEAM_NETWORK");
  if (!variable("FLEXOR_TEAM_EPOCHS").empty()) options.epochs = std::stoi(variable("FLEXOR_TEAM_EPOCHS"));
  if (!variable("FLEXOR_TEAM_SEED").empty()) options.seed = std::stoull(variable("FLEXOR_TEAM_SEED"));
  options.peer_patience = 120;
  if (!variable("FLEXOR_TEAM_PATIENCE").empty()) options.peer_patience = std::stoi(variable("FLEXOR_TEAM_PATIENCE"));
  const int images = variable("FLEXOR_TEAM_IMAGES").empty() ? 320 : std::stoi(variable("FLEXOR_TEAM_IMAGES"));
  try {
    train_on(options, test::stripes(images, 1), test::stripes(101, 2));
  } catch (const InputError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    std::_Exit(2);
  }
}

// Gradients of the only step of a run with one minibatch, as its checkpoint holds them.
std::vector<torch::Tensor> gradients(const NetworkSpec& spec, const std::filesystem::path& file) {
  Recipe recipe = parse_recipe(test::kTinyRecipe, "recipe");
  recipe.rates.clear();
  Hyper hyper = recipe.hyper;
  Trainable model(spec, layer_codes(recipe, spec, 0.4), hyper, 1);
  const Dataset data = test::stripes(16, 1);
  RunState state = begin_run(model, data, {});
  CheckpointNotes notes;
  load_checkpoint(model, state, notes, file);
  EXPECT_EQ(state.epoch, 1);
  std::vector<torch::Tensor> found;
  for (const Optimiser::Parameter& p : state.optimiser.parameters()) found.push_back(p.first);
  return found;
}

// Every kind of layer: fused ones, projection, shortcut that is trained, pooling of both kinds, dense ones with and without average.
constexpr const char* kEveryKind = R"({"name": "team", "input": [8, 8, 1], "defaults": {"kernel": 3, "padding": 1, "clip": 6}, "layers": [
  {"name": "conv", "channels": 8, "digits": 8}, {"name": "pool", "kind": "pool", "kernel": 3, "stride": 1, "padding": 1, "average": true},
  {"name": "p", "channels": 16, "kernel": 1, "stride": 2, "padding": 0, "projection": true}, {"name": "a", "channels": 16, "stride": 2, "back": 2},
  {"name": "b", "channels": 16, "shortcut": {"back": 2}}, {"name": "c", "channels": 16, "shortcut": {"back": 1, "learned": true}},
  {"name": "d", "channels": 8, "max_pool": true}, {"name": "e", "kind": "dense", "channels": 12},
  {"name": "dense", "kind": "dense", "channels": 2, "global_average": true, "digits": 8, "logits": true}]})";

TEST_F(TeamRun, GradientsOfTwoProcessesAreThoseOfOne) {
  std::ofstream(scratch_ / "team.json") << kEveryKind;
  const Variables one_step{{"FLEXOR_TEAM_EPOCHS", "1"}, {"FLEXOR_TEAM_IMAGES", "16"}, {"FLEXOR_TEAM_NETWORK", scratch_ / "team.json"}};
  run_alone("alone", one_step);
  run_two("both", one_step);
  const NetworkSpec spec = parse_network(kEveryKind, "network");
  const auto alone = gradients(spec, scratch_ / "alone/checkpoint.pt");
  auto both = gradients(spec, scratch_ / "both/checkpoint.pt");
  ASSERT_EQ(alone.size(), both.size());
  for (std::size_t i = 0; i < alone.size(); ++i) {
    // A rounding that falls to the other side is a change of 1 in 255: far below the spread among images, which 1/100 of the norm sees.
    EXPECT_LT((alone[i] - both[i]).norm().item<double>(), 1e-2 * alone[i].norm().item<double>() + 1e-7) << "parameter " << i;
    both[i].flatten()[0] += alone[i].norm();
    EXPECT_GT((alone[i] - both[i]).norm().item<double>(), 1e-2 * alone[i].norm().item<double>() + 1e-7) << "parameter " << i;
  }
}

TEST_F(TeamRun, LearnsAndOnlyProcess0Writes) {
  run_two("run");
  EXPECT_EQ(last_line("run").substr(0, 3), "12,");
  for (const char* name : {"model.flexor", "model.onnx", "metrics.csv", "metrics.svg", "checkpoint.pt"})
    EXPECT_TRUE(std::filesystem::exists(scratch_ / "run" / name)) << name;
  EXPECT_GT(load_network(scratch_ / "run/model.flexor").provenance.accuracy, 90);
}

TEST_F(TeamRun, KilledProcessesResumeAndEndBitIdentical) {
  run_two("whole");
  for (int round = 0; round < 2 && !std::filesystem::exists(scratch_ / "killed/model.flexor"); ++round) {
    const std::string before = last_line("killed");
    const std::vector<pid_t> children = start_two("killed");
    while (last_line("killed") == before) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ::kill(children[1], SIGKILL);  // the other one loses it, unless both had come to their end
    exit_code(children[1]);
    if (exit_code(children[0]) == 0) continue;
    EXPECT_EQ(errors("killed0"), "process 0 of 2 has lost another one; start all of them again, they go on from the last checkpoint\n");
  }
  run_two("killed");
  EXPECT_EQ(test::read_bytes(scratch_ / "whole/model.flexor").size(), test::read_bytes(scratch_ / "killed/model.flexor").size());
  const Network whole = load_network(scratch_ / "whole/model.flexor"), killed = load_network(scratch_ / "killed/model.flexor");
  for (std::size_t l = 0; l < whole.layers.size(); ++l) {
    EXPECT_EQ(whole.layers[l].bias, killed.layers[l].bias);
    EXPECT_EQ(whole.layers[l].multiplier, killed.layers[l].multiplier);
    for (std::size_t p = 0; p < whole.layers[l].planes.size(); ++p)
      EXPECT_EQ(whole.layers[l].planes[p].stored, killed.layers[l].planes[p].stored);
  }
}

TEST_F(TeamRun, WhatCannotBeATeamIsRefused) {
  EXPECT_EQ(exit_code(start_one("three", place(0, 3, "1", "run"), {})), 2);
  EXPECT_EQ(errors("three"), "a minibatch of 16 cannot be divided among 3 processes; give a multiple of 3\n");
  const Variables short_of_time{{"FLEXOR_TEAM_PATIENCE", "2"}};
  const std::string port = free_port();
  EXPECT_EQ(exit_code(start_one("lonely", place(0, 2, port, "run"), short_of_time)), 2);
  EXPECT_NE(errors("lonely").find("process 0 did not meet all 2 processes at 127.0.0.1:" + port + " within 2 s"), std::string::npos);
  const std::string other = free_port();
  const pid_t first = start_one("first", place(0, 2, other, "run"), {});
  const pid_t second = start_one("second", place(1, 2, other, "run"), {{"FLEXOR_TEAM_SEED", "2"}});
  EXPECT_EQ(exit_code(second), 2);
  ::kill(first, SIGKILL);  // it would wait for a second one of its kind
  exit_code(first);
  EXPECT_NE(errors("second").find("process 1 was not started for the same run as process 0"), std::string::npos) << errors("second");
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "run/checkpoint.pt"));
}

// Environment variables of this process for one test.
class TeamPlaceTest : public testing::Test {
 protected:
  ~TeamPlaceTest() override {
    for (const std::string& name : set_) ::unsetenv(name.c_str());
  }
  void set(const std::string& name, const std::string& value) {
    ::setenv(name.c_str(), value.c_str(), 1);
    set_.push_back(name);
  }
  std::vector<std::string> set_;
};

TEST_F(TeamPlaceTest, IsReadFromEveryStarter) {
  EXPECT_EQ(team_place().size, 1);
  set("SLURM_PROCID", "0");  // of a batch script
  EXPECT_EQ(team_place().size, 1);
  for (const auto& [rank, size] : {std::pair{"PMI_RANK", "PMI_SIZE"}, std::pair{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                   std::pair{"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}, std::pair{"RANK", "WORLD_SIZE"}}) {
    set(rank, "2");
    set(size, "4");
    set("MASTER_ADDR", "node7");
    const TeamPlace place = team_place();
    EXPECT_EQ(place.rank, 2);
    EXPECT_EQ(place.size, 4);
    EXPECT_EQ(place.address, "node7");
    EXPECT_EQ(place.port, 29500);
    EXPECT_FALSE(place.hosted);
  }
  set("MASTER_PORT", "1234");
  set("TORCHELASTIC_USE_AGENT_STORE", "True");
  EXPECT_EQ(team_place().port, 1234);
  EXPECT_TRUE(team_place().hosted);
}

TEST_F(TeamPlaceTest, RefusesWithOneSentence) {
  set("WORLD_SIZE", "2");
  test::expect_input_error([] { team_place(); }, "the environment variable RANK is ''");
  set("RANK", "2");
  test::expect_input_error([] { team_place(); }, "RANK is '2', but a run of several processes needs 0 to 1");
  set("RANK", "1");
  test::expect_input_error([] { team_place(); }, "this is process 1 of 2, but MASTER_ADDR does not say where process 0 is");
  set("MASTER_ADDR", "localhost");
  set("MASTER_PORT", "http");
  test::expect_input_error([] { team_place(); }, "MASTER_PORT is 'http'");
  set("WORLD_SIZE", "0");
  test::expect_input_error([] { team_place(); }, "WORLD_SIZE is '0'");
}

}  // namespace
}  // namespace flexor
