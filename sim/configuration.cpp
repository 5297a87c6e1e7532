// SPDX-License-Identifier: Apache-2.0
#include "configuration.hpp"

#include <fmt/format.h>

#include <string>

#include "code/error.hpp"

namespace flexor {

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

}  // namespace flexor
