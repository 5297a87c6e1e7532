// SPDX-License-Identifier: Apache-2.0
#include "origin.hpp"

#include <fstream>

namespace flexor {

namespace {

std::string machine() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const auto colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown";
}

}  // namespace

nlohmann::ordered_json origin(const Context& context) {
  return {{"command", context.command},
          {"versions", {{"flexor", kVersion}, {"g++", __VERSION__}, {"verilator", FLEXOR_VERILATOR_VERSION}}},
          {"machine", machine()}};
}

}  // namespace flexor
