// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "engine_parameters.hpp"

namespace flexor {

/// Parameters of a named configuration. Throws InputError that lists the names.
const EngineParameters& find_configuration(std::string_view name);

}  // namespace flexor
