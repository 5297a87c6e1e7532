// SPDX-License-Identifier: Apache-2.0

/// 2x2 max pooling of unsigned bytes: the greatest of every four consecutive values, in every lane; or each value as it is.
///
///   pool:  data_o = max(v0, v1, v2, v3), valid one cycle after v3
///   else:  data_o = data_i, one cycle later
module max_pool #(
    /// Lanes, >= 1.
    parameter int unsigned Lanes = 8
) (
    /// Clock.
    input  logic               clk_i,
    /// Synchronous reset, active low.
    input  logic               rst_ni,
    /// Pool; steady.
    input  logic               pool_i,
    /// A value is present.
    input  logic               valid_i,
    /// It is the first of a window, whatever came before.
    input  logic               start_i,
    /// One byte a lane.
    input  logic [8*Lanes-1:0] data_i,
    /// The present value is the first of an output (combinational).
    output logic               first_o,
    /// An output is present.
    output logic               valid_o,
    /// One byte a lane.
    output logic [8*Lanes-1:0] data_o
);

  if (Lanes < 1) begin : gen_check_lanes
    $error("max_pool: Lanes must be at least 1");
  end

  logic [1:0] position, position_q;
  assign position = start_i ? 2'd0 : position_q;
  assign first_o  = !pool_i || position == 2'd0;

  always_ff @(posedge clk_i) begin
    if (valid_i) position_q <= position + 2'd1;
    valid_o <= rst_ni && valid_i && (!pool_i || position == 2'd3);
  end

  for (genvar l = 0; l < Lanes; l++) begin : gen_lane
    always_ff @(posedge clk_i) begin
      if (valid_i && (first_o || data_i[8*l+:8] > data_o[8*l+:8])) data_o[8*l+:8] <= data_i[8*l+:8];
    end
  end

endmodule
