// SPDX-License-Identifier: Apache-2.0

/// PE array, style andtree (baseline): sum of the activations whose weight is +1, twice, less the sum of all, which the channels share.
///
///   dot = 2 * sum_k (w[k] & a[k]) - sum_k a[k]
module pe_andtree #(
    /// Lanes, even.
    parameter int unsigned K = 50,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a dot product: pe_array_pkg::dot_width.
    parameter int unsigned DotWidth = 15
) (
    /// Clock.
    input  logic                  clk_i,
    /// Activations, 8 bits a lane.
    input  logic [       8*K-1:0] activation_i,
    /// Weight of channel m, lane k at bit m*K + k, one cycle after the activations.
    input  logic [       K*M-1:0] weight_i,
    /// Dot products.
    output logic [M*DotWidth-1:0] dot_o
);

  localparam int unsigned Nodes = K / 2;
  localparam int unsigned SumWidth = $clog2(Nodes * 510 + 1);

  if (K % 2 != 0) begin : gen_check_lanes
    $error("pe_andtree: K must be even");
  end

  logic [8*K-1:0] activation_q;
  always_ff @(posedge clk_i) activation_q <= activation_i;

  logic [SumWidth-1:0] all;
  adder_tree #(
      .Count(K),
      .Width(8),
      .Greatest(255)
  ) i_all (
      .clk_i,
      .zero_i(1'b0),
      .operand_i(activation_q),
      .sum_o(all)
  );

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [9*Nodes-1:0] node_q;
    for (genvar n = 0; n < Nodes; n++) begin : gen_node
      logic [7:0] left, right;
      assign left = activation_q[16*n+:8] & {8{weight_i[m*K+2*n]}};
      assign right = activation_q[16*n+8+:8] & {8{weight_i[m*K+2*n+1]}};
      always_ff @(posedge clk_i) node_q[9*n+:9] <= 9'(left) + 9'(right);
    end
    logic [SumWidth-1:0] masked;
    adder_tree #(
        .Count(Nodes),
        .Width(9),
        .Greatest(510)
    ) i_tree (
        .clk_i,
        .zero_i(1'b0),
        .operand_i(node_q),
        .sum_o(masked)
    );
    always_ff @(posedge clk_i) dot_o[m*DotWidth+:DotWidth] <= DotWidth'({masked, 1'b0}) - DotWidth'(all);
  end

endmodule
