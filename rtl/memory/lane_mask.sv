// SPDX-License-Identifier: Apache-2.0

/// Which lanes of a patch lie inside the input row and inside the string; three cycles, one patch a cycle. They stay until the next patch's.
///
///   a = x + chunk_start
///   live[k] = (k >= -a) && (k < row_length - a) && (k < string_length - chunk_start) && (0 <= y + string < height)
module lane_mask #(
    /// Lanes that are fetched, 10..250.
    parameter int unsigned K             = 50,
    /// Bits of a signed position along a row, at most 17.
    parameter int unsigned PositionWidth = 17,
    /// Bits of a signed input row.
    parameter int unsigned RowWidth      = 12
) (
    /// Clock.
    input  logic                                        clk_i,
    /// A patch: take the position and the chunk.
    input  logic                                        enable_i,
    /// Layer; stable while its patches are in flight.
    input  flexor_pkg::descriptor_t                     descriptor_i,
    /// Byte position of the string's first input in its row, padding included (negative: left of the row).
    input  logic signed             [PositionWidth-1:0] x_i,
    /// Input row of the pixel's first string (negative: above the image).
    input  logic signed             [     RowWidth-1:0] y_i,
    /// Byte position of the chunk in its string.
    input  logic                    [PositionWidth-1:0] chunk_start_i,
    /// The chunk is the last of its string: 1..K inputs are left.
    input  logic                                        last_chunk_i,
    /// String (kernel row).
    input  logic                    [              7:0] string_i,
    /// 1: the lane is live.
    output logic                    [            K-1:0] live_o
);

  if (PositionWidth > 17 || PositionWidth <= $clog2(K + 1)) begin : gen_check
    $error("lane_mask: PositionWidth must be above clog2(K + 1) and at most 17");
  end

  localparam int unsigned LaneWidth = $clog2(K + 1);
  typedef logic [PositionWidth-1:0] position_t;
  typedef logic [LaneWidth-1:0] lane_t;

  // Stage 1: where the chunk starts, how many of its inputs the string has.
  position_t start_q;
  lane_t left_q;
  logic [RowWidth-1:0] row;
  logic row_inside_q;
  assign row = y_i + RowWidth'(string_i);

  // Stage 2: a < 0 says that lane 0 is dead, ~a = -a - 1 how many lanes after it; distance to the row's end; lanes inside the string.
  position_t to_end_q;
  lane_t low_q;
  logic before_q, far_before;
  logic [K-1:0] string_q;
  assign far_before = !(&start_q[PositionWidth-1:LaneWidth]);

  // Stage 3: thermometers.
  logic [K-1:0] low, high;
  assign low  = K'({{K{1'b1}} << low_q, !before_q});
  assign high = |to_end_q[PositionWidth-2:LaneWidth] ? '1 : ~({K{1'b1}} << lane_t'(to_end_q));

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      start_q      <= x_i + chunk_start_i;
      left_q       <= last_chunk_i ? lane_t'(descriptor_i.string_length) - lane_t'(chunk_start_i) : '1;
      row_inside_q <= row < RowWidth'(descriptor_i.height);
    end

    before_q     <= start_q[PositionWidth-1];
    low_q        <= !start_q[PositionWidth-1] ? '0 : far_before ? '1 : ~lane_t'(start_q);
    to_end_q     <= position_t'(descriptor_i.row_length) - start_q;
    string_q     <= row_inside_q ? ~({K{1'b1}} << left_q) : '0;

    live_o       <= to_end_q[PositionWidth-1] ? '0 : low & high & string_q;
  end

  logic unused_bits;
  assign unused_bits = ^descriptor_i;

endmodule
