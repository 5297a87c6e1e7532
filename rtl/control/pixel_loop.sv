// SPDX-License-Identifier: Apache-2.0

/// The loops of a layer (docs/architecture.md): m-tiles, blocks, tiles, pixels. Says when the next pixel may go, where it is, and what begins or ends with it.
///
///   A pixel goes when the layer runs and none of these holds:
///   drain stall   the first of a block, and its accumulator buffer is not free; or the last of a block, and the block before waits to be handed over
///   weight stall  the first of a tile, and the tile is not ready
///   period wait   the first of a tile, and the tile before began less than MinPeriod cycles ago
///   read wait     the pixel before went less than ReadCycles cycles ago
///   With ReadCycles > 1 the first three count as they, and "the layer runs", were in the cycle before: the read wait covers that, but a wait ends one cycle later.
module pixel_loop #(
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K             = 50,
    /// Bytes of a word of activation memory, K..250.
    parameter int unsigned WordBytes     = K,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Pixels of a block at most.
    parameter int unsigned PMax          = 256,
    /// Binary digits of a weight at most, 1..8.
    parameter int unsigned Digits        = 1,
    /// Output channels of a tile.
    parameter int unsigned M             = 16,
    /// 1: layers can pool windows.
    parameter bit          Windows       = 1'b0,
    /// Accumulator buffers, 1 or 2.
    parameter int unsigned AccBuffers    = 2,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth    = 10,
    /// See pixel_walker.
    parameter bit          StepMemory    = 1'b0,
    /// Cycles from a pixel to the next, 1..4.
    parameter int unsigned ReadCycles    = 1,
    /// Cycles from a tile's first pixel to the next tile's, 2..12.
    parameter int unsigned MinPeriod     = 7,
    /// Bits of a number of m-tiles, at most 12.
    parameter int unsigned TileWidth     = 12,
    /// Bits of a pixel count, one more than pixels need.
    parameter int unsigned PixelWidth    = 21,
    /// Bits of a signed input row; follows from CountWidth.
    parameter int unsigned RowWidth      = fetch_pkg::row_width(CountWidth),
    /// Bits of a signed position along a row; follows from WordBytes and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(WordBytes, ActRows)
) (
    /// Clock.
    input  logic                                           clk_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                        descriptor_i,
    /// See pixel_walker.
    input  logic                                           word_valid_i,
    /// See pixel_walker.
    input  logic                    [                 4:0] word_i,
    /// See pixel_walker.
    input  logic                    [                31:0] word_data_i,
    /// One cycle: begin the layer.
    input  logic                                           load_i,
    /// The cycle after it: begin its first block.
    input  logic                                           begin_i,
    /// From then on: pixels may go.
    input  logic                                           run_i,
    /// The next tile will be ready for a first pixel that is decided in the next cycle.
    input  logic                                           tile_ready_i,
    /// The drain of an accumulator buffer has ended.
    input  logic                    [      AccBuffers-1:0] buffer_free_i,
    /// A complete block waits to be handed over.
    input  logic                                           pending_i,
    /// A pixel goes.
    output logic                                           pixel_valid_o,
    /// Why none goes while `run_i`, the first that holds; with neither and no pixel: period or read wait.
    output logic                                           drain_wait_o,
    output logic                                           weight_wait_o,
    /// Address and position of the pixel of the cycle before: see patch_fetch.
    output logic                    [                31:0] pixel_pair_o,
    output logic signed             [   PositionWidth-1:0] x_o,
    output logic signed             [        RowWidth-1:0] y_o,
    /// Its tile: see patch_fetch.
    output logic                    [                31:0] tile_pair_o,
    output logic                    [   PositionWidth-1:0] chunk_start_o,
    output logic                                           last_chunk_o,
    output logic                    [                 7:0] string_o,
    /// The pixel is the first, the last of its tile.
    output logic                                           tile_first_o,
    output logic                                           tile_last_o,
    /// The tile is the first, the last of its block.
    output logic                                           first_tile_o,
    output logic                                           last_tile_o,
    /// The tile is the first of a binary digit after the first digit.
    output logic                                           twice_o,
    /// Buffer of the block.
    output logic                                           buffer_o,
    /// Pixels of the block.
    output logic                    [$clog2(PMax + 1)-1:0] block_pixels_o,
    /// The block is the first of its m-tile, of the layer.
    output logic                                           block_first_o,
    output logic                                           layer_first_o,
    /// The pixel goes and is the last of its block, of the layer.
    output logic                                           block_end_o,
    output logic                                           layer_end_o
);

  localparam int unsigned BlockWidth = $clog2(PMax + 1);
  typedef logic [BlockWidth-1:0] count_t;

  if (MinPeriod < 2 || MinPeriod > 12) begin : gen_check_period
    $error("pixel_loop: MinPeriod must be in 2..12");
  end
  if (ReadCycles < 1 || ReadCycles > 4) begin : gen_check_reads
    $error("pixel_loop: ReadCycles must be in 1..4");
  end

  logic step, blocked, block_last, buffer_busy, next_last, last_block_q, tile_first_q, tile_last_q, tile_ready_q;
  logic [MinPeriod-2:0] period_q;  // top bit: a tile may not begin yet
  logic [TileWidth-1:0] m_tiles_left_q;  // this one included
  count_t next_pixels, left_q;  // left in the tile, this one included

  assign block_last    = tile_last_q && last_tile_o;
  assign drain_wait_o  = (tile_first_q && first_tile_o && buffer_busy) || (block_last && pending_i);
  assign weight_wait_o = tile_first_q && !tile_ready_q;
  assign blocked       = drain_wait_o || weight_wait_o || (tile_first_q && period_q[MinPeriod-2]);

  if (ReadCycles == 1) begin : gen_every_cycle
    assign step = run_i && !blocked;
  end else begin : gen_reads
    logic [ReadCycles-2:0] reads_q;  // as period_q
    logic blocked_q;
    assign step = run_i && !blocked_q && !reads_q[ReadCycles-2];
    always_ff @(posedge clk_i) begin
      reads_q   <= load_i ? '0 : step ? '1 : reads_q << 1;
      blocked_q <= !run_i || blocked;
    end
  end

  // One cycle late; a block that has just ended counts as not drained.
  if (AccBuffers == 1) begin : gen_one
    always_ff @(posedge clk_i) buffer_busy <= block_end_o || pending_i || !buffer_free_i[0];
  end else begin : gen_two
    logic [1:0] free_q;
    always_ff @(posedge clk_i) free_q <= buffer_free_i;
    assign buffer_busy = !free_q[buffer_o];
  end

  // One block ahead: the next block, or the first of the next m-tile.
  block_counter #(
      .PMax      (PMax),
      .PixelWidth(PixelWidth)
  ) i_blocks (
      .clk_i,
      .descriptor_i,
      .load_i,
      .step_i  (begin_i || block_end_o),
      .last_o  (next_last),
      .pixels_o(next_pixels)
  );
  tile_walker #(
      .K        (K),
      .WordBytes(WordBytes),
      .ActRows  (ActRows),
      .Digits   (Digits),
      .M        (M),
      .Windows  (Windows)
  ) i_tiles (
      .clk_i,
      .descriptor_i,
      .load_i,
      .step_i(step && tile_last_q),
      .last_block_i(last_block_q),
      .pair_o(tile_pair_o),
      .chunk_start_o,
      .last_chunk_o,
      .string_o,
      .first_o(first_tile_o),
      .twice_o,
      .last_o(last_tile_o)
  );
  pixel_walker #(
      .K         (WordBytes),
      .ActRows   (ActRows),
      .CountWidth(CountWidth),
      .ReadCycles(ReadCycles),
      .StepMemory(StepMemory)
  ) i_pixels (
      .clk_i,
      .descriptor_i,
      .word_valid_i,
      .word_i,
      .word_data_i,
      .load_i,
      .tile_first_i     (tile_first_q),
      .tile_last_i      (tile_last_q),
      .block_last_tile_i(last_tile_o),
      .last_block_i     (last_block_q),
      .step_i           (step),
      .pair_o           (pixel_pair_o),
      .x_o,
      .y_o
  );

  always_ff @(posedge clk_i) begin
    if (begin_i || block_end_o) begin
      left_q         <= next_pixels;
      tile_last_q    <= next_pixels == count_t'(1);
      block_pixels_o <= next_pixels;
      last_block_q   <= next_last;
    end else if (step) begin
      left_q      <= tile_last_q ? block_pixels_o : left_q - count_t'(1);
      tile_last_q <= tile_last_q ? block_pixels_o == count_t'(1) : left_q == count_t'(2);
    end

    if (load_i) tile_first_q <= 1'b1;
    else if (step) tile_first_q <= tile_last_q;

    tile_ready_q <= tile_ready_i;
    // Ones move up until none is left: no arithmetic behind the late `step`.
    period_q <= load_i || (step && tile_first_q) ? '1 : period_q << 1;

    if (load_i) begin
      m_tiles_left_q <= TileWidth'(descriptor_i.m_tiles);
      layer_first_o  <= 1'b1;
      block_first_o  <= 1'b1;
      buffer_o       <= 1'b0;
    end else if (block_end_o) begin
      layer_first_o <= 1'b0;
      block_first_o <= last_block_q;
      buffer_o      <= AccBuffers == 2 && !buffer_o;
      if (last_block_q) m_tiles_left_q <= m_tiles_left_q - TileWidth'(1);
    end
  end

  assign pixel_valid_o = step;
  assign tile_first_o = tile_first_q;
  assign tile_last_o = tile_last_q;
  assign block_end_o = step && block_last;
  assign layer_end_o = block_end_o && last_block_q && m_tiles_left_q == TileWidth'(1);

endmodule
