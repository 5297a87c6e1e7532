// SPDX-License-Identifier: Apache-2.0

/// PE array, style addsub (baseline): every lane adds a or -a, selected by its weight; -a is formed once for all channels.
///
///   dot = sum_k (w[k] ? a[k] : -a[k])
module pe_addsub #(
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

  if (K % 2 != 0) begin : gen_check_lanes
    $error("pe_addsub: K must be even");
  end

  logic [8:0] plus_q [K];
  logic [8:0] minus_q[K];
  for (genvar k = 0; k < K; k++) begin : gen_lane
    always_ff @(posedge clk_i) begin
      plus_q[k]  <= 9'(activation_i[8*k+:8]);
      minus_q[k] <= -9'(activation_i[8*k+:8]);
    end
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [10*Nodes-1:0] node_q;
    for (genvar n = 0; n < Nodes; n++) begin : gen_node
      logic signed [8:0] left, right;
      assign left = weight_i[m*K+2*n] ? plus_q[2*n] : minus_q[2*n];
      assign right = weight_i[m*K+2*n+1] ? plus_q[2*n+1] : minus_q[2*n+1];
      always_ff @(posedge clk_i) node_q[10*n+:10] <= 10'(left) + 10'(right);
    end
    localparam int unsigned SumWidth = 10 + pe_array_pkg::tree_levels(Nodes);
    logic [SumWidth-1:0] total;
    adder_tree #(
        .Count (Nodes),
        .Width (10),
        .Signed(1)
    ) i_tree (
        .clk_i,
        .zero_i(1'b0),
        .operand_i(node_q),
        .sum_o(total)
    );
    assign dot_o[m*DotWidth+:DotWidth] = DotWidth'(total);
  end

endmodule
