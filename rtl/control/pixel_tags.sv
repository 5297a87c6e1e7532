// SPDX-License-Identifier: Apache-2.0

/// What the array and the accumulator must know of a pixel travels with it: when to copy a tile's weights, where to add, when a block is complete.
///
///   array:       fetch_latency cycles after the pixel
///   accumulator: ArrayLatency cycles after the array; addresses count the pixels of a tile from 0
///   block done:  AccumulatorLatency cycles after the control of the block's last pixel: every sum can be read
module pixel_tags #(
    /// Pixels of a block at most.
    parameter int unsigned PMax         = 256,
    /// Reads of a patch: see patch_fetch.
    parameter int unsigned ReadCycles   = 1,
    /// Cycles from the activations at the array to their control at the accumulator, >= 1.
    parameter int unsigned ArrayLatency = 4
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// A pixel goes to patch_fetch.
    input  logic                    valid_i,
    /// It is the first of its tile.
    input  logic                    tile_first_i,
    /// It is the last of its tile.
    input  logic                    tile_last_i,
    /// Its tile is the first of the block: store, do not add.
    input  logic                    first_tile_i,
    /// Its tile is the first of the next binary digit: double the sum.
    input  logic                    twice_i,
    /// Its tile is the last of the block.
    input  logic                    last_tile_i,
    /// Accumulator buffer.
    input  logic                    buffer_i,
    /// A tile's first activations are at the array.
    output logic                    tile_take_o,
    /// A tile is at the array, from its first to its last activations.
    output logic                    tile_busy_o,
    /// Control of accumulator.
    output logic                    accumulate_o,
    /// Buffer.
    output logic                    accumulate_buffer_o,
    /// Address.
    output logic [$clog2(PMax)-1:0] accumulate_address_o,
    /// Store, do not add.
    output logic                    accumulate_first_o,
    /// Double before adding.
    output logic                    accumulate_twice_o,
    /// One cycle: the block's sums are complete.
    output logic                    block_done_o
);

  typedef struct packed {
    logic valid;
    logic buffer;
    logic store;
    logic twice;
    logic tile_first;
    logic block_last;
  } tag_t;

  tag_t tag, at_array, at_accumulator;
  logic tile_last_at_array, busy_q;

  assign tag = '{
          valid: valid_i,
          buffer: buffer_i,
          store: first_tile_i,
          twice: twice_i,
          tile_first: valid_i && tile_first_i,
          block_last: valid_i && tile_last_i && last_tile_i
      };

  delay_line #(
      .Width (1 + $bits(tag_t)),
      .Cycles(fetch_pkg::fetch_latency(ReadCycles))
  ) i_to_array (
      .clk_i,
      .rst_ni,
      .data_i({valid_i && tile_last_i, tag}),
      .data_o({tile_last_at_array, at_array})
  );
  delay_line #(
      .Width ($bits(tag_t)),
      .Cycles(ArrayLatency)
  ) i_to_accumulator (
      .clk_i,
      .rst_ni,
      .data_i(at_array),
      .data_o(at_accumulator)
  );
  delay_line #(
      .Width (1),
      .Cycles(pe_array_pkg::AccumulatorLatency)
  ) i_to_writer (
      .clk_i,
      .rst_ni,
      .data_i(at_accumulator.block_last),
      .data_o(block_done_o)
  );

  assign tile_take_o = at_array.tile_first;
  assign tile_busy_o = tile_take_o || busy_q;
  always_ff @(posedge clk_i) busy_q <= rst_ni && tile_busy_o && !tile_last_at_array;

  logic [$clog2(PMax)-1:0] address_q;
  assign accumulate_o         = at_accumulator.valid;
  assign accumulate_buffer_o  = at_accumulator.buffer;
  assign accumulate_first_o   = at_accumulator.store;
  assign accumulate_twice_o   = at_accumulator.twice;
  assign accumulate_address_o = at_accumulator.tile_first ? '0 : address_q;
  always_ff @(posedge clk_i) begin
    if (accumulate_o) address_q <= accumulate_address_o + 1'b1;
  end

endmodule
