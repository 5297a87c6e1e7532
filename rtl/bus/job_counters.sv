// SPDX-License-Identifier: Apache-2.0

/// Cycles of a job, and how many of them the engine spent in each stage.
///
///   cycles = cycles with busy_i since start_i; compute, weight_stall, drain_stall = those with that stage code; modulo 2^32;
///   each is counted one cycle later
module job_counters
  import flexor_pkg::*;
(
    /// Clock.
    input  logic        clk_i,
    /// First cycle of a job: back to 0.
    input  logic        start_i,
    /// Count this cycle.
    input  logic        busy_i,
    /// Stage*, what the engine does in this cycle.
    input  logic [ 2:0] stage_i,
    /// Cycles.
    output logic [31:0] cycles_o,
    /// Cycles in which a pixel entered the array.
    output logic [31:0] compute_o,
    /// Cycles in which compute waited for a tile.
    output logic [31:0] weight_stall_o,
    /// Cycles in which compute waited for the drain.
    output logic [31:0] drain_stall_o
);

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
      cycles_o <= cycles_o + 32'd1;
      compute_o <= compute_o + 32'(stage_q == 3'(StageCompute));
      weight_stall_o <= weight_stall_o + 32'(stage_q == 3'(StageWeightStall));
      drain_stall_o <= drain_stall_o + 32'(stage_q == 3'(StageDrainStall));
    end
  end

endmodule
