// SPDX-License-Identifier: Apache-2.0

/// Streams the stored weights of a layer to tile_decryptor, tile after tile, on its own: for m-tile, for block, for tile (binary
/// digit, string, chunk), for group, for stored bit j. The tiles of an m-tile are read again for every block.
///
///   word (g, j) of a tile = weight memory [tile + g*n + j];  column = code memory [code_base + j]
///
/// One word a cycle while `word_ready_i`. The memories' output registers hold the word that waits.
module tile_loader #(
    /// Bits of a word.
    parameter int unsigned D           = 40,
    /// Groups of D slices in a tile.
    parameter int unsigned Groups      = 1,
    /// Rows of a code.
    parameter int unsigned NOut        = 20,
    /// Weight memory words, a power of two.
    parameter int unsigned WeightWords = 131072,
    /// Code memory words, a power of two.
    parameter int unsigned CodeWords   = 256,
    /// Pixels of a block at most.
    parameter int unsigned PMax        = 256,
    /// Binary digits of a weight at most, 1..8; 1: descriptor.digits does not count.
    parameter int unsigned Digits      = 1,
    /// Stored bits of a slice at most, 1..32.
    parameter int unsigned StoredMax   = 32,
    /// Stored bits of a slice at least, 1..StoredMax; StoredMax: descriptor.stored_bits does not count.
    parameter int unsigned StoredMin   = 1,
    /// Bits of a number of m-tiles, at most 12.
    parameter int unsigned TileWidth   = 12,
    /// Bits of a pixel count, at most 31.
    parameter int unsigned PixelWidth  = 21,
    /// `soon_o` looks this many words ahead, 0..31.
    parameter int unsigned LookAhead   = 5
) (
    /// Clock.
    input  logic                                              clk_i,
    /// Synchronous reset, active low; ends the layer.
    input  logic                                              rst_ni,
    /// One cycle: a layer begins.
    input  logic                                              start_i,
    /// Layer; stable while it runs.
    input  flexor_pkg::descriptor_t                           descriptor_i,
    /// Read port of both memories: a word is asked for.
    output logic                                              read_o,
    /// Weight memory word.
    output logic                    [$clog2(WeightWords)-1:0] weight_address_o,
    /// Weight memory data, one cycle later.
    input  logic                    [                  D-1:0] weight_data_i,
    /// Code memory word.
    output logic                    [  $clog2(CodeWords)-1:0] code_address_o,
    /// Code memory data, one cycle later.
    input  logic                    [               NOut-1:0] code_data_i,
    /// A word is offered.
    output logic                                              word_valid_o,
    /// It is taken.
    input  logic                                              word_ready_i,
    /// Stored bit j of D slices.
    output logic                    [                  D-1:0] word_o,
    /// j = 0.
    output logic                                              word_first_o,
    /// Last word of the tile.
    output logic                                              word_last_o,
    /// Column j of the code.
    output logic                    [               NOut-1:0] column_o,
    /// A word was taken in the cycle before and at most LookAhead words of its tile follow it: without stalls the tile is complete in <= LookAhead cycles.
    output logic                                              soon_o
);

  localparam int unsigned AddressWidth = $clog2(WeightWords);
  localparam int unsigned CodeWidth = $clog2(CodeWords);
  localparam int unsigned BitWidth = $clog2(StoredMax + 1);
  localparam int unsigned GroupWidth = Groups > 1 ? $clog2(Groups) : 1;

  if (LookAhead > 31) begin : gen_check
    $error("tile_loader: LookAhead must be at most 31");
  end
  if (StoredMin < 1 || StoredMin > StoredMax || StoredMax > 32) begin : gen_check_stored
    $error("tile_loader: StoredMax must be in 1..32, StoredMin in 1..StoredMax");
  end
  if (Groups < 1) begin : gen_check_groups
    $error("tile_loader: Groups must be at least 1");
  end

  typedef logic [AddressWidth-1:0] address_t;
  address_t address_q, m_tile_address_q;
  logic [CodeWidth-1:0] code_address_q;
  logic [BitWidth-1:0] bit_q, stored_bits;  // words of the group that follow this one; words of a group
  logic [GroupWidth-1:0] group_q;  // groups of the tile that follow this one
  logic [11:0] chunks_left_q;  // in the string, this one included
  logic [7:0] strings_left_q;  // in the block, this one included
  logic [TileWidth-1:0] m_tiles_left_q;  // this one included
  logic active_q, valid_q, begin_q, first_q, last_q, near_q, near;
  logic fetch, last_bit_q, last_group, last_word, last_chunk_q, last_string_q, last_digit, last_tile, last_block, tile_end, block_end;

  block_counter #(
      .PMax      (PMax),
      .PixelWidth(PixelWidth)
  ) i_blocks (
      .clk_i,
      .descriptor_i,
      .load_i  (start_i),
      .step_i  (block_end),
      .last_o  (last_block),
      // verilator lint_off PINCONNECTEMPTY
      .pixels_o()
      // verilator lint_on PINCONNECTEMPTY
  );

  digit_counter #(
      .Digits(Digits)
  ) i_digits (
      .clk_i,
      .descriptor_i,
      .load_i(start_i),
      .step_i(tile_end && last_chunk_q && last_string_q),
      .last_o(last_digit)
  );

  assign stored_bits = StoredMin == StoredMax ? BitWidth'(StoredMax) : BitWidth'(descriptor_i.stored_bits);

  assign last_group = Groups == 1 || group_q == '0;
  assign last_word  = last_bit_q && last_group;
  assign last_tile  = last_chunk_q && last_string_q && last_digit;
  assign near       = last_group && 32'(bit_q) <= LookAhead;

  assign word_valid_o = valid_q;
  assign word_o       = weight_data_i;
  assign column_o     = code_data_i;
  assign word_first_o = first_q;
  assign word_last_o  = last_q;

  assign fetch            = active_q && (!valid_q || word_ready_i);
  assign tile_end         = fetch && last_word;
  assign block_end        = tile_end && last_tile;
  assign read_o           = fetch;
  assign weight_address_o = address_q;
  assign code_address_o   = code_address_q;

  always_ff @(posedge clk_i) begin
    soon_o <= rst_ni && valid_q && word_ready_i && near_q;
    if (fetch) begin
      valid_q <= 1'b1;
      first_q <= begin_q;
      near_q  <= near;
    end else if (word_ready_i) begin
      valid_q <= 1'b0;
    end

    if (start_i) begin
      active_q         <= 1'b1;
      begin_q          <= 1'b1;
      last_q           <= 1'b1;  // of no meaning yet; so it is begin_q when a tile is one group, and costs nothing
      address_q        <= address_t'(descriptor_i.weight_base);
      m_tile_address_q <= address_t'(descriptor_i.weight_base);
      code_address_q   <= CodeWidth'(descriptor_i.code_base);
      bit_q            <= stored_bits - BitWidth'(1);
      last_bit_q       <= stored_bits == BitWidth'(1);
      group_q          <= GroupWidth'(Groups - 1);
      chunks_left_q    <= descriptor_i.chunks;
      last_chunk_q     <= descriptor_i.chunks == 12'd1;
      strings_left_q   <= descriptor_i.strings;
      last_string_q    <= descriptor_i.strings == 8'd1;
      m_tiles_left_q   <= TileWidth'(descriptor_i.m_tiles);
    end else if (fetch) begin
      begin_q        <= last_bit_q;
      last_q         <= last_word;
      address_q      <= last_word && last_tile && !last_block ? m_tile_address_q : address_q + address_t'(1);
      code_address_q <= last_bit_q ? CodeWidth'(descriptor_i.code_base) : code_address_q + CodeWidth'(1);
      bit_q          <= last_bit_q ? stored_bits - BitWidth'(1) : bit_q - BitWidth'(1);
      last_bit_q     <= last_bit_q ? stored_bits == BitWidth'(1) : bit_q == BitWidth'(1);
      if (last_bit_q) group_q <= last_group ? GroupWidth'(Groups - 1) : group_q - GroupWidth'(1);
      if (tile_end) begin
        chunks_left_q <= last_chunk_q ? descriptor_i.chunks : chunks_left_q - 12'd1;
        last_chunk_q  <= last_chunk_q ? descriptor_i.chunks == 12'd1 : chunks_left_q == 12'd2;
        if (last_chunk_q) begin
          strings_left_q <= last_string_q ? descriptor_i.strings : strings_left_q - 8'd1;
          last_string_q  <= last_string_q ? descriptor_i.strings == 8'd1 : strings_left_q == 8'd2;
        end
      end
      if (block_end && last_block) begin
        m_tile_address_q <= address_q + address_t'(1);
        m_tiles_left_q   <= m_tiles_left_q - TileWidth'(1);
        if (m_tiles_left_q == TileWidth'(1)) active_q <= 1'b0;
      end
    end

    if (!rst_ni) begin
      active_q <= 1'b0;
      valid_q  <= 1'b0;
    end
  end

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
