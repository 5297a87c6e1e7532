// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "train/team_place.hpp"
#include "train/tensor.hpp"

namespace flexor {

/// The processes that train one network together, each on its part of every minibatch (docs/training.md, "Several processes").
class Team {
 public:
  /// Meets the others. `plan`: what defines the run, the same for all. Throws InputError when they do not all come within `patience`
  /// seconds, when this process has another plan than process 0, or when this build has no c10d.
  Team(const TeamPlace& place, const std::string& plan, int patience);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  [[nodiscard]] int rank() const { return place_.rank; }
  [[nodiscard]] int size() const { return place_.size; }
  /// Sum over all processes in place, the same bits for all. Throws InputError when another process is gone.
  void sum(torch::Tensor& values);
  /// What process 0 gives.
  std::string share(const std::string& bytes);

 private:
  struct Group;
  TeamPlace place_;
  std::unique_ptr<Group> group_;
};

}  // namespace flexor
