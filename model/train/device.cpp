// SPDX-License-Identifier: Apache-2.0
#include "train/device.hpp"

#include "code/error.hpp"

namespace flexor {

torch::Device find_device(const std::string& name) {
  if (name == "cpu") return torch::Device(torch::kCPU);
  if (name != "cuda") throw InputError("there is no device \"" + name + "\"; choose cpu or cuda");
  if (!torch::cuda::is_available()) {
    throw InputError("this libtorch finds no CUDA device; build against a libtorch with CUDA (docs/training.md) or use --device cpu");
  }
  return torch::Device(torch::kCUDA);
}

}  // namespace flexor
