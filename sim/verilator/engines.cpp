// SPDX-License-Identifier: Apache-2.0
#include "verilator/engines.hpp"

#include <fmt/format.h>

#include "code/error.hpp"

namespace flexor {

// FLEXOR_CONFIGURATION_LIST is X(tiny) X(nano) ... : every configuration of rtl/engine.json.
#define X(name)                                                                               \
  std::unique_ptr<EngineBus> make_fast_##name(const EngineParameters&, const EngineOptions&); \
  std::unique_ptr<EngineBus> make_traced_##name(const EngineParameters&, const EngineOptions&);
FLEXOR_CONFIGURATION_LIST
#undef X

bool is_simulated(const EngineParameters& configuration) {
#define X(known) \
  if (configuration.name == #known) return true;
  FLEXOR_CONFIGURATION_LIST
#undef X
  return false;
}

void check_simulated(const EngineParameters& configuration) {
  if (is_simulated(configuration)) return;
  throw InputError(fmt::format(
      "this build has no simulator of configuration '{0}'; configure one with -DFLEXOR_SIMULATORS={0} and build it", configuration.name));
}

std::unique_ptr<EngineBus> make_verilator_engine(const EngineParameters& configuration, const EngineOptions& options) {
  [[maybe_unused]] const bool traced = !options.wave_file.empty();
#define X(known)                                                                                             \
  if (configuration.name == #known) {                                                                        \
    return traced ? make_traced_##known(configuration, options) : make_fast_##known(configuration, options); \
  }
  FLEXOR_CONFIGURATION_LIST
#undef X
  check_simulated(configuration);
  return nullptr;  // not reached: the lists are the same
}

}  // namespace flexor
