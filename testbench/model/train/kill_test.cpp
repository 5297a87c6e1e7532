// SPDX-License-Identifier: Apache-2.0
// A run that was killed with SIGKILL, inside and between epochs, ends with the same bytes as one that was left alone.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "scratch.hpp"
#include "tiny.hpp"
#include "tiny_files.hpp"

extern char** environ;

namespace flexor {
namespace {

using std::chrono::milliseconds;

pid_t start(const std::filesystem::path& folder, const std::filesystem::path& out) {
  ::setenv("FLEXOR_TINY_FOLDER", folder.c_str(), 1);
  ::setenv("FLEXOR_TINY_OUT", out.c_str(), 1);
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=KilledRun.DISABLED_Train";
  std::string also = "--gtest_also_run_disabled_tests";
  char* words[] = {program.data(), filter.data(), also.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, words, environ), 0);
  return child;
}

int exit_code(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : -1; }

int wait_for(pid_t child) {
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return exit_code(status);
}

// Finished epochs that metrics.csv tells of.
int epochs(const std::filesystem::path& out) {
  std::ifstream stream(out / "metrics.csv");
  int lines = 0;
  for (std::string line; std::getline(stream, line);) ++lines;
  return lines == 0 ? 0 : lines - 1;
}

// Lets a run go on for at least one epoch and `delay` more, then kills it. False: it came to its end before that.
bool kill_later(const std::filesystem::path& folder, const std::filesystem::path& out, milliseconds delay) {
  const int before = epochs(out);
  const pid_t child = start(folder, out);
  int status = 0;
  while (epochs(out) <= before) {
    if (waitpid(child, &status, WNOHANG) == child) {
      EXPECT_EQ(exit_code(status), 0);
      return false;
    }
    std::this_thread::sleep_for(milliseconds(1));
  }
  std::this_thread::sleep_for(delay);
  ::kill(child, SIGKILL);
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_GT(epochs(out), before) << "no epoch is lost";
  return !std::filesystem::exists(out / "model.flexor");
}

// Kills a run five times, each time a little later after the end of the next epoch: between epochs and inside one. False: on this
// machine the run came to its end before the last kill.
bool kill_five_times(const std::filesystem::path& folder, const std::filesystem::path& out) {
  std::filesystem::remove_all(out);
  for (const int delay : {0, 20, 40, 60, 10}) {
    if (!kill_later(folder, out, milliseconds(delay))) return false;
  }
  return true;
}

// What the other test starts in a process of its own: the tiny residual network of tiny_files.hpp on stripes.
TEST(KilledRun, DISABLED_Train) {
  const char* folder = std::getenv("FLEXOR_TINY_FOLDER");
  const char* out = std::getenv("FLEXOR_TINY_OUT");
  if (folder == nullptr || out == nullptr) GTEST_SKIP() << "only as a part of KilledRun.EndsBitIdentical";
  train_on(test::tiny_options(folder, out), test::stripes(800, 1), test::stripes(100, 2));
}

TEST(KilledRun, EndsBitIdentical) {
  const test::Scratch scratch;
  test::write_tiny_files(scratch.folder());
  for (const char* name : {"whole", "killed"}) std::filesystem::create_directory(scratch / name);
  const auto whole = scratch / "whole/run";
  const auto killed = scratch / "killed/run";
  ASSERT_EQ(wait_for(start(scratch.folder(), whole)), 0);
  ASSERT_EQ(epochs(whole), 12);
  while (!kill_five_times(scratch.folder(), killed)) {
  }
  ASSERT_EQ(wait_for(start(scratch.folder(), killed)), 0);
  EXPECT_EQ(epochs(killed), 12);
  EXPECT_EQ(test::read_bytes(whole / "model.flexor"), test::read_bytes(killed / "model.flexor"));
  // Every file of the run is whole: no temporary one was left to be taken for another.
  for (const char* name : {"model.flexor", "metrics.csv", "checkpoint.pt"}) EXPECT_TRUE(std::filesystem::exists(killed / name)) << name;
}

}  // namespace
}  // namespace flexor
