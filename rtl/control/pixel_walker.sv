// SPDX-License-Identifier: Apache-2.0

/// Walks the pixels of a layer in the order of docs/architecture.md ("Loops"), and walks a block again for every tile.
///
/// Going to the next pixel adds one step pair to the address:
///
///   pooling, in the window     (0,0)->(0,1), (1,0)->(1,1): step_window_x; (0,1)->(1,0): step_window_y
///   next column or window      step_x;   x += x_step (in a window's second half: back by the same)
///   next row (row of windows)  step_y;   x = x_start, y += y_step
///   next image                 step_image;   x = x_start, y = y_start
///
/// `start_q` holds the first pixel of the block. It gives its place to the layer's first pixel as soon as the last tile of an m-tile has begun.
module pixel_walker #(
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K             = 50,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Bits of a signed position along a row; follows from K and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(K, ActRows)
) (
    /// Clock.
    input  logic                                              clk_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                           descriptor_i,
    /// Begin a layer; the first pixel shows two cycles later. Not together with `step_i`.
    input  logic                                              load_i,
    /// The pixel is the first of its tile. Two tiles begin at least two cycles apart.
    input  logic                                              tile_first_i,
    /// The pixel is the last of its tile.
    input  logic                                              tile_last_i,
    /// The tile is the last of its block.
    input  logic                                              block_last_tile_i,
    /// The block is the last of its m-tile.
    input  logic                                              last_block_i,
    /// The pixel is used in this cycle: go on.
    input  logic                                              step_i,
    /// Pair of the pixel: string 0, chunk 0.
    output logic                    [                   31:0] pair_o,
    /// Byte position of string 0 in the row, padding included.
    output logic signed             [      PositionWidth-1:0] x_o,
    /// Input row of string 0, padding included.
    output logic signed             [fetch_pkg::RowWidth-1:0] y_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);
  localparam int unsigned CountWidth = fetch_pkg::CountWidth;
  localparam int unsigned RowWidth = fetch_pkg::RowWidth;

  if (PositionWidth != fetch_pkg::position_width(K, ActRows)) begin : gen_check
    $error("pixel_walker: PositionWidth follows from K and ActRows and must not be set");
  end

  typedef logic [WordWidth+OffsetWidth-1:0] pair_t;
  typedef struct packed {
    pair_t                    pair;
    logic [PositionWidth-1:0] x;
    logic [RowWidth-1:0]      y;
    logic [CountWidth-1:0]    columns;      // left in the row, this one included
    logic [CountWidth-1:0]    rows;         // left in the image, this one included
    logic                     last_column;
    logic                     last_row;
    logic [1:0]               window;       // row, column in the pooling window
  } place_t;

  /// The bits of a descriptor pair that address this memory; the others are not used.
  // verilator lint_off UNUSEDSIGNAL
  function automatic pair_t cut(logic [31:0] pair);
    return {pair[8+:WordWidth], pair[0+:OffsetWidth]};
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  place_t place_q, start_q, next, init;

  always_comb begin
    init.pair    = cut(descriptor_i.input_base);
    init.x       = PositionWidth'(signed'(descriptor_i.x_start));
    init.y       = RowWidth'(signed'(descriptor_i.y_start));
    init.columns = CountWidth'(descriptor_i.columns);
    init.rows    = CountWidth'(descriptor_i.rows);
    init.last_column = init.columns == CountWidth'(1);
    init.last_row = init.rows == CountWidth'(1);
    init.window  = '0;
  end

  // Where the next pixel is.
  logic window_end, window_down, row_end, image_end;
  assign window_end  = !descriptor_i.pool || place_q.window == 2'd3;
  assign window_down = !window_end && place_q.window[0];
  assign row_end     = window_end && place_q.last_column;
  assign image_end   = row_end && place_q.last_row;

  pair_t step;
  always_comb begin
    if (image_end) step = cut(descriptor_i.step_image);
    else if (row_end) step = cut(descriptor_i.step_y);
    else if (window_end) step = cut(descriptor_i.step_x);
    else if (window_down) step = cut(descriptor_i.step_window_y);
    else step = cut(descriptor_i.step_window_x);
  end

  pair_t next_pair;
  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  (place_q.pair),
      .b_i  (step),
      .sum_o(next_pair)
  );

  logic [PositionWidth-1:0] x_step;
  logic [RowWidth-1:0] y_step;
  logic y_up, y_down;
  assign x_step = PositionWidth'(descriptor_i.x_step);
  assign y_step = RowWidth'(descriptor_i.y_step);
  assign y_up   = window_down || row_end;
  assign y_down = window_end && descriptor_i.pool && !row_end;

  always_comb begin
    next.pair    = next_pair;
    next.x       = row_end ? init.x : window_down ? place_q.x - x_step : place_q.x + x_step;
    next.y       = image_end ? init.y : y_up ? place_q.y + y_step : y_down ? place_q.y - y_step : place_q.y;
    next.columns = row_end ? init.columns : window_end ? place_q.columns - CountWidth'(1) : place_q.columns;
    next.rows    = image_end ? init.rows : row_end ? place_q.rows - CountWidth'(1) : place_q.rows;
    next.last_column = row_end ? init.last_column : window_end ? place_q.columns == CountWidth'(2) : place_q.last_column;
    next.last_row = image_end ? init.last_row : row_end ? place_q.rows == CountWidth'(2) : place_q.last_row;
    next.window  = window_end ? 2'd0 : place_q.window + 2'd1;
  end

  // `step_i` comes late: it only enables. A tile of one pixel that rewinds takes the old start; the next cycle, without a step, repairs that.
  logic to_start, restart, repair_q;
  assign to_start = tile_last_i && (!block_last_tile_i || last_block_i);
  assign restart  = load_i || (step_i && block_last_tile_i && (last_block_i ? tile_first_i : tile_last_i));

  always_ff @(posedge clk_i) begin
    repair_q <= load_i || (tile_first_i && tile_last_i && step_i);
    if (restart) start_q <= load_i || last_block_i ? init : next;
    if (step_i || repair_q) place_q <= repair_q || to_start ? start_q : next;
  end

  always_comb begin
    pair_o = '0;
    pair_o[8+:WordWidth] = place_q.pair[OffsetWidth+:WordWidth];
    pair_o[0+:OffsetWidth] = place_q.pair[0+:OffsetWidth];
  end
  assign x_o = place_q.x;
  assign y_o = place_q.y;

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
