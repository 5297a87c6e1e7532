// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "command.hpp"

namespace flexor {

/// Whether `--config` names a configuration of the stream engine. Throws InputError when it is one of those and `--batch`, `--stall`
/// or another flag that it does not know was given.
bool is_stream(const EngineFlags& flags);
/// Multiply-accumulates a cycle of either engine.
int macs_per_cycle(const EngineFlags& flags);

}  // namespace flexor
