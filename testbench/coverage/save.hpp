// SPDX-License-Identifier: Apache-2.0
#pragma once

class VerilatedContext;

/// Called by the destructor of every Verilated model of a build with coverage (scripts/verilate), while its counters still exist. The
/// process writes the sums of all its models to $FLEXOR_COVERAGE/PID.dat when it ends.
void flexor_save_coverage(VerilatedContext* context);
