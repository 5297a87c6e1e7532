// SPDX-License-Identifier: Apache-2.0

/// Cycles of a job, and how many of them the engine spent in each stage.
///
///   cycles = cycles with busy_i since start_i; compute, weight_stall, drain_stall = those with that stage code; modulo 2^Width;
///   each is counted one cycle later
module job_counters
  import flexor_pkg::*;
#(
    /// Bits of a counter, 1..32.
    parameter int unsigned Width = 32
) (
    /// Clock.
    input  logic             clk_i,
    /// First cycle of a job: back to 0.
    input  logic             start_i,
    /// Count this cycle.
    input  logic             busy_i,
    /// Stage*, what the engine does in this cycle.
    input  logic [      2:0] stage_i,
    /// Cycles.
    output logic [Width-1:0] cycles_o,
    /// Cycles in which a pixel entered the array.
    output logic [Width-1:0] compute_o,
    /// Cycles in which compute waited for a tile.
    output logic [Width-1:0] weight_stall_o,
    /// Cycles in which compute waited for the drain.
    output logic [Width-1:0] drain_stall_o
);

  if (Width < 1 || Width > 32) begin : gen_check
    $error("job_counters: Width must be in 1..32");
  end

  logic busy_q;
  logic [2:0] stage_q;

  always_ff @(posedge clk_i) begin
    busy_q  <= busy_i;
    stage_q <= stage_i;
    if (start_i) begin
      cycles_o <= '0;
      compute_o <= '0;
      weight_stall_o <= '0;
      drain_stall_o <= '0;
    end else if (busy_q) begin
      cycles_o <= cycles_o + Width'(1);
      compute_o <= compute_o + Width'(stage_q == 3'(StageCompute));
      weight_stall_o <= weight_stall_o + Width'(stage_q == 3'(StageWeightStall));
      drain_stall_o <= drain_stall_o + Width'(stage_q == 3'(StageDrainStall));
    end
  end

endmodule
