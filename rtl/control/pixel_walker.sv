// SPDX-License-Identifier: Apache-2.0

/// Walks the pixels of a layer in the order of docs/architecture.md ("Loops"), and walks a block again for every tile.
///
/// Going to the next pixel adds the pair of the step that pixel_counter names to the address; x and y follow:
///
///   StepWindowX, StepX   x += x_step             (StepX when pooling: y -= y_step)
///   StepWindowY          x -= x_step, y += y_step
///   StepY                x = x_start, y += y_step
///   StepImage            x = x_start, y = y_start
///
/// The mark holds the first pixel of the block. It goes on to the layer's first pixel as soon as the last tile of an m-tile has begun.
module pixel_walker #(
    /// Bytes of a word of activation memory, 10..250.
    parameter int unsigned K             = 50,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth    = 10,
    /// Cycles from a step to the next at least, 1..4.
    parameter int unsigned ReadCycles    = 1,
    /// 1: the steps' pairs stand in a memory that the descriptor's words fill as they arrive; 0: in descriptor_i.
    parameter bit          StepMemory    = 1'b0,
    /// Bits of a signed input row; follows from CountWidth.
    parameter int unsigned RowWidth      = fetch_pkg::row_width(CountWidth),
    /// Bits of a signed position along a row; follows from K and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(K, ActRows)
) (
    /// Clock.
    input  logic                                        clk_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                     descriptor_i,
    /// A word of the layer's descriptor arrives; counts when StepMemory, before `load_i`.
    input  logic                                        word_valid_i,
    /// Its number.
    input  logic                    [              4:0] word_i,
    /// Its value.
    input  logic                    [             31:0] word_data_i,
    /// Begin a layer; the first pixel shows two cycles later. Not together with `step_i`.
    input  logic                                        load_i,
    /// The pixel is the first of its tile. Two tiles begin at least two cycles apart.
    input  logic                                        tile_first_i,
    /// The pixel is the last of its tile.
    input  logic                                        tile_last_i,
    /// The tile is the last of its block.
    input  logic                                        block_last_tile_i,
    /// The block is the last of its m-tile.
    input  logic                                        last_block_i,
    /// The pixel is used in this cycle: go on.
    input  logic                                        step_i,
    /// Pair of the pixel of the cycle before: string 0, chunk 0.
    output logic                    [             31:0] pair_o,
    /// Its byte position of string 0 in the row, padding included.
    output logic signed             [PositionWidth-1:0] x_o,
    /// Its input row of string 0, padding included.
    output logic signed             [     RowWidth-1:0] y_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);

  if (PositionWidth != fetch_pkg::position_width(K, ActRows) || RowWidth != fetch_pkg::row_width(CountWidth)) begin : gen_check
    $error("pixel_walker: PositionWidth follows from K and ActRows, RowWidth from CountWidth; they must not be set");
  end

  typedef logic [WordWidth+OffsetWidth-1:0] pair_t;
  typedef struct packed {
    pair_t                    pair;
    logic [PositionWidth-1:0] x;
    logic [RowWidth-1:0]      y;
  } place_t;

  /// The bits of a descriptor pair that address this memory; the others are not used.
  // verilator lint_off UNUSEDSIGNAL
  function automatic pair_t cut(logic [31:0] pair);
    return {pair[8+:WordWidth], pair[0+:OffsetWidth]};
  endfunction
  // verilator lint_on UNUSEDSIGNAL

  // `step_i` comes late: it only enables. A tile of one pixel that ends its m-tile goes back to the old mark; the next cycle, without a step, repairs that.
  walk_pkg::walk_t walk, walk_q;
  logic repair_q;
  assign walk.move  = step_i || repair_q;
  assign walk.back  = repair_q || (tile_last_i && (!block_last_tile_i || last_block_i));
  assign walk.mark  = load_i || (step_i && block_last_tile_i && (last_block_i ? tile_first_i : tile_last_i));
  assign walk.first = load_i || last_block_i;

  walk_pkg::step_e step;
  pixel_counter #(
      .CountWidth(CountWidth),
      .ReadCycles(ReadCycles)
  ) i_counter (
      .clk_i,
      .descriptor_i,
      .walk_i(walk),
      .step_o(step)
  );

  // What goes to the next pixel, ready beside the place: x and y of `init` or of place + step, the steps negated as ~step + 1.
  pair_t pair_step_q;
  logic [PositionWidth-1:0] x_step_q;
  logic [RowWidth-1:0] y_step_q;
  logic x_minus_q, y_minus_q, x_init_q, y_init_q, x_minus, y_minus, y_still;
  assign x_minus = step == walk_pkg::StepWindowY;
  assign y_minus = step == walk_pkg::StepX && descriptor_i.pool;
  assign y_still = step == walk_pkg::StepWindowX || (step == walk_pkg::StepX && !descriptor_i.pool);

  always_ff @(posedge clk_i) begin
    repair_q  <= load_i || (tile_first_i && tile_last_i && step_i);
    walk_q    <= walk;
    x_minus_q <= x_minus;
    x_step_q  <= PositionWidth'(descriptor_i.x_step) ^ {PositionWidth{x_minus}};
    x_init_q  <= step == walk_pkg::StepY || step == walk_pkg::StepImage;
    y_minus_q <= y_minus;
    y_step_q  <= y_still ? '0 : RowWidth'(descriptor_i.y_step) ^ {RowWidth{y_minus}};
    y_init_q  <= step == walk_pkg::StepImage;
  end

  if (StepMemory) begin : gen_memory
    // The words of the steps are five of one aligned group of eight.
    localparam logic [1:0] Group = 2'(flexor_pkg::WordStepX / 8);
    if (3'(Group) != 3'(flexor_pkg::WordStepWindowX / 8) || 3'(Group) != 3'(flexor_pkg::WordStepImage / 8)) begin : gen_check_words
      $error("pixel_walker: the steps of the descriptor must stand in one group of eight words");
    end
    (* ram_style = "block" *) pair_t steps_q[8];
    always_ff @(posedge clk_i) begin
      if (word_valid_i && word_i[4:3] == Group) steps_q[word_i[2:0]] <= cut(word_data_i);
      pair_step_q <= steps_q[step];
    end
  end else begin : gen_fields
    logic unused_words;
    assign unused_words = ^{word_valid_i, word_i, word_data_i};
    always_ff @(posedge clk_i) begin
      unique case (step)
        walk_pkg::StepWindowX: pair_step_q <= cut(descriptor_i.step_window_x);
        walk_pkg::StepWindowY: pair_step_q <= cut(descriptor_i.step_window_y);
        walk_pkg::StepX:       pair_step_q <= cut(descriptor_i.step_x);
        walk_pkg::StepY:       pair_step_q <= cut(descriptor_i.step_y);
        default:               pair_step_q <= cut(descriptor_i.step_image);
      endcase
    end
  end

  // One cycle later: address and position.
  place_t place_q, mark_q, next, init;

  assign init.pair = cut(descriptor_i.input_base);
  assign init.x    = PositionWidth'(signed'(descriptor_i.x_start));
  assign init.y    = RowWidth'(signed'(descriptor_i.y_start));

  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  (place_q.pair),
      .b_i  (pair_step_q),
      .sum_o(next.pair)
  );
  assign next.x = x_init_q ? init.x : place_q.x + x_step_q + PositionWidth'(x_minus_q);
  assign next.y = y_init_q ? init.y : place_q.y + y_step_q + RowWidth'(y_minus_q);

  always_ff @(posedge clk_i) begin
    if (walk_q.mark) mark_q <= walk_q.first ? init : next;
    if (walk_q.move) place_q <= walk_q.back ? mark_q : next;
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
