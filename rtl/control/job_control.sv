// SPDX-License-Identifier: Apache-2.0

/// One job: the layers (sequencer) and, in a job with transfers, the list (dma_engine), from start to the moment when both are quiet.
///
///   without transfers: start and end of the sequencer
///   with transfers:    the list starts; the layers start when it says so; the job ends when the list has ended and no layer runs
/// The first fault of either stops the other and is the job's. Where a layer waits for transfers that wait for layers, or either waits
/// for what never comes, nothing moves for PatienceCycles: the job ends with ErrorTransfer.
module job_control
  import flexor_pkg::*;
#(
    /// Cycles of a mutual wait that prove that it lasts; more than a count needs to arrive.
    parameter int unsigned PatienceCycles = 16
) (
    /// Clock.
    input  logic        clk_i,
    /// Synchronous reset, active low.
    input  logic        rst_ni,
    /// One cycle: run a job.
    input  logic        start_i,
    /// With start_i: it has transfers.
    input  logic        transfers_i,
    /// One cycle: give up.
    input  logic        abort_i,
    /// One cycle: the job has ended.
    output logic        done_o,
    /// With done_o: error code.
    output logic [ 7:0] error_o,
    /// A job with transfers runs.
    output logic        transferring_o,
    /// Its layers have begun.
    output logic        begun_o,
    /// Byte address in external memory of the last job's fault.
    output logic [31:0] error_address_o,
    /// Sequencer: run.
    output logic        layers_start_o,
    /// Sequencer: give up.
    output logic        layers_abort_o,
    /// Sequencer: it has ended.
    input  logic        layers_done_i,
    /// With layers_done_i: error code.
    input  logic [ 7:0] layers_error_i,
    /// Sequencer: a layer waits for transfers.
    input  logic        layers_wait_i,
    /// List: run.
    output logic        list_start_o,
    /// List: give up.
    output logic        list_stop_o,
    /// List: it runs.
    input  logic        list_running_i,
    /// List: a transfer waits for layers.
    input  logic        list_wait_i,
    /// List: all of it has ended well.
    input  logic        list_complete_i,
    /// List: the layers begin.
    input  logic        list_begin_i,
    /// List: a fault.
    input  logic        list_error_valid_i,
    /// Its code.
    input  logic [ 7:0] list_error_i,
    /// Its byte address.
    input  logic [31:0] list_error_address_i
);

  localparam int unsigned PatienceWidth = $clog2(PatienceCycles + 1);

  logic start_q;  // the list's flags are those of this job from the next cycle on
  logic [7:0] error_q;
  logic [PatienceWidth-1:0] patience_q;
  logic layers_busy_q, list_done, over, stuck, fault;

  assign list_start_o = start_i && transfers_i;
  assign layers_start_o = (start_i && !transfers_i) || (list_begin_i && transferring_o && error_q == '0 && !fault);

  // What stops the job.
  assign list_done = !list_running_i && !start_q;
  assign stuck = patience_q == PatienceWidth'(PatienceCycles);
  assign fault = transferring_o && error_q == '0 && (list_error_valid_i || abort_i || stuck || (layers_done_i && layers_error_i != '0));
  assign layers_abort_o = abort_i || (fault && layers_busy_q && !layers_done_i);

  assign over = transferring_o && list_done && !layers_busy_q && !layers_start_o && (error_q != '0 || list_complete_i);
  assign done_o = over || (layers_done_i && !transferring_o);
  assign error_o = transferring_o ? error_q : layers_error_i;

  always_ff @(posedge clk_i) begin
    start_q <= list_start_o;
    list_stop_o <= fault && !list_error_valid_i;
    if (start_i) begin
      transferring_o <= transfers_i;
      error_q <= '0;
      error_address_o <= '0;
    end else if (over) begin
      transferring_o <= 1'b0;
    end
    if (layers_start_o) layers_busy_q <= 1'b1;
    else if (layers_done_i) layers_busy_q <= 1'b0;
    if (start_i) begun_o <= 1'b0;
    else if (layers_start_o) begun_o <= 1'b1;
    if (fault) begin
      error_q <= list_error_valid_i ? list_error_i : abort_i ? 8'(ErrorAborted) : stuck ? 8'(ErrorTransfer) : layers_error_i;
      if (list_error_valid_i) error_address_o <= list_error_address_i;
    end
    if (transferring_o && error_q == '0 && !over &&
        ((list_wait_i && (layers_wait_i || !layers_busy_q)) || (layers_wait_i && list_done && list_complete_i))) begin
      patience_q <= patience_q + PatienceWidth'(!stuck);
    end else begin
      patience_q <= '0;
    end
    if (!rst_ni) begin
      start_q <= 1'b0;
      list_stop_o <= 1'b0;
      transferring_o <= 1'b0;
      layers_busy_q <= 1'b0;
      begun_o <= 1'b0;
      error_q <= '0;
      error_address_o <= '0;
    end
  end

endmodule
