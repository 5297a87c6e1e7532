// SPDX-License-Identifier: Apache-2.0
#include "stream_engine.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "code/error.hpp"
#include "configuration.hpp"
#include "stream/parameters.hpp"

namespace flexor {

namespace {
const stream::Parameters* find(const EngineFlags& flags) {
  const auto found = std::find_if(stream::kConfigurations.begin(), stream::kConfigurations.end(),
                                  [&](const stream::Parameters& p) { return p.name == flags.configuration; });
  return found == stream::kConfigurations.end() ? nullptr : &*found;
}
}  // namespace

bool is_stream(const EngineFlags& flags) {
  if (find(flags) == nullptr) return false;
  const auto refuse = [&](const char* what) {
    throw InputError(
        fmt::format("{} means nothing on {}: it runs one image a job, from its own memories; leave it out", what, flags.configuration));
  };
  if (flags.batch > 1) refuse("--batch");
  if (flags.stall > 0) refuse("--stall");
  return true;
}

int macs_per_cycle(const EngineFlags& flags) {
  if (const stream::Parameters* p = find(flags)) return p->K * p->M;
  return find_configuration(flags.configuration).macs();
}

}  // namespace flexor
