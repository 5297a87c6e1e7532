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
  pair_t row_q, next_row, pair_q;
  logic [7:0] string_q, strings_left_q, chunks_left_q;  // left: this one included
  logic [PositionWidth-1:0] chunk_start_q;
  logic first_q, block_end, string_end;

  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  (row_q),
      .b_i  ({descriptor_i.row_step[8+:WordWidth], descriptor_i.row_step[0+:OffsetWidth]}),
      .sum_o(next_row)
  );

  assign last_chunk_o = chunks_left_q == 8'd1;
  assign last_o       = last_chunk_o && strings_left_q == 8'd1;
  assign first_o      = first_q;
  assign block_end    = load_i || last_o;
  assign string_end   = block_end || last_chunk_o;

  always_ff @(posedge clk_i) begin
    if (load_i || step_i) begin
      first_q        <= block_end;
      chunks_left_q  <= string_end ? descriptor_i.chunks : chunks_left_q - 8'd1;
      chunk_start_q  <= string_end ? '0 : chunk_start_q + PositionWidth'(K);
      strings_left_q <= block_end ? descriptor_i.strings : last_chunk_o ? strings_left_q - 8'd1 : strings_left_q;
      string_q       <= block_end ? '0 : last_chunk_o ? string_q + 8'd1 : string_q;
      row_q          <= block_end ? '0 : last_chunk_o ? next_row : row_q;
      if (block_end) pair_q <= '0;
      else if (last_chunk_o) pair_q <= next_row;
      else pair_q[OffsetWidth+:WordWidth] <= pair_q[OffsetWidth+:WordWidth] + WordWidth'(1);
    end
  end

  always_comb begin
    pair_o = '0;
    pair_o[8+:WordWidth] = pair_q[OffsetWidth+:WordWidth];
    pair_o[0+:OffsetWidth] = pair_q[0+:OffsetWidth];
  end
  assign chunk_start_o = chunk_start_q;
  assign string_o = string_q;

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
