// SPDX-License-Identifier: Apache-2.0

/// PE array, style xc7: three lanes in nine LUT6_2 (xc7_triple), then ternary adders.
///
/// Triples, a pair of lanes and a single each: lanes (0, 1, 3), (4, 5, 6), (7, 8, 9) of every slice row, and lanes 2 of three rows. Lanes 2 of the one
/// or two rows that are left are a pair or stand alone.
///   dot = sum of triples + sum of pair rows - sum of singles = sum_k (2 w[k] - 1) a[k] + sum_k (1 - w[k]) * C[k]
/// C = (256, 255) for the lanes of a pair, 256 for a lane alone, 0 for a single. The sum of singles is formed once for all channels.
///
/// True weights w0..w9 of a slice row reach the array recoded by T (u at the lane), of which the LUTs of the triples make them again:
///   u0 = w1^w3, u1 = w0^w1, u2 = w2, u3 = w0^w1^w3      w0 = u0^u3, w1 = u0^u1^u3, w2 = u2, w3 = u1^u3
///   u4 = w4^w6, u5 = w4^w5, u6 = w6                     w4 = u4^u6, w5 = u4^u5^u6, w6 = u6
///   u7 = w7^w8^w9, u8 = w8, u9 = w8^w9                  w7 = u7^u9, w8 = u8, w9 = u8^u9
/// The weights of a wired code are stored bits in this form (docs/decisions/0221-a-code-without-gates.md).
module pe_pair_xc7 #(
    /// Lanes, a multiple of 10, at most 100.
    parameter int unsigned K = 50,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a dot product: pe_array_pkg::dot_width.
    parameter int unsigned DotWidth = 16
) (
    /// Clock.
    input  logic                  clk_i,
    /// Activations, 8 bits a lane.
    input  logic [       8*K-1:0] activation_i,
    /// Weight of channel m, lane k at bit m*K + k, recoded, one cycle after the activations.
    input  logic [       K*M-1:0] weight_i,
    /// Dot products.
    output logic [M*DotWidth-1:0] dot_o
);

  localparam int unsigned Triples = pe_array_pkg::xc7_triples(K);
  localparam int unsigned Rows = pe_array_pkg::xc7_rows(K);
  localparam int unsigned Levels = pe_array_pkg::ternary_levels(Rows);
  localparam int unsigned SumWidth = $clog2(1021 * 3 ** Levels + 1);
  localparam int unsigned SinglesWidth = $clog2(255 * Triples + 1);
  localparam int unsigned SinglesLevels = pe_array_pkg::ternary_levels(Triples);
  localparam int unsigned SinglesSum = SinglesLevels == 0 ? 8 : $clog2(255 * 3 ** SinglesLevels + 1);

  if (K % 10 != 0 || K < 10 || K > 100) begin : gen_check_lanes
    $error("pe_pair_xc7: K must be a multiple of 10 in 10..100");
  end

  // Row k of the matrix that makes the three weights of a triple of their bits at [3*k +: 3]: by the place of the triple in its slice row, and for lanes 2.
  localparam logic [3:0][8:0] Recode = {9'b100_010_001, 9'b110_010_101, 9'b100_111_101, 9'b110_111_101};

  // Lane K is none: its activation is 0, its weight 1.
  logic [8*K+7:0] activation;
  assign activation = {8'd0, activation_i};

  logic [8:0] sum[Rows];
  logic [8:0] difference[Rows];
  logic [8*Triples-1:0] single, single_q;
  for (genvar i = 0; i < Rows; i++) begin : gen_terms
    pair_terms i_terms (
        .clk_i,
        .zero_i(1'b0),
        .first_i(activation[8*pe_array_pkg::xc7_lane(K, i, 0)+:8]),
        .second_i(activation[8*pe_array_pkg::xc7_lane(K, i, 1)+:8]),
        .sum_o(sum[i]),
        .difference_o(difference[i])
    );
    if (i < Triples) begin : gen_single
      assign single[8*i+:8] = activation[8*pe_array_pkg::xc7_lane(K, i, 2)+:8];
    end
  end
  always_ff @(posedge clk_i) single_q <= single;

  logic [SinglesSum-1:0] some_singles, other_singles;
  logic [SinglesWidth-1:0] early_singles_q, singles;
  xc7_tree #(
      .Count(Triples),
      .Width(8),
      .Greatest(255),
      .Levels(SinglesLevels)
  ) i_singles (
      .clk_i,
      .operand_i(single),
      .first_o  (some_singles),
      .second_o (other_singles)
  );
  always_ff @(posedge clk_i) early_singles_q <= SinglesWidth'(some_singles) + SinglesWidth'(other_singles);
  delay #(
      .Width (SinglesWidth),
      .Cycles(1 + Levels - SinglesLevels)
  ) i_delay (
      .clk_i,
      .data_i(early_singles_q),
      .data_o(singles)
  );

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [K:0] weight;
    logic [10*Rows-1:0] row_q;
    assign weight = {1'b1, weight_i[m*K+:K]};
    for (genvar i = 0; i < Rows; i++) begin : gen_row
      localparam int unsigned First = pe_array_pkg::xc7_lane(K, i, 0);
      localparam int unsigned Second = pe_array_pkg::xc7_lane(K, i, 1);
      if (i < Triples) begin : gen_triple
        localparam int unsigned Third = pe_array_pkg::xc7_lane(K, i, 2);
        logic [9:0] result;
        xc7_triple #(
            .Recode(Recode[i<3*(K/10)?i%3 : 3])
        ) i_triple (
            .sum_i(sum[i]),
            .difference_i(difference[i]),
            .single_i(single_q[8*i+:8]),
            .weight_i({weight[Third], weight[Second], weight[First]}),
            .sum_o(result)
        );
        always_ff @(posedge clk_i) row_q[10*i+:10] <= result;
      end else begin : gen_pair
        logic [8:0] row;
        assign row = (weight[First] ^ weight[Second] ? difference[i] : sum[i]) ^ {9{~weight[First]}};
        always_ff @(posedge clk_i) row_q[10*i+:10] <= 10'(row);
      end
    end

    logic [SumWidth-1:0] first, second;
    xc7_tree #(
        .Count(Rows),
        .Width(10),
        .Greatest(1021),
        .Levels(Levels)
    ) i_tree (
        .clk_i,
        .operand_i(row_q),
        .first_o  (first),
        .second_o (second)
    );
    logic [DotWidth-1:0] result;
    xc7_ternary_adder #(
        .Width(DotWidth),
        .SumWidth(DotWidth),
        .Subtract(1'b1)
    ) i_total (
        .a_i  (DotWidth'(first)),
        .b_i  (DotWidth'(second)),
        .c_i  (DotWidth'(singles)),
        .sum_o(result)
    );
    always_ff @(posedge clk_i) dot_o[m*DotWidth+:DotWidth] <= result;
  end

endmodule
