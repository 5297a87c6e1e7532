// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "network/network.hpp"

namespace flexor {

/// The network with its weights decrypted as the bytes of an ONNX model: input "pixels" [N, C, H, W] uint8, output "logits" [N, classes]
/// float. Convolutions are sums of integers that float32 holds exactly, everything after them is double, so that any runtime gives the
/// golden model's integers, bit for bit (docs/training.md, "ONNX").
std::string to_onnx(const Network& network);

}  // namespace flexor
