// SPDX-License-Identifier: Apache-2.0

/// PE array, style pair: two lanes cost one selection and one addition per channel. Plain RTL.
///
///   row(i) = (w[2i] ^ w[2i+1] ? d(i) : p(i)) ^ {9{~w[2i]}}      p, d of pair_terms
///   dot    = sum_i row(i) = sum_k (2 w[k] - 1) a[k] + sum_k (1 - w[k]) * (k even ? 256 : 255)
///
/// One register holds the sum of two rows, so that a tool with wide LUTs puts selection and addition in one.
module pe_pair #(
    /// Lanes, even.
    parameter int unsigned K = 50,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a dot product: pe_array_pkg::dot_width.
    parameter int unsigned DotWidth = 14
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

  localparam int unsigned Pairs = K / 2;
  localparam int unsigned Fours = Pairs / 2;
  localparam int unsigned Nodes = (Pairs + 1) / 2;

  if (K % 2 != 0) begin : gen_check_lanes
    $error("pe_pair: K must be even");
  end

  logic [8:0] sum[Pairs];
  logic [8:0] difference[Pairs];
  for (genvar i = 0; i < Pairs; i++) begin : gen_terms
    pair_terms i_terms (
        .clk_i,
        .zero_i(1'b0),
        .first_i(activation_i[16*i+:8]),
        .second_i(activation_i[16*i+8+:8]),
        .sum_o(sum[i]),
        .difference_o(difference[i])
    );
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [K-1:0] weight;
    assign weight = weight_i[m*K+:K];
    // A last, unpaired row is a node of one; the tree sizes it as two.
    logic [10*Nodes-1:0] node_q;
    for (genvar n = 0; n < Fours; n++) begin : gen_four
      logic [8:0] first, second;
      assign first = (weight[4*n] ^ weight[4*n+1] ? difference[2*n] : sum[2*n]) ^ {9{~weight[4*n]}};
      assign second = (weight[4*n+2] ^ weight[4*n+3] ? difference[2*n+1] : sum[2*n+1]) ^ {9{~weight[4*n+2]}};
      always_ff @(posedge clk_i) node_q[10*n+:10] <= 10'(first) + 10'(second);
    end
    if (Pairs % 2 == 1) begin : gen_last
      logic [8:0] last;
      assign last = (weight[K-2] ^ weight[K-1] ? difference[Pairs-1] : sum[Pairs-1]) ^ {9{~weight[K-2]}};
      always_ff @(posedge clk_i) node_q[10*(Nodes-1)+:10] <= 10'(last);
    end
    localparam int unsigned SumWidth = $clog2(Nodes * 1022 + 1);
    logic [SumWidth-1:0] total;
    adder_tree #(
        .Count(Nodes),
        .Width(10),
        .Greatest(1022)
    ) i_tree (
        .clk_i,
        .zero_i(1'b0),
        .operand_i(node_q),
        .sum_o(total)
    );
    assign dot_o[m*DotWidth+:DotWidth] = DotWidth'(total);
  end

endmodule
