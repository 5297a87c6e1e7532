// SPDX-License-Identifier: Apache-2.0

/// Walks the tiles of a block: binary digits, in each the strings, and in each its chunks. Everything is relative to the pixel.
///
///   pair = string * row_step + chunk * K;  chunk_start = chunk * K
///
/// A layer that pools windows has a tile for every place of a window, and an m-tile's channels are lanes M * m-tile and up:
///
///   pair = string * row_step + chunk * step_window_x + m-tile * M;  chunk_start = chunk * window_bytes + m-tile * M
module tile_walker #(
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K             = 50,
    /// Bytes of a word of activation memory, K..250.
    parameter int unsigned WordBytes     = K,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Binary digits of a weight at most, 1..8; 1: descriptor.digits does not count.
    parameter int unsigned Digits        = 1,
    /// Output channels of a tile.
    parameter int unsigned M             = 16,
    /// 1: layers can pool windows.
    parameter bit          Windows       = 1'b0,
    /// Bits of a position along a row; follows from WordBytes and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(WordBytes, ActRows)
) (
    /// Clock.
    input  logic                                        clk_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                     descriptor_i,
    /// Begin a layer.
    input  logic                                        load_i,
    /// Go to the next tile; after the last of a block comes the first again.
    input  logic                                        step_i,
    /// The block is the last of its m-tile.
    input  logic                                        last_block_i,
    /// Of the tile of the cycle before: address of string and chunk.
    output logic                    [             31:0] pair_o,
    /// Byte position of the chunk in its string.
    output logic                    [PositionWidth-1:0] chunk_start_o,
    /// String.
    output logic                    [              7:0] string_o,
    /// The chunk is the last of its string.
    output logic                                        last_chunk_o,
    /// Of the present tile: it is the first of its block.
    output logic                                        first_o,
    /// It is the first of a binary digit after the first digit.
    output logic                                        twice_o,
    /// It is the last of its block.
    output logic                                        last_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(WordBytes);

  if (PositionWidth != fetch_pkg::position_width(WordBytes, ActRows)) begin : gen_check
    $error("tile_walker: PositionWidth follows from WordBytes and ActRows and must not be set");
  end

  typedef logic [WordWidth+OffsetWidth-1:0] pair_t;
  logic [ 7:0] strings_left_q;  // this one included
  logic [11:0] chunks_left_q;  // this one included
  logic first_q, twice_q, last_string_q, last_chunk_q, last_digit, last_of_digit, digit_end, block_end, string_end;

  assign first_o    = first_q;
  assign twice_o    = twice_q;
  assign last_of_digit = last_chunk_q && last_string_q;
  assign last_o     = last_of_digit && last_digit;
  assign block_end  = load_i || last_o;
  assign digit_end  = load_i || last_of_digit;
  assign string_end = load_i || last_chunk_q;

  digit_counter #(
      .Digits(Digits)
  ) i_digits (
      .clk_i,
      .descriptor_i,
      .load_i,
      .step_i(step_i && last_of_digit),
      .last_o(last_digit)
  );

  always_ff @(posedge clk_i) begin
    if (load_i || step_i) begin
      first_q       <= block_end;
      twice_q       <= digit_end && !block_end;
      chunks_left_q <= string_end ? descriptor_i.chunks : chunks_left_q - 12'd1;
      last_chunk_q  <= string_end ? descriptor_i.chunks == 12'd1 : chunks_left_q == 12'd2;
      if (digit_end) begin
        strings_left_q <= descriptor_i.strings;
        last_string_q  <= descriptor_i.strings == 8'd1;
      end else if (last_chunk_q) begin
        strings_left_q <= strings_left_q - 8'd1;
        last_string_q  <= strings_left_q == 8'd2;
      end
    end
  end

  localparam pair_t ChunkPair = {WordWidth'(K / WordBytes), OffsetWidth'(K % WordBytes)};

  // One cycle later: addresses.
  logic move_q, digit_end_q, string_end_q;
  pair_t row_q, next_row, pair_q, next_pair, base;
  logic window;
  logic [PositionWidth-1:0] base_start, next_start;
  logic [7:0] string_q;
  logic [PositionWidth-1:0] chunk_start_q;

  pair_add #(
      .K        (WordBytes),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  (row_q),
      .b_i  ({descriptor_i.row_step[8+:WordWidth], descriptor_i.row_step[0+:OffsetWidth]}),
      .sum_o(next_row)
  );

  always_ff @(posedge clk_i) begin
    move_q       <= load_i || step_i;
    digit_end_q  <= digit_end;
    string_end_q <= string_end;
    last_chunk_o <= last_chunk_q && !window;  // no string ends inside a window's lanes
    if (move_q) begin
      chunk_start_q <= string_end_q ? base_start : next_start;
      string_q      <= digit_end_q ? '0 : string_end_q ? string_q + 8'd1 : string_q;
      row_q         <= digit_end_q ? base : string_end_q ? next_row : row_q;
      pair_q        <= digit_end_q ? base : string_end_q ? next_row : next_pair;
    end
  end

  // Where a block begins, and the way to the next chunk: K bytes on, or the next place of a window.
  if (!Windows) begin : gen_chunks
    logic unused_windows;
    assign window         = 1'b0;
    assign base           = '0;
    assign base_start     = '0;
    assign next_start     = chunk_start_q + PositionWidth'(K);
    if (K == WordBytes) begin : gen_word
      assign next_pair = {pair_q[OffsetWidth+:WordWidth] + WordWidth'(1), pair_q[0+:OffsetWidth]};
    end else begin : gen_part
      pair_add #(
          .K        (WordBytes),
          .WordWidth(WordWidth)
      ) i_chunk (
          .a_i  (pair_q),
          .b_i  (ChunkPair),
          .sum_o(next_pair)
      );
    end
    assign unused_windows = last_block_i;
  end else begin : gen_places
    // An m-tile of a window layer begins M bytes after the one before: its channels are its lanes.
    localparam pair_t TilePair = {WordWidth'(M / WordBytes), OffsetWidth'(M % WordBytes)};
    pair_t base_q, next_base, next_base_q;
    logic [PositionWidth-1:0] base_start_q;
    logic load_q, m_tile_end_q;
    assign window = descriptor_i.window;
    pair_add #(
        .K        (WordBytes),
        .WordWidth(WordWidth)
    ) i_base (
        .a_i  (base_q),
        .b_i  (TilePair),
        .sum_o(next_base)
    );
    pair_add #(
        .K        (WordBytes),
        .WordWidth(WordWidth)
    ) i_place (
        .a_i  (pair_q),
        .b_i  (window ? {descriptor_i.step_window_x[8+:WordWidth], descriptor_i.step_window_x[0+:OffsetWidth]} : ChunkPair),
        .sum_o(next_pair)
    );
    // Two m-tiles begin at least two cycles apart: the sum has a cycle of its own.
    always_ff @(posedge clk_i) begin
      load_q       <= load_i;
      m_tile_end_q <= step_i && last_o && last_block_i && window;
      next_base_q  <= next_base;
      if (load_q || m_tile_end_q) begin
        base_q       <= base;
        base_start_q <= base_start;
      end
    end
    assign base       = load_q ? '0 : m_tile_end_q ? next_base_q : base_q;
    assign base_start = load_q ? '0 : m_tile_end_q ? base_start_q + PositionWidth'(M) : base_start_q;
    assign next_start = chunk_start_q + (window ? PositionWidth'(descriptor_i.window_bytes) : PositionWidth'(K));
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
