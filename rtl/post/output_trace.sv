// SPDX-License-Identifier: Apache-2.0

/// Number of the output pixel within its layer, for the trace port; follows output_address and is removed where the trace is unconnected.
///
///   layer or m-tile starts: 0; block starts: where the last block's first group ended; group starts: where its block started; else + 1
module output_trace
  import output_writer_pkg::*;
(
    /// Clock.
    input  logic          clk_i,
    /// A new output begins.
    input  logic          valid_i,
    /// It is the first of a group.
    input  logic          start_i,
    /// Where that group starts; read with start_i.
    input  start_e        kind_i,
    /// Output pixel, from the next cycle until the next valid_i.
    output logic   [23:0] pixel_o
);

  logic [23:0] pixel, block_q, block_next_q;
  logic first_group, first_group_q;

  always_comb begin
    pixel = pixel_o + 24'd1;
    first_group = first_group_q;
    if (start_i) begin
      unique case (kind_i)
        StartGroup: pixel = block_q;
        StartBlock: pixel = block_next_q;
        default:    pixel = '0;
      endcase
      first_group = kind_i != StartGroup;
    end
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      pixel_o <= pixel;
      first_group_q <= first_group;
      if (start_i) block_q <= pixel;
      if (first_group) block_next_q <= pixel + 24'd1;
    end
  end

endmodule
