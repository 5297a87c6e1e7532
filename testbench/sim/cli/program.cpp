// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <sstream>
#include <vector>

#include "networks.hpp"

namespace flexor::test {

namespace {
std::string content(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string without_progress(const std::string& text) {
  return std::regex_replace(text, std::regex("(compare|eval|sim): [0-9]+ of [0-9]+, [^\n]*\n"), "");
}
}  // namespace

Outcome run_shell(const std::filesystem::path& folder, const std::string& line) {
  const auto logs = folder.string() + ".logs";
  std::filesystem::create_directories(logs);
  const auto command = fmt::format("cd '{0}' && FLEXOR='{1}' LENET='{2}' && ( {3} ) >'{4}/out' 2>'{4}/err' </dev/null", folder.string(),
                                   FLEXOR_PROGRAM, FLEXOR_LENET, line, logs);
  const int status = std::system(command.c_str());
  Outcome outcome{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), content(logs + "/out"),
                  without_progress(content(logs + "/err"))};
  std::filesystem::remove_all(logs);
  return outcome;
}

int lines(const std::string& text) {
  std::istringstream stream(text);
  int count = 0;
  for (std::string line; std::getline(stream, line);) {
    count += !line.empty();
  }
  return count;
}

void write_endless_model(const std::filesystem::path& file) {
  constexpr int kConvolutions = 60;
  Random random(4);
  std::vector<LayerSpec> layers(kConvolutions, {LayerKind::Convolution, 6, 5, 1, 2, false, false, 0, 8});
  layers.push_back({LayerKind::Convolution, 2, 1, 1, 0, false, false, 0, 8});
  layers.push_back({LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8});
  save_network(random_network(random, {28, 28, 1}, {nested_code(8)}, layers), file);
}

void write_small_model(const std::filesystem::path& file, int n_in) {
  Random random(1);
  const LayerSpec conv{LayerKind::Convolution, 4, 5, 1, 0, false, true, 0, 8};
  const LayerSpec dense{LayerKind::Dense, 10, 1, 1, 0, false, false, 0, 8};
  Network network = random_network(random, {28, 28, 1}, {nested_code(n_in)}, {conv, dense});
  network.name = "small";
  network.provenance = {"flexor train --seed 1", "0.1.0", 1, "mnist", "0123abcd", 3, 12.5, 12.25};
  save_network(network, file);
}

}  // namespace flexor::test
