// SPDX-License-Identifier: Apache-2.0
#include "train/team_place.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "code/error.hpp"

namespace flexor {
namespace {

constexpr int kMostProcesses = 65536;
constexpr int kLargestPort = 65535;

struct Names {
  const char* rank;
  const char* size;
};

// torchrun (and whoever sets them by hand), srun, Open MPI, MPICH.
constexpr Names kNames[] = {{"RANK", "WORLD_SIZE"},
                            {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"},
                            {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                            {"PMI_RANK", "PMI_SIZE"}};

std::string_view text(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

int number(const char* name, int low, int high) {
  const std::string_view words = text(name);
  int value = 0;
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), value);
  if (words.empty() || error != std::errc() || end != words.data() + words.size() || value < low || value > high) {
    throw InputError(
        fmt::format("the environment variable {} is '{}', but a run of several processes needs {} to {}", name, words, low, high));
  }
  return value;
}

}  // namespace

TeamPlace team_place() {
  TeamPlace place;
  for (const Names& names : kNames) {
    // srun sets its rank in batch scripts as well, where nothing was started in parallel.
    const bool chosen = names.rank == kNames[0].rank ? !text(names.rank).empty() || !text(names.size).empty() : !text(names.size).empty();
    if (!chosen) continue;
    place.size = number(names.size, 1, kMostProcesses);
    place.rank = number(names.rank, 0, place.size - 1);
    break;
  }
  if (place.size == 1) return place;
  place.address = text("MASTER_ADDR");
  if (place.address.empty()) {
    throw InputError(
        fmt::format("this is process {} of {}, but MASTER_ADDR does not say where process 0 is; set it to the name of its machine",
                    place.rank, place.size));
  }
  if (!text("MASTER_PORT").empty()) place.port = static_cast<std::uint16_t>(number("MASTER_PORT", 1, kLargestPort));
  place.hosted = text("TORCHELASTIC_USE_AGENT_STORE") == "True";
  place.round = text("TORCHELASTIC_RESTART_COUNT");
  return place;
}

}  // namespace flexor
