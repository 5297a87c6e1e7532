// SPDX-License-Identifier: Apache-2.0

/// Reads the stream, one halfword after another, from its bank into a register: a halfword is there until it is taken, the next one in the
/// cycle after. What stored bits need of it can be shifted out.
module stream_reader #(
    /// Bits of a halfword address of the bank.
    parameter int unsigned AddressWidth = 14,
    /// Bits of a shift.
    parameter int unsigned D            = 2
) (
    /// Clock.
    input  logic                    clk_i,
    /// The stream begins: one cycle.
    input  logic                    start_i,
    /// Its first halfword.
    input  logic [AddressWidth-1:0] start_address_i,
    /// A job runs; without it nothing is read.
    input  logic                    running_i,
    /// Read in this cycle; the bank's data come in the next one and stay.
    output logic                    read_o,
    /// Halfword to read.
    output logic [AddressWidth-1:0] address_o,
    /// Data of the bank.
    input  logic [            15:0] data_i,
    /// The next halfword of the stream is there.
    output logic                    valid_o,
    /// It.
    output logic [            15:0] word_o,
    /// It is used up.
    input  logic                    take_i,
    /// Its lowest D bits are.
    input  logic                    shift_i,
    /// The stream went on behind the last halfword of the bank.
    output logic                    ended_o
);

  logic [AddressWidth:0] pointer_q;
  logic ready_q, loads;  // the bank's data are the halfword behind word_o

  assign loads = ready_q && (!valid_o || take_i);
  assign ended_o = pointer_q[AddressWidth] && !ready_q && !valid_o;
  assign read_o = running_i && (!ready_q || loads) && !pointer_q[AddressWidth];
  assign address_o = pointer_q[AddressWidth-1:0];

  always_ff @(posedge clk_i) begin
    if (start_i) pointer_q <= {1'b0, start_address_i};
    else if (read_o) pointer_q <= pointer_q + (AddressWidth + 1)'(1);
    if (read_o) ready_q <= 1'b1;
    else if (loads) ready_q <= 1'b0;
    if (loads) valid_o <= 1'b1;
    else if (take_i) valid_o <= 1'b0;
    if (loads || shift_i) word_o <= loads ? data_i : 16'(word_o >> D);
    if (!running_i) begin
      ready_q <= 1'b0;
      valid_o <= 1'b0;
    end
  end

endmodule
