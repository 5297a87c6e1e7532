// SPDX-License-Identifier: Apache-2.0

/// Number of the output pixel within its layer, for the trace port; follows output_address and is removed where the trace is unconnected.
///
///   m-tile starts: 0; block starts: where the last block's first group ended; group starts: where its block started; else + 1
module output_trace
  import output_writer_pkg::*;
(
    /// Clock.
    input  logic          clk_i,
    /// A new output begins.
    input  logic          valid_i,
    /// Whether it is the first of a group, and where that starts.
    input  start_e        start_i,
    /// Output pixel, from the next cycle until the next valid_i.
    output logic   [23:0] pixel_o
);

  logic [23:0] pixel, block_q, block_next_q;
  logic first_group, first_group_q;

  always_comb begin
    unique case (start_i)
      StartNone:  pixel = pixel_o + 24'd1;
      StartGroup: pixel = block_q;
      StartBlock: pixel = block_next_q;
      default:    pixel = '0;
    endcase
    first_group = start_i == StartNone ? first_group_q : start_i != StartGroup;
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      pixel_o <= pixel;
      first_group_q <= first_group;
      if (start_i != StartNone) block_q <= pixel;
      if (first_group) block_next_q <= pixel + 24'd1;
    end
  end

endmodule
