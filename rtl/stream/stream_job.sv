// SPDX-License-Identifier: Apache-2.0

/// Begins and ends a job, says how it ended, and counts its cycles.
module stream_job
  import stream_pkg::*;
#(
    /// Bits of the counter of cycles; when it is full the job ends with ErrorTimeOut.
    parameter int unsigned CycleWidth = 24
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Begin a job: one cycle; ignored while one runs.
    input  logic                    start_i,
    /// End it.
    input  logic                    abort_i,
    /// END was taken.
    input  logic                    done_i,
    /// An instruction that does not exist.
    input  logic                    illegal_i,
    /// The stream ran past its bank.
    input  logic                    ended_i,
    /// A write of the host was lost.
    input  logic                    overrun_i,
    /// A job begins in this cycle.
    output logic                    begin_o,
    /// A job runs.
    output logic                    running_o,
    /// How the last one ended.
    output error_e                  error_o,
    /// Its cycles.
    output logic   [CycleWidth-1:0] cycles_o
);

  logic full;
  logic [CycleWidth:0] cycles_q;
  assign full = cycles_q[CycleWidth];
  assign cycles_o = cycles_q[CycleWidth-1:0];
  assign begin_o = start_i && !running_o;

  always_ff @(posedge clk_i) begin
    if (begin_o) cycles_q <= '0;
    else if (running_o) cycles_q <= cycles_q + (CycleWidth + 1)'(1);
    if (begin_o) running_o <= 1'b1;
    else if (done_i || illegal_i || ended_i || overrun_i || abort_i || full) running_o <= 1'b0;
    if (begin_o) error_o <= ErrorNone;
    else if (overrun_i) error_o <= ErrorOverrun;
    else if (running_o) begin
      if (illegal_i) error_o <= ErrorInstruction;
      if (ended_i) error_o <= ErrorStreamEnd;
      if (full) error_o <= ErrorTimeOut;
      if (abort_i) error_o <= ErrorAborted;
    end
    if (!rst_ni) begin
      running_o <= 1'b0;
      error_o   <= ErrorNone;
    end
  end

endmodule
