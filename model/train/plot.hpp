// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace flexor {

/// Loss (left) and accuracies (right) of a run's log over its epochs as an SVG picture. `log`: the lines of metrics.csv. Columns that are
/// missing are left out.
std::string plot_log(const std::string& log, const std::string& title);

}  // namespace flexor
