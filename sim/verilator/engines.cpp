// SPDX-License-Identifier: Apache-2.0
#include "verilator/engines.hpp"

#include <fmt/format.h>

#include <string>

#include "code/error.hpp"

namespace flexor {

// FLEXOR_CONFIGURATION_LIST is X(tiny) X(nano) ... : every configuration of rtl/engine.json.
#define X(name)                                                                               \
  std::unique_ptr<EngineBus> make_fast_##name(const EngineParameters&, const EngineOptions&); \
  std::unique_ptr<EngineBus> make_traced_##name(const EngineParameters&, const EngineOptions&);
FLEXOR_CONFIGURATION_LIST
#undef X

const EngineParameters& find_configuration(std::string_view name) {
  std::string known;
  for (const auto& configuration : kConfigurations) {
    if (configuration.name == name) {
      return configuration;
    }
    known += known.empty() ? "" : ", ";
    known += configuration.name;
  }
  throw InputError(fmt::format("there is no configuration '{}'; the engine has {}", name, known));
}

std::unique_ptr<EngineBus> make_verilator_engine(const EngineParameters& configuration, const EngineOptions& options) {
  [[maybe_unused]] const bool traced = !options.wave_file.empty();
#define X(known)                                                                                             \
  if (configuration.name == #known) {                                                                        \
    return traced ? make_traced_##known(configuration, options) : make_fast_##known(configuration, options); \
  }
  FLEXOR_CONFIGURATION_LIST
#undef X
  throw InputError(fmt::format("there is no simulator of configuration '{}'", configuration.name));
}

}  // namespace flexor
