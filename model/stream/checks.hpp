// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "network/network.hpp"
#include "stream/geometry.hpp"
#include "stream/parameters.hpp"
#include "stream/weights.hpp"

namespace flexor::stream {

/// Throws InputError with one sentence when something of the network is not for the engine, whatever its size.
void check_network(const Network& network, const Parameters& parameters);

/// Throws InputError when counts of layer `l` pass a field of the stream.
void check_geometry(const Network& network, std::size_t l, const Geometry& g, const Parameters& parameters);

/// Proves that no sum of channels first .. first + sums.size() - 1 with its bias passes the accumulator. Throws InputError.
void prove_range(const Network& network, std::size_t l, int first, std::span<const WeightSums> sums, const Parameters& parameters);

}  // namespace flexor::stream
