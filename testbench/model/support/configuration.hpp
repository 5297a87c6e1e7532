// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "engine_parameters.hpp"

namespace flexor::test {

/// The named configuration of rtl/engine.json.
inline const EngineParameters& configuration(std::string_view name) {
  for (const EngineParameters& engine : kConfigurations) {
    if (engine.name == name) return engine;
  }
  throw std::logic_error("no configuration " + std::string(name));
}

}  // namespace flexor::test
