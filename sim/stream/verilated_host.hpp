// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <filesystem>
#include <memory>

#include "stream/host_bus.hpp"

namespace flexor::stream {

/// The Verilated engine micro16, after reset. `wave`: not empty: FST waves, through a slower build.
std::unique_ptr<HostBus> make_verilated_host(const std::filesystem::path& wave = {});

}  // namespace flexor::stream
