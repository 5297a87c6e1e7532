// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace flexor {

/// Which of the processes of a data-parallel run this one is, and where they meet.
struct TeamPlace {
  int rank = 0;
  int size = 1;
  std::string address;         ///< of process 0
  std::uint16_t port = 29500;  ///< that process 0 listens on
  bool hosted = false;         ///< torchrun's agent listens there in place of process 0
  std::string round;           ///< tells one start by torchrun from the next
};

/// From the environment: RANK and WORLD_SIZE, or those that srun and mpirun set (SLURM_PROCID and SLURM_STEP_NUM_TASKS,
/// OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE, PMI_RANK and PMI_SIZE), with MASTER_ADDR and MASTER_PORT. None of them: a run of one
/// process. Throws InputError (one without the other, no number, rank beyond the size, no address).
TeamPlace team_place();

}  // namespace flexor
