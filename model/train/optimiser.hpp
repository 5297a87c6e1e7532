// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "train/tensor.hpp"

namespace flexor {

/// How a group of parameters is updated.
struct Group {
  enum class Kind { Adam, Momentum };
  Kind kind = Kind::Adam;
  double rate = 1e-3;       ///< peak learning rate
  double momentum = 0.9;    ///< Momentum: v = momentum v + g + weight_decay w, w -= rate v
  double weight_decay = 0;  ///< Adam: decoupled, w -= rate weight_decay w
};

/// Adam (Kingma and Ba) and SGD with momentum, each in one pass over a parameter, with a box to keep it in. State is public so that
/// checkpoints can hold it.
class Optimiser {
 public:
  struct Parameter {
    torch::Tensor value;  ///< float, contiguous
    Group group;
    float low = 0, high = 0;      ///< the value is clamped to low..high after every step
    torch::Tensor first, second;  ///< running means of gradient and squared gradient (Adam); velocity and nothing (Momentum)
  };
  void add(const torch::Tensor& value, const Group& group, double low, double high);
  /// One step with learning rate `factor * rate`; forgets the gradients. Plain loops on the CPU, tensor operations elsewhere.
  void step(double factor);
  /// The same in tensor operations, on any device.
  void step_by_tensors(double factor);
  [[nodiscard]] const std::vector<Parameter>& parameters() const { return parameters_; }
  [[nodiscard]] std::int64_t steps() const { return steps_; }
  /// Continues a run: the state of `parameters()` was filled by the caller.
  void resume(std::int64_t steps) { steps_ = steps; }

 private:
  std::vector<Parameter> parameters_;
  std::int64_t steps_ = 0;
};

}  // namespace flexor
