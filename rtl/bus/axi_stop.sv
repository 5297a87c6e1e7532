// SPDX-License-Identifier: Apache-2.0

/// When an AXI4 master stops, what it reports, and until when it drains.
///
/// A fault, the time-out or an abort starts the draining, which ends when the memory owes nothing. While draining only the time-out is still
/// reported, once: the memory is dead, and only late answers or a reset end the draining.
module axi_stop
  import axi_pkg::*;
#(
    /// Bits of a byte address.
    parameter int unsigned AddressWidth = 32,
    /// Bits of the time-out, >= 2.
    parameter int unsigned TimeoutWidth = 16
) (
    /// Clock.
    input  logic                          clk_i,
    /// Synchronous reset, active low.
    input  logic                          rst_ni,
    /// One cycle: stop without a report.
    input  logic                          abort_i,
    /// Something is wrong in this cycle; ignored while draining.
    input  logic                          fault_i,
    /// What.
    input  axi_error_e                    fault_code_i,
    /// Byte address of it.
    input  logic       [AddressWidth-1:0] fault_address_i,
    /// The memory has to take or give something.
    input  logic                          waiting_i,
    /// It did so in this cycle.
    input  logic                          progress_i,
    /// Byte address of what it has to give first.
    input  logic       [AddressWidth-1:0] waiting_address_i,
    /// Cycles without progress that are too many; 0: never.
    input  logic       [TimeoutWidth-1:0] timeout_i,
    /// The memory owes nothing.
    input  logic                          drained_i,
    /// Issue nothing, deliver nothing, let the memory finish.
    output logic                          draining_o,
    /// One cycle: a report.
    output logic                          error_valid_o,
    /// Its code.
    output axi_error_e                    error_code_o,
    /// Its byte address.
    output logic       [AddressWidth-1:0] error_address_o
);

  if (TimeoutWidth < 2) begin : gen_check
    $error("axi_stop: TimeoutWidth must be at least 2");
  end

  logic [TimeoutWidth-1:0] quiet_q;  // cycles without progress, saturating
  logic timed_q;  // this draining has reported its time-out
  logic fault, expired;

  assign fault   = fault_i && !draining_o;
  assign expired = waiting_i && !progress_i && timeout_i != '0 && quiet_q >= timeout_i && !timed_q && !fault;

  always_ff @(posedge clk_i) begin
    if (!waiting_i || progress_i) quiet_q <= '0;
    else if (quiet_q != '1) quiet_q <= quiet_q + 1'b1;

    if (fault || expired || abort_i) draining_o <= 1'b1;
    else if (drained_i) draining_o <= 1'b0;

    if (expired) timed_q <= 1'b1;
    else if (draining_o && drained_i) timed_q <= 1'b0;

    error_valid_o <= fault || expired;
    if (fault) begin
      error_code_o <= fault_code_i;
      error_address_o <= fault_address_i;
    end else if (expired) begin
      error_code_o <= AxiErrorTimeout;
      error_address_o <= waiting_address_i;
    end

    if (!rst_ni) begin
      quiet_q <= '0;
      timed_q <= 1'b0;
      draining_o <= 1'b0;
      error_valid_o <= 1'b0;
    end
  end

endmodule
