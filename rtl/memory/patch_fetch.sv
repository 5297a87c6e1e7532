// SPDX-License-Identifier: Apache-2.0

/// Fetches the K activations of one pixel, string and chunk: one patch a cycle, fetch_pkg::FetchLatency cycles.
///
///   activation[k] = live[k] ? memory[pixel + tile + k] : 0       (pairs; live[k]: lane_mask)
module patch_fetch #(
    /// Lanes that are fetched: bytes of a word of activation memory, 10..250.
    parameter int unsigned K             = 50,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// Bits of a signed position along a row; follows from K and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(K, ActRows)
) (
    /// Clock.
    input  logic                                              clk_i,
    /// Synchronous reset, active low.
    input  logic                                              rst_ni,
    /// Layer; stable while its patches are in flight.
    input  flexor_pkg::descriptor_t                           descriptor_i,
    /// A patch is asked for.
    input  logic                                              valid_i,
    /// Pair of the pixel's string 0, chunk 0.
    input  logic                    [                   31:0] pixel_pair_i,
    /// Pair of string and chunk relative to the pixel.
    input  logic                    [                   31:0] tile_pair_i,
    /// See lane_mask.
    input  logic signed             [      PositionWidth-1:0] x_i,
    /// See lane_mask.
    input  logic signed             [fetch_pkg::RowWidth-1:0] y_i,
    /// See lane_mask.
    input  logic                    [      PositionWidth-1:0] chunk_start_i,
    /// See lane_mask.
    input  logic                                              last_chunk_i,
    /// See lane_mask.
    input  logic                    [                    7:0] string_i,
    /// Read port of activation_memory.
    output logic                                              read_valid_o,
    /// Read port of activation_memory: pair.
    output logic                    [                   31:0] read_address_o,
    /// Read port of activation_memory.
    input  logic                    [                8*K-1:0] read_data_i,
    /// Activations, 8 bits a lane.
    output logic                    [                8*K-1:0] activation_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);

  if (PositionWidth != fetch_pkg::position_width(K, ActRows)) begin : gen_check
    $error("patch_fetch: PositionWidth follows from K and ActRows and must not be set");
  end

  logic [WordWidth+OffsetWidth-1:0] sum, address_q;
  logic valid_q;
  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  ({pixel_pair_i[8+:WordWidth], pixel_pair_i[0+:OffsetWidth]}),
      .b_i  ({tile_pair_i[8+:WordWidth], tile_pair_i[0+:OffsetWidth]}),
      .sum_o(sum)
  );
  assign read_valid_o = valid_q;
  always_comb begin
    read_address_o = '0;
    read_address_o[8+:WordWidth] = address_q[OffsetWidth+:WordWidth];
    read_address_o[0+:OffsetWidth] = address_q[0+:OffsetWidth];
  end

  logic [K-1:0] live;
  lane_mask #(
      .K            (K),
      .PositionWidth(PositionWidth)
  ) i_mask (
      .clk_i,
      .descriptor_i,
      .x_i,
      .y_i,
      .chunk_start_i,
      .last_chunk_i,
      .string_i,
      .live_o(live)
  );

  always_ff @(posedge clk_i) begin
    valid_q   <= rst_ni && valid_i;
    address_q <= sum;
    for (int unsigned k = 0; k < K; k++) activation_o[8*k+:8] <= read_data_i[8*k+:8] & {8{live[k]}};
  end

  logic unused_bits;
  assign unused_bits = ^{pixel_pair_i, tile_pair_i};

endmodule
