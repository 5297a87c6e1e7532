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
    /// Cycles from a pixel to its word on `address_o`, 0 or 1.
    parameter int unsigned AddressLatency = 1,
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
    /// Its first channel.
    input  logic        [            15:0] channel_i,
    /// Its word, AddressLatency cycles later.
    output logic        [AddressWidth-1:0] address_o,
    /// The shortcut has these channels; two cycles after the pixel, when the word's value is looked at.
    output logic                           present_o
);

  localparam int unsigned CountWidth = fetch_pkg::CountWidth;
  typedef logic [CountWidth-1:0] count_t;
  typedef struct packed {
    count_t columns;  // left in the row, this one included
    count_t rows;     // left in the image, this one included
    logic [AddressWidth-1:0] word;  // of channel 0
  } place_t;

  // Where the pixel is, as output_trace counts it: at the start of the layer, of the block, or after the pixel before.
  place_t init, place, next, next_q, block_q, block_next_q;
  logic row_end, image_end, first_group, first_group_q;
  logic [31:0] step;

  assign init = '{
          columns: count_t'(descriptor_i.columns),
          rows: count_t'(descriptor_i.rows),
          word: descriptor_i.shortcut_base[AddressWidth-1:0]
      };
  always_comb begin
    unique case (start_i)
      StartNone:  place = next_q;
      StartGroup: place = block_q;
      StartBlock: place = block_next_q;
      default:    place = init;
    endcase
    first_group = start_i == StartNone ? first_group_q : start_i != StartGroup;
    row_end = place.columns == count_t'(1);
    image_end = row_end && place.rows == count_t'(1);
    next.columns = row_end ? init.columns : place.columns - count_t'(1);
    next.rows = image_end ? init.rows : row_end ? place.rows - count_t'(1) : place.rows;
    if (image_end) step = descriptor_i.shortcut_step_image;
    else if (row_end) step = descriptor_i.shortcut_step_y;
    else step = descriptor_i.shortcut_step_x;
    next.word = place.word + step[AddressWidth-1:0];
  end

  always_ff @(posedge clk_i) begin
    if (valid_i) begin
      next_q <= next;
      first_group_q <= first_group;
      if (start_i != StartNone) block_q <= place;
      if (first_group) block_next_q <= next;
    end
  end

  logic [AddressWidth-1:0] address;
  assign address = place.word + AddressWidth'(channel_i >> $clog2(R));
  if (AddressLatency == 0) begin : gen_at_once
    assign address_o = address;
  end else begin : gen_later
    always_ff @(posedge clk_i) if (valid_i) address_o <= address;
  end

  logic inside_q;
  always_ff @(posedge clk_i) begin
    inside_q  <= descriptor_i.shortcut && channel_i >= descriptor_i.shortcut_first && channel_i < descriptor_i.shortcut_end;
    present_o <= inside_q;
  end

  logic unused_bits;
  assign unused_bits = ^{descriptor_i, step};

endmodule
