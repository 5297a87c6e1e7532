// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json.hpp>

#include "command.hpp"

namespace flexor {

/// What every JSON file begins with: "command", "versions" of the tools, "machine" (docs/json.md).
nlohmann::ordered_json origin(const Context& context);

}  // namespace flexor
