// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <torch/torch.h>

#include <vector>

namespace flexor {

/// Adam (Kingma and Ba) in one pass over each parameter, with a box to keep it in. State is public so that checkpoints can hold it.
class Adam {
 public:
  struct Parameter {
    torch::Tensor value;          ///< float, contiguous
    double rate = 1e-3;           ///< peak learning rate
    float low = 0, high = 0;      ///< the value is clamped to low..high after every step
    torch::Tensor first, second;  ///< running means of gradient and squared gradient
  };
  void add(const torch::Tensor& value, double rate, double low, double high);
  /// One step with learning rate `factor * rate`; forgets the gradients.
  void step(double factor);
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }

 private:
  std::vector<Parameter> parameters_;
  std::int64_t steps_ = 0;
};

}  // namespace flexor
