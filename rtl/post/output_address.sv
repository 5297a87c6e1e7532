// SPDX-License-Identifier: Apache-2.0

/// Where each output goes, without a multiplier. With e = bytes of a channel (1, logits 2), output pixel p, channel group g of R:
///
///   address = base + p * step + (m-tile * M + g * R) * e          (pairs)
///
/// Three starts are remembered while the first group or the first block passes: of the next group (+ R*e), of the next block (where
/// the first group ends) and of the next m-tile (where the groups of its first block end; the first of a layer starts at base).
module output_address
  import output_writer_pkg::*;
#(
    /// Bytes of a word of activation memory.
    parameter int unsigned K = 50,
    /// Channels of a group, 2R < K.
    parameter int unsigned R = 8,
    /// Bits of a word number: addresses are modulo 2^WordWidth words.
    parameter int unsigned WordWidth = 12
) (
    /// Clock.
    input  logic          clk_i,
    /// A new output begins.
    input  logic          valid_i,
    /// Whether it is the first of a group, and where that starts.
    input  start_e        start_i,
    /// A layer begins: its first m-tile starts at base_i. Between the outputs of two layers.
    input  logic          layer_begin_i,
    /// Two bytes a channel; steady.
    input  logic          logits_i,
    /// Pair, output of pixel 0, channel 0; steady.
    input  logic   [31:0] base_i,
    /// Pair, from a pixel to the next; steady.
    input  logic   [31:0] step_i,
    /// Pair, the address of this output, from the next cycle until the next valid_i.
    output logic   [31:0] address_o
);

  localparam int unsigned OffsetWidth = $clog2(K);
  localparam int unsigned Width = WordWidth + OffsetWidth;

  if (2 * R >= K) begin : gen_check_group
    $error("output_address: 2R must be less than K");
  end
  if (WordWidth > 24) begin : gen_check_word
    $error("output_address: WordWidth must be at most 24");
  end

  // Steps are kept as pair_add wants them: with `Missing` added to the offset.
  localparam int unsigned Missing = 2 ** OffsetWidth - K;
  localparam logic [Width-1:0] GroupStep = Width'(R + Missing);
  localparam logic [Width-1:0] GroupWideStep = Width'(2 * R + Missing);

  logic [Width-1:0] current, next, after_group, group_step_q;
  logic [OffsetWidth-1:0] step_offset_q;
  logic [Width-1:0] address_q, group_q, block_q, tile_q;
  logic started_q, first_group_q, first_block_q;
  logic [Width-1:0] base;
  logic unused_pairs;

  // The word bits that this memory has.
  assign base = {base_i[8+:WordWidth], base_i[OffsetWidth-1:0]};

  // Where the first group ends the next block starts, be it at once or after the other groups.
  always_comb begin
    unique case (start_i)
      StartNone:  current = next;
      StartGroup: current = group_q;
      StartBlock: current = first_group_q ? next : block_q;
      default:    current = tile_q;
    endcase
  end

  pair_add #(
      .K(K),
      .WordWidth(WordWidth),
      .Reduced(1'b1)
  ) i_next (
      .a_i  (address_q),
      .b_i  ({step_i[8+:WordWidth], step_offset_q}),
      .sum_o(next)
  );

  pair_add #(
      .K(K),
      .WordWidth(WordWidth),
      .Reduced(1'b1)
  ) i_group (
      .a_i  (address_q),
      .b_i  (group_step_q),
      .sum_o(after_group)
  );

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      address_q <= current;
      if (start_i != StartNone) begin
        first_group_q <= start_i != StartGroup;
        first_block_q <= start_i == StartTile || (start_i == StartGroup && first_block_q);
        if (start_i == StartGroup && first_group_q) block_q <= next;
      end
    end
    step_offset_q <= step_i[OffsetWidth-1:0] + OffsetWidth'(Missing);
    group_step_q <= logits_i ? GroupWideStep : GroupStep;
    // One cycle later: groups start at least two cycles apart, the time that their parameters take.
    started_q <= valid_i && start_i != StartNone;
    if (started_q) group_q <= after_group;
    if (layer_begin_i) tile_q <= base;
    else if (started_q && first_block_q) tile_q <= after_group;
  end

  assign address_o = {24'(address_q[OffsetWidth+:WordWidth]), 8'(address_q[OffsetWidth-1:0])};
  assign unused_pairs = ^{base_i, step_i};

endmodule
