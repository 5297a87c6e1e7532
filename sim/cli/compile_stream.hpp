// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>

#include "command.hpp"

namespace flexor {

/// `flexor compile` for a configuration of the stream engine: prints the plan, writes the stream to `out` (the halfwords of bank 2 from
/// address 0 on, 16 bits each, little endian) and the figures to `json` unless that is empty. Throws InputError when the network does not
/// fit.
void compile_stream(const std::filesystem::path& model, const std::filesystem::path& out, const std::filesystem::path& json,
                    const EngineFlags& engine, const Context& context);

}  // namespace flexor
