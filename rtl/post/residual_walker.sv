// SPDX-License-Identifier: Apache-2.0

/// Walks the words of residual memory that a layer adds, beside output_writer's walk over its pixels, and cuts the channels that the
/// shortcut does not have.
///
///   word = shortcut_base + (steps from pixel 0 to this one) + channel / R             modulo ResidualWords
///   step = shortcut_step_x, at the end of a row shortcut_step_y, at the end of an image shortcut_step_image
///   present = shortcut && shortcut_first <= first channel of the group < shortcut_end; the rest of a last word is 0 in the memory
module residual_walker
  import flexor_pkg::*;
  import output_writer_pkg::*;
#(
    /// Channels of a word, a power of two.
    parameter int unsigned R = 8,
    /// Words of residual memory, a power of two, 512..2^24.
    parameter int unsigned ResidualWords = 16384,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth = 10,
    /// Bits of a channel's number.
    parameter int unsigned ChannelWidth = 16,
    /// Bits of an address; follows from ResidualWords.
    parameter int unsigned AddressWidth = $clog2(ResidualWords)
) (
    /// Clock.
    input  logic                           clk_i,
    /// Layer; steady.
    input  descriptor_t                    descriptor_i,
    /// A pixel.
    input  logic                           valid_i,
    /// Whether it is the first of its group, and where that starts.
    input  start_e                         start_i,
    /// Its first channel, one cycle later.
    input  logic        [            15:0] channel_i,
    /// Its word, in the cycle of `channel_i` and until the next pixel's.
    output logic        [AddressWidth-1:0] address_o,
    /// The shortcut has the channels of `channel_i`; one cycle after it.
    output logic                           present_o
);

  typedef logic [CountWidth-1:0] count_t;
  typedef struct packed {
    count_t columns;  // left in the row, this one included
    count_t rows;     // left in the image, this one included
    logic last_column;
    logic last_row;
    logic [AddressWidth-1:0] word;  // of channel 0
  } place_t;

  // Where the pixel is: at the start of the layer, of the block again, or after the pixel before; every group of a block ends where the next block starts.
  place_t init, place, place_q, next, block_q;
  logic row_end, image_end;
  logic [31:0] step;

  assign init = '{
          columns: count_t'(descriptor_i.columns),
          rows: count_t'(descriptor_i.rows),
          last_column: count_t'(descriptor_i.columns) == count_t'(1),
          last_row: count_t'(descriptor_i.rows) == count_t'(1),
          word: descriptor_i.shortcut_base[AddressWidth-1:0]
      };
  always_comb begin
    row_end = place_q.last_column;
    image_end = row_end && place_q.last_row;
    next.columns = row_end ? init.columns : place_q.columns - count_t'(1);
    next.last_column = row_end ? init.last_column : place_q.columns == count_t'(2);
    next.rows = image_end ? init.rows : row_end ? place_q.rows - count_t'(1) : place_q.rows;
    next.last_row = image_end ? init.last_row : row_end ? place_q.rows == count_t'(2) : place_q.last_row;
    if (image_end) step = descriptor_i.shortcut_step_image;
    else if (row_end) step = descriptor_i.shortcut_step_y;
    else step = descriptor_i.shortcut_step_x;
    next.word = place_q.word + step[AddressWidth-1:0];
    unique case (start_i)
      StartGroup: place = block_q;
      StartTile:  place = init;
      default:    place = next;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      place_q <= place;
      if (start_i != StartNone) block_q <= place;
    end
  end

  typedef logic [ChannelWidth-1:0] channel_t;
  channel_t channel, group, first, beyond;
  assign channel = channel_t'(channel_i);
  assign group   = channel >> $clog2(R);
  assign first   = channel_t'(descriptor_i.shortcut_first);
  assign beyond  = channel_t'(descriptor_i.shortcut_end);

  assign address_o = place_q.word + AddressWidth'(group);
  always_ff @(posedge clk_i) present_o <= descriptor_i.shortcut && channel >= first && channel < beyond;

  logic unused_bits;
  assign unused_bits = ^{descriptor_i, step, channel_i, group};

endmodule
