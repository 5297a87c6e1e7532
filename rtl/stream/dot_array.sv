// SPDX-License-Identifier: Apache-2.0

/// K x M binary-code multiply-accumulators with their accumulators, and the chain through which sums leave.
///
///   dot[m] = sum over k of w[m][k] ? a[k] : (C_k - a[k]),  C_k = 256 for even lanes, 255 for odd ones (PE style pair)
///   acc[m] <= (first ? 0 : twice ? 2 acc[m] : acc[m]) + dot[m]                    modulo 2^AccWidth
///
/// Activations come a cycle before weights; dot follows the weights by 4 cycles. A sum is copied to the chain by load_i and leaves by
/// shift_i, channel 0 first.
module dot_array #(
    /// Lanes, even.
    parameter int unsigned K = 16,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of an accumulator.
    parameter int unsigned AccWidth = 22
) (
    /// Clock.
    input  logic                clk_i,
    /// Activations, unsigned, lane k at bit 8*k.
    input  logic [     8*K-1:0] activation_i,
    /// Weight of channel m, lane k at bit m*K + k, one cycle after its activations: 1 is +1, 0 is -1.
    input  logic [     K*M-1:0] weight_i,
    /// Accumulate, 5 cycles after the activations.
    input  logic                accumulate_i,
    /// With accumulate_i: the accumulator begins anew.
    input  logic                first_i,
    /// With accumulate_i: the accumulator is doubled before.
    input  logic                twice_i,
    /// Copy the accumulators to the chain.
    input  logic                load_i,
    /// Move the chain by a channel (with load_i: the copy).
    input  logic                shift_i,
    /// The chain's next sum.
    output logic [AccWidth-1:0] sum_o
);

  localparam int unsigned Pairs = K / 2;
  localparam int unsigned DotWidth = $clog2(511 * Pairs + 1);

  if (K % 2 != 0 || K < 4) begin : gen_check_lanes
    $error("dot_array: K must be even and at least 4");
  end
  if (AccWidth < DotWidth) begin : gen_check_width
    $error("dot_array: AccWidth must hold a dot product");
  end

  // Powers up as 0 and stays so, but no tool proves it: see adder_tree.
  logic zero_q = 1'b0;
  always_ff @(posedge clk_i) zero_q <= zero_q & activation_i[0];

  logic [8:0] sum[Pairs];
  logic [8:0] difference[Pairs];
  for (genvar i = 0; i < Pairs; i++) begin : gen_terms
    pair_terms i_terms (
        .clk_i,
        .zero_i(zero_q),
        .first_i(activation_i[16*i+:8]),
        .second_i(activation_i[16*i+8+:8]),
        .sum_o(sum[i]),
        .difference_o(difference[i])
    );
  end

  logic [AccWidth-1:0] chain[M+1];
  assign chain[M] = '0;
  assign sum_o = chain[0];
  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [ 9*Pairs-1:0] row_q;
    logic [DotWidth-1:0] dot;
    logic [AccWidth-1:0] acc_q, chain_q, carried;
    for (genvar i = 0; i < Pairs; i++) begin : gen_row
      logic [1:0] weight;
      assign weight = weight_i[m*K+2*i+:2];
      always_ff @(posedge clk_i) row_q[9*i+:9] <= (^weight ? difference[i] : sum[i]) ^ {9{~weight[0]}};
    end
    adder_tree #(
        .Count(Pairs),
        .Width(9),
        .Greatest(511)
    ) i_tree (
        .clk_i,
        .zero_i(zero_q),
        .operand_i(row_q),
        .sum_o(dot)
    );
    assign carried = first_i ? '0 : twice_i ? {acc_q[AccWidth-2:0], 1'b0} : acc_q;
    assign chain[m] = chain_q;
    always_ff @(posedge clk_i) begin
      if (accumulate_i) acc_q <= carried + AccWidth'(dot);
      if (shift_i) chain_q <= load_i ? acc_q : chain[m+1];
    end
  end

endmodule
