// SPDX-License-Identifier: Apache-2.0

/// Queue in a memory with a registered read: one word in and one out each cycle, two cycles from in to out. It has no full flag: who
/// writes knows how many words it may have in the queue (credits).
module stream_fifo #(
    /// Words, power of two, >= 4. The output register holds one more.
    parameter int unsigned Depth = 128,
    /// Bits of a word.
    parameter int unsigned Width = 65
) (
    /// Clock.
    input  logic             clk_i,
    /// Synchronous reset, active low.
    input  logic             rst_ni,
    /// A word comes; never more than Depth that were not taken.
    input  logic             push_i,
    /// The word.
    input  logic [Width-1:0] data_i,
    /// A word is offered; stays until it is taken or reset.
    output logic             valid_o,
    /// It is taken.
    input  logic             ready_i,
    /// The word.
    output logic [Width-1:0] data_o,
    /// No word in the queue, none offered.
    output logic             empty_o
);

  localparam int unsigned Bits = $clog2(Depth);

  if (Depth < 4 || Depth != 2 ** Bits || Width < 1) begin : gen_check
    $error("stream_fifo: Depth must be a power of two of at least 4 and Width at least 1");
  end

  (* no_rw_check *) logic [Width-1:0] memory[Depth];
  logic [Bits:0] write_q, read_q;
  logic read;

  assign read = write_q != read_q && (!valid_o || ready_i);
  assign empty_o = write_q == read_q && !valid_o;

  always_ff @(posedge clk_i) begin
    if (push_i) memory[write_q[Bits-1:0]] <= data_i;
    if (read) data_o <= memory[read_q[Bits-1:0]];
  end

  always_ff @(posedge clk_i) begin
    if (push_i) write_q <= write_q + 1'b1;
    if (read) read_q <= read_q + 1'b1;
    if (read) valid_o <= 1'b1;
    else if (ready_i) valid_o <= 1'b0;
    if (!rst_ni) begin
      write_q <= '0;
      read_q  <= '0;
      valid_o <= 1'b0;
    end
  end

endmodule
