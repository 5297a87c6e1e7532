// SPDX-License-Identifier: Apache-2.0

/// Counts window positions, columns and rows, and says which step leads to the next pixel. Place and mark as in pixel_walker.
///
///   pooling, in the window     (0,0)->(0,1), (1,0)->(1,1): StepWindowX; (0,1)->(1,0): StepWindowY
///   next column or window      StepX;  next row (of windows): StepY;  next image: StepImage
module pixel_counter #(
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth = 10,
    /// Cycles from a step to the next at least; from 3 on the next place comes from a register.
    parameter int unsigned ReadCycles = 1
) (
    /// Clock.
    input  logic                    clk_i,
    /// Layer: pool, columns, rows.
    input  flexor_pkg::descriptor_t descriptor_i,
    /// What to do.
    input  walk_pkg::walk_t         walk_i,
    /// Step to the next pixel.
    output walk_pkg::step_e         step_o
);

  typedef logic [CountWidth-1:0] count_t;
  typedef struct packed {
    count_t     columns;      // left in the row, this one included
    count_t     rows;         // left in the image, this one included
    logic       last_column;
    logic       last_row;
    logic [1:0] window;       // row, column in the pooling window
  } place_t;

  place_t place_q, mark_q, next, following, init;

  always_comb begin
    init.columns     = count_t'(descriptor_i.columns);
    init.rows        = count_t'(descriptor_i.rows);
    init.last_column = init.columns == count_t'(1);
    init.last_row    = init.rows == count_t'(1);
    init.window      = '0;
  end

  logic window_end, row_end, image_end;
  assign window_end = !descriptor_i.pool || place_q.window == 2'd3;
  assign row_end    = window_end && place_q.last_column;
  assign image_end  = row_end && place_q.last_row;

  always_comb begin
    next.columns     = row_end ? init.columns : window_end ? place_q.columns - count_t'(1) : place_q.columns;
    next.last_column = row_end ? init.last_column : window_end ? place_q.columns == count_t'(2) : place_q.last_column;
    next.rows        = image_end ? init.rows : row_end ? place_q.rows - count_t'(1) : place_q.rows;
    next.last_row    = image_end ? init.last_row : row_end ? place_q.rows == count_t'(2) : place_q.last_row;
    next.window      = window_end ? 2'd0 : place_q.window + 2'd1;

    if (image_end) step_o = walk_pkg::StepImage;
    else if (row_end) step_o = walk_pkg::StepY;
    else if (window_end) step_o = walk_pkg::StepX;
    else if (place_q.window[0]) step_o = walk_pkg::StepWindowY;
    else step_o = walk_pkg::StepWindowX;
  end

  if (ReadCycles < 3) begin : gen_at_once
    assign following = next;
  end else begin : gen_ahead
    place_t next_q;
    always_ff @(posedge clk_i) next_q <= next;
    assign following = next_q;
  end

  always_ff @(posedge clk_i) begin
    if (walk_i.mark) mark_q <= walk_i.first ? init : following;
    if (walk_i.move) place_q <= walk_i.back ? mark_q : following;
  end

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
