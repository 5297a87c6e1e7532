// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>

namespace flexor::test {

/// What a run of a program left behind.
struct Outcome {
  int exit_code = -1;
  std::string out;
  std::string err;  ///< without the progress lines, which come when a run takes long
};

/// Runs a shell command line in which $FLEXOR is the program, $LENET a shipped model and the working folder is `folder`.
Outcome run_shell(const std::filesystem::path& folder, const std::string& line);

/// Lines that are not empty.
int lines(const std::string& text);

/// A network for the shipped images that keeps the slowest engine busy for more than a minute of processor time.
void write_endless_model(const std::filesystem::path& file);

/// A small convolutional network for the shipped 28x28 images with random stored bits, in a model file.
void write_small_model(const std::filesystem::path& file, int n_in = 8);

}  // namespace flexor::test
