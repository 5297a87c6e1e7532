// SPDX-License-Identifier: Apache-2.0

/// Accepts blocks and walks their channel groups: reads the group's 2R parameter words from control memory and then offers the group.
/// The next group is fetched while the last one drains.
///
/// A group is offered in the cycle that reads its last word, so that groups of 2R words follow one another without a gap. When it is
/// taken in cycle t, offset_o holds it in t + 2 and multiplier_o in t + 3: the next group's first offset lands at the end of t + 2 at
/// the earliest, its first multiplier at the end of t + 3.
module parameter_fetch
  import output_writer_pkg::*;
#(
    /// Channels of an m-tile.
    parameter int unsigned M = 16,
    /// Channels of a group: a power of two that divides M.
    parameter int unsigned R = 8,
    /// Bits of an offset, <= 32.
    parameter int unsigned OffsetWidth = 22,
    /// Bits of a pixel number in a block.
    parameter int unsigned PixelWidth = 8,
    /// Bits of a buffer number.
    parameter int unsigned BufferWidth = 1,
    /// Words of control memory: a power of two; a layer has at most half as many channels.
    parameter int unsigned ControlWords = 8192,
    /// Bits of a control memory address.
    parameter int unsigned AddressWidth = $clog2(ControlWords),
    /// Bits of a group number in its m-tile.
    parameter int unsigned GroupWidth = M / R > 1 ? $clog2(M / R) : 1
) (
    /// Clock.
    input  logic                       clk_i,
    /// Synchronous reset, active low.
    input  logic                       rst_ni,
    /// Control memory address of channel 0's parameters; steady.
    input  logic   [ AddressWidth-1:0] parameter_base_i,
    /// Channels of the layer; steady.
    input  logic   [             15:0] channels_i,
    /// A block is offered.
    input  logic                       block_valid_i,
    /// No block is held here.
    output logic                       block_ready_o,
    /// Its buffer.
    input  logic   [  BufferWidth-1:0] block_buffer_i,
    /// Its last pixel.
    input  logic   [   PixelWidth-1:0] block_last_i,
    /// It is the first of an m-tile.
    input  logic                       block_first_i,
    /// It is the first of the layer.
    input  logic                       block_layer_first_i,
    /// Read a control memory word.
    output logic                       parameter_read_o,
    /// Its address.
    output logic   [ AddressWidth-1:0] parameter_address_o,
    /// Its data, one cycle later.
    input  logic   [             31:0] parameter_data_i,
    /// A group is offered; the group_* outputs describe it.
    output logic                       group_valid_o,
    /// It is taken.
    input  logic                       group_ready_i,
    /// Its number in the m-tile.
    output logic   [   GroupWidth-1:0] group_index_o,
    /// Its channels that exist.
    output logic   [            R-1:0] group_mask_o,
    /// Its first channel.
    output logic   [             15:0] group_channel_o,
    /// Where its first output goes.
    output start_e                     group_start_o,
    /// Buffer of the block that is held (valid while not block_ready_o).
    output logic   [  BufferWidth-1:0] group_buffer_o,
    /// Last pixel of that block.
    output logic   [   PixelWidth-1:0] group_last_o,
    /// R offsets.
    output logic   [R*OffsetWidth-1:0] offset_o,
    /// R multipliers.
    output logic   [         R*16-1:0] multiplier_o
);

  localparam int unsigned WordWidth = $clog2(2 * R);
  localparam logic [WordWidth-1:0] LastWord = WordWidth'(2 * R - 1);
  localparam logic [GroupWidth-1:0] LastGroup = GroupWidth'(M / R - 1);

  if (R < 1 || (R & (R - 1)) != 0 || M % R != 0) begin : gen_check_group
    $error("parameter_fetch: R must be a power of two that divides M");
  end
  if (OffsetWidth > 32) begin : gen_check_width
    $error("parameter_fetch: OffsetWidth must be at most 32");
  end
  if (ControlWords < 4 * R || ControlWords > 65536 || (ControlWords & (ControlWords - 1)) != 0) begin : gen_check_words
    $error("parameter_fetch: ControlWords must be a power of two in 4R..65536");
  end

  // Place in the layer: address of the next word, channels from the group being fetched to the end; and the same for the m-tile's start.
  logic [AddressWidth-1:0] address_q, tile_address_q;
  logic [AddressWidth-1:0] left_q, tile_left_q;
  logic held_q, begin_q, reading_q, landing_q;
  logic [WordWidth-1:0] word_q, landing_word_q;
  logic [GroupWidth-1:0] index_q;
  logic block_first_q;
  logic accept, last_word, take, last_group;

  assign block_ready_o = !held_q;
  assign accept = block_valid_i && !held_q;
  assign last_word = word_q == LastWord;
  assign group_valid_o = held_q && !begin_q && (!reading_q || last_word);
  assign take = group_valid_o && group_ready_i;
  assign last_group = index_q == LastGroup || left_q <= AddressWidth'(R);

  assign parameter_read_o = reading_q;
  assign parameter_address_o = address_q;
  assign group_index_o = index_q;
  logic [AddressWidth-1:0] channel;
  assign channel = AddressWidth'(channels_i) - left_q;
  assign group_channel_o = 16'(channel);
  for (genvar r = 0; r < R; r++) begin : gen_mask
    assign group_mask_o[r] = left_q > AddressWidth'(r);
  end

  always_comb begin
    if (index_q != '0) group_start_o = StartGroup;
    else group_start_o = block_first_q ? StartTile : StartBlock;
  end

  always_ff @(posedge clk_i) begin
    if (accept) begin
      held_q  <= 1'b1;
      index_q <= '0;
    end else if (begin_q) begin
      reading_q <= 1'b1;
    end else if (take) begin
      held_q <= !last_group;
      reading_q <= !last_group;
      index_q <= index_q + 1'b1;
    end else if (reading_q && last_word) begin
      reading_q <= 1'b0;
    end
    begin_q <= accept;
    if (reading_q) word_q <= word_q + 1'b1;
    landing_q <= reading_q;
    landing_word_q <= word_q;
    if (!rst_ni) begin
      held_q <= 1'b0;
      begin_q <= 1'b0;
      reading_q <= 1'b0;
      word_q <= '0;
    end
  end

  // An m-tile before the last has all its groups: where they end, the next m-tile starts. Every block starts from its m-tile's start.
  always_ff @(posedge clk_i) begin
    if (accept) begin
      group_buffer_o <= block_buffer_i;
      group_last_o   <= block_last_i;
      block_first_q  <= block_first_i;
      if (block_first_i) begin
        tile_address_q <= block_layer_first_i ? parameter_base_i : address_q;
        tile_left_q <= block_layer_first_i ? channels_i[AddressWidth-1:0] : left_q;
      end
    end
    if (begin_q) address_q <= tile_address_q;
    else if (reading_q) address_q <= address_q + 1'b1;
    if (begin_q) left_q <= tile_left_q;
    else if (take) left_q <= left_q - AddressWidth'(R);
  end

  for (genvar r = 0; r < R; r++) begin : gen_parameter
    always_ff @(posedge clk_i) begin
      if (landing_q && landing_word_q == WordWidth'(2 * r)) offset_o[r*OffsetWidth+:OffsetWidth] <= parameter_data_i[OffsetWidth-1:0];
      if (landing_q && landing_word_q == WordWidth'(2 * r + 1)) multiplier_o[r*16+:16] <= parameter_data_i[15:0];
    end
  end

  logic unused_data;
  assign unused_data = ^{parameter_data_i, channels_i};

endmodule
