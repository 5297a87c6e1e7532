// SPDX-License-Identifier: Apache-2.0

/// Walks the tiles of a block: strings, and in each its chunks. Everything is relative to the pixel.
///
///   pair = string * row_step + chunk words;  chunk_start = chunk * K
module tile_walker #(
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K             = 50,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Bits of a position along a row; follows from K and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(K, ActRows)
) (
    /// Clock.
    input  logic                                        clk_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                     descriptor_i,
    /// Begin a layer.
    input  logic                                        load_i,
    /// Go to the next tile; after the last of a block comes the first again.
    input  logic                                        step_i,
    /// Address of string and chunk.
    output logic                    [             31:0] pair_o,
    /// Byte position of the chunk in its string.
    output logic                    [PositionWidth-1:0] chunk_start_o,
    /// String.
    output logic                    [              7:0] string_o,
    /// The chunk is the last of its string.
    output logic                                        last_chunk_o,
    /// First tile of a block.
    output logic                                        first_o,
    /// Last tile of a block.
    output logic                                        last_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);

  if (PositionWidth != fetch_pkg::position_width(K, ActRows)) begin : gen_check
    $error("tile_walker: PositionWidth follows from K and ActRows and must not be set");
  end

  typedef logic [WordWidth+OffsetWidth-1:0] pair_t;
  pair_t row_q, next_row;
  logic [7:0] string_q, chunk_q, next_string, next_chunk;
  logic [PositionWidth-1:0] chunk_start_q;
  logic last_chunk, last_string;

  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  (row_q),
      .b_i  ({descriptor_i.row_step[8+:WordWidth], descriptor_i.row_step[0+:OffsetWidth]}),
      .sum_o(next_row)
  );

  assign next_chunk  = chunk_q + 8'd1;
  assign next_string = string_q + 8'd1;
  assign last_chunk  = next_chunk == descriptor_i.chunks;
  assign last_string = next_string == descriptor_i.strings;
  assign last_chunk_o = last_chunk;
  assign first_o     = chunk_q == '0 && string_q == '0;
  assign last_o      = last_chunk && last_string;

  always_ff @(posedge clk_i) begin
    if (load_i || (step_i && last_o)) begin
      row_q         <= '0;
      string_q      <= '0;
      chunk_q       <= '0;
      chunk_start_q <= '0;
    end else if (step_i && last_chunk) begin
      row_q         <= next_row;
      string_q      <= next_string;
      chunk_q       <= '0;
      chunk_start_q <= '0;
    end else if (step_i) begin
      chunk_q       <= next_chunk;
      chunk_start_q <= chunk_start_q + PositionWidth'(K);
    end
  end

  always_comb begin
    pair_o = '0;
    pair_o[8+:WordWidth] = row_q[OffsetWidth+:WordWidth] + WordWidth'(chunk_q);
    pair_o[0+:OffsetWidth] = row_q[0+:OffsetWidth];
  end
  assign chunk_start_o = chunk_start_q;
  assign string_o = string_q;

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
