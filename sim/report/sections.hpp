// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "report/report.hpp"

// The parts of the page, one file each; an empty string where no input has the part's kind.
namespace flexor::sections {

/// Large figures at the top: differing words, accuracy, bits per weight, cycles per image, utilisation.
std::string summary(const std::vector<ReportInput>& inputs);
/// Layers of the network: shape, rate, q, stored bits, MACs.
std::string network(const std::vector<ReportInput>& inputs);
/// Words compared and differing at each layer boundary.
std::string comparison(const std::vector<ReportInput>& inputs);
/// Cycles of each layer by stage, and its utilisation.
std::string cycles(const std::vector<ReportInput>& inputs);
/// Cells of each block, and every synthesis figure, per target.
std::string area(const std::vector<ReportInput>& inputs);
/// Tool versions and machine.
std::string origin(const std::vector<ReportInput>& inputs);

}  // namespace flexor::sections
