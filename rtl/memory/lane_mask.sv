// SPDX-License-Identifier: Apache-2.0

/// Which lanes of a patch lie inside the input row and inside the string; three cycles, one patch a cycle.
///
///   a = x + chunk_start
///   live[k] = (k >= -a) && (k < row_length - a) && (k < string_length - chunk_start) && (0 <= y + string < height)
module lane_mask #(
    /// Lanes, 10..250.
    parameter int unsigned K             = 50,
    /// Bits of a signed position along a row, at most 17.
    parameter int unsigned PositionWidth = 17
) (
    /// Clock.
    input  logic                            clk_i,
    /// Layer; stable while its patches are in flight.
    input  flexor_pkg::descriptor_t         descriptor_i,
    /// Byte position of the string's first input in its row, padding included (negative: left of the row).
    input  logic signed [PositionWidth-1:0] x_i,
    /// Input row of the pixel's first string (negative: above the image).
    input  logic signed [PositionWidth-1:0] y_i,
    /// Byte position of the chunk in its string.
    input  logic        [PositionWidth-1:0] chunk_start_i,
    /// String (kernel row).
    input  logic        [              7:0] string_i,
    /// 1: the lane is live.
    output logic        [            K-1:0] live_o
);

  if (PositionWidth > 17 || PositionWidth <= $clog2(K + 1)) begin : gen_check
    $error("lane_mask: PositionWidth must be above clog2(K + 1) and at most 17");
  end

  localparam int unsigned LaneWidth = $clog2(K + 1);
  typedef logic [PositionWidth-1:0] position_t;
  typedef logic [LaneWidth-1:0] lane_t;

  // Stage 1: where the chunk starts, how much of the string is left.
  position_t row, start_q, left_q;
  logic row_inside_q, row_inside2_q;
  assign row = y_i + position_t'(string_i);

  // Stage 2: first live lane, distance to the row's end, string clipped to K.
  position_t before_row, to_end_q;
  lane_t low_q, string_q;
  assign before_row = -start_q;

  // Stage 3: thermometers.
  lane_t high;
  logic  beyond_row;
  assign beyond_row = to_end_q[PositionWidth-1] || to_end_q == '0;
  assign high = (|to_end_q[PositionWidth-2:LaneWidth] || lane_t'(to_end_q) > string_q) ? string_q : lane_t'(to_end_q);

  always_ff @(posedge clk_i) begin
    start_q       <= x_i + chunk_start_i;
    left_q        <= position_t'(descriptor_i.string_length) - chunk_start_i;
    row_inside_q  <= row < position_t'(descriptor_i.height);

    low_q         <= !start_q[PositionWidth-1] ? '0 : |before_row[PositionWidth-1:LaneWidth] ? '1 : lane_t'(before_row);
    to_end_q      <= position_t'(descriptor_i.row_length) - start_q;
    string_q      <= |left_q[PositionWidth-1:LaneWidth] ? '1 : lane_t'(left_q);
    row_inside2_q <= row_inside_q;

    live_o        <= {K{row_inside2_q && !beyond_row}} & ({K{1'b1}} << low_q) & ~({K{1'b1}} << high);
  end

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
