// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "report/item.hpp"

namespace flexor {

/// One self-contained HTML page (inline style, no script, no network access) from files that `flexor ... --json` wrote
/// (docs/json.md). Throws InputError when a figure is missing or a kind is not known.
std::string render_report(const std::vector<ReportInput>& inputs);

/// The chief figures as lines of text.
std::string overview(const std::vector<ReportInput>& inputs);

/// Reads `inputs`, renders and writes `out` atomically; returns the overview. Throws InputError.
std::string write_report(const std::vector<std::filesystem::path>& inputs, const std::filesystem::path& out);

}  // namespace flexor
