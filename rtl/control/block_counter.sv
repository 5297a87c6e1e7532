// SPDX-License-Identifier: Apache-2.0

/// Cuts the pixels of a layer into blocks: how many pixels the present block has and whether it is the last of its m-tile.
///
///   left = (pixels of the blocks that follow this one) - 1, so negative in the last block
///   pixels_o = last_o ? block_pixels + left + 1 : block_pixels
module block_counter #(
    /// Pixels of a block at most.
    parameter int unsigned PMax       = 256,
    /// Bits of a pixel count, one more than pixels need.
    parameter int unsigned PixelWidth = 21
) (
    /// Clock.
    input  logic                                           clk_i,
    /// Layer: pixels, block_pixels.
    input  flexor_pkg::descriptor_t                        descriptor_i,
    /// Go to the first block.
    input  logic                                           load_i,
    /// Go to the next block; after the last comes the first again.
    input  logic                                           step_i,
    /// The block is the last of its m-tile.
    output logic                                           last_o,
    /// Its pixels.
    output logic                    [$clog2(PMax + 1)-1:0] pixels_o
);

  localparam int unsigned BlockWidth = $clog2(PMax + 1);

  if (PMax >= 65536 || PixelWidth > 31 || PMax >= 2 ** (PixelWidth - 1)) begin : gen_check
    $error("block_counter: PMax must be below 65536 and 2^(PixelWidth - 1), PixelWidth at most 31");
  end

  logic [PixelWidth-1:0] left_q, pixels, block_pixels;
  logic [PixelWidth:0] next;
  logic restart, unused_bit, unused_descriptor;
  assign pixels       = PixelWidth'(descriptor_i.pixels);
  assign block_pixels = PixelWidth'(BlockWidth'(descriptor_i.block_pixels));

  // pixels - block_pixels - 1 or left - block_pixels: the bit below is the carry that makes the difference.
  assign restart      = load_i || last_o;
  assign next         = {restart ? pixels : left_q, !restart} + {~block_pixels, !restart};
  assign unused_bit   = next[0];

  always_ff @(posedge clk_i) begin
    if (load_i || step_i) left_q <= next[PixelWidth:1];
  end

  assign last_o = left_q[PixelWidth-1];
  assign pixels_o = BlockWidth'(block_pixels) + (last_o ? BlockWidth'(left_q) + BlockWidth'(1) : BlockWidth'(0));
  assign unused_descriptor = ^descriptor_i;

endmodule
