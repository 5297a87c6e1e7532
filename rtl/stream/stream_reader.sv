// SPDX-License-Identifier: Apache-2.0

/// Reads the stream, one halfword after another, from its bank: a halfword is there until it is taken, the next one in the cycle after.
module stream_reader #(
    /// Bits of a halfword address of the bank.
    parameter int unsigned AddressWidth = 14
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
    /// The bank's data are the next halfword of the stream.
    output logic                    valid_o,
    /// The halfword is used.
    input  logic                    take_i,
    /// The stream went on behind the last halfword of the bank.
    output logic                    ended_o
);

  logic [AddressWidth:0] pointer_q;

  assign ended_o = pointer_q[AddressWidth] && !valid_o;
  assign read_o = running_i && (!valid_o || take_i) && !pointer_q[AddressWidth];
  assign address_o = pointer_q[AddressWidth-1:0];

  always_ff @(posedge clk_i) begin
    if (start_i) pointer_q <= {1'b0, start_address_i};
    else if (read_o) pointer_q <= pointer_q + (AddressWidth + 1)'(1);
    if (!running_i) valid_o <= 1'b0;
    else if (read_o) valid_o <= 1'b1;
    else if (take_i) valid_o <= 1'b0;
  end

endmodule
