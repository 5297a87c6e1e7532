// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "train/tensor.hpp"

namespace flexor {

/// "cpu" or "cuda", the only place that knows devices. Throws InputError for another word, or when libtorch finds no such device.
torch::Device find_device(const std::string& name);

/// Whether plain loops over the tensor's memory may be used: float on the CPU. Everything else takes tensor operations.
inline bool on_cpu(const torch::Tensor& tensor) { return tensor.device().is_cpu(); }

}  // namespace flexor
