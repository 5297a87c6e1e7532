// SPDX-License-Identifier: Apache-2.0

/// PE array, style xc7: three lanes in nine LUT6_2 (xc7_triple), then ternary adders.
///
/// With T = xc7_triples(K): lanes 3j, 3j+1 (a pair) and 3j+2 (a single), j < T, are triples; the lanes from 3T on are pairs.
///   dot = sum of triples + sum of pair rows - sum of singles = sum_k (2 w[k] - 1) a[k] + sum_k (1 - w[k]) * C[k]
/// C = (256, 255) for the lanes of a pair, 0 for a single. The sum of singles is formed once for all channels.
module pe_pair_xc7 #(
    /// Lanes, even, at most 100.
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
    /// Weight of channel m, lane k at bit m*K + k, one cycle after the activations.
    input  logic [       K*M-1:0] weight_i,
    /// Dot products.
    output logic [M*DotWidth-1:0] dot_o
);

  localparam int unsigned Triples = pe_array_pkg::xc7_triples(K);
  localparam int unsigned Rows = pe_array_pkg::xc7_rows(K);
  localparam int unsigned Levels = pe_array_pkg::ternary_levels(Rows);
  localparam int unsigned SumWidth = $clog2(1021 * 3 ** Levels + 1);
  localparam int unsigned SinglesWidth = $clog2(255 * Triples + 1);

  if (K % 2 != 0 || K < 6 || K > 100) begin : gen_check_lanes
    $error("pe_pair_xc7: K must be even and in 6..100");
  end

  logic [8:0] sum[Rows];
  logic [8:0] difference[Rows];
  logic [8*Triples-1:0] single, single_q;
  for (genvar i = 0; i < Rows; i++) begin : gen_terms
    localparam int unsigned First = i < Triples ? 3 * i : 3 * Triples + 2 * (i - Triples);
    pair_terms i_terms (
        .clk_i,
        .zero_i(1'b0),
        .first_i(activation_i[8*First+:8]),
        .second_i(activation_i[8*(First+1)+:8]),
        .sum_o(sum[i]),
        .difference_o(difference[i])
    );
    if (i < Triples) begin : gen_single
      assign single[8*i+:8] = activation_i[8*(First+2)+:8];
    end
  end
  always_ff @(posedge clk_i) single_q <= single;

  logic [SinglesWidth-1:0] early_singles, singles;
  adder_tree #(
      .Count(Triples),
      .Width(8),
      .Greatest(255)
  ) i_singles (
      .clk_i,
      .zero_i(1'b0),
      .operand_i(single),
      .sum_o(early_singles)
  );
  delay #(
      .Width (SinglesWidth),
      .Cycles(2 + Levels - pe_array_pkg::tree_levels(Triples))
  ) i_delay (
      .clk_i,
      .data_i(early_singles),
      .data_o(singles)
  );

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [10*Rows-1:0] row_q;
    for (genvar i = 0; i < Rows; i++) begin : gen_row
      localparam int unsigned First = i < Triples ? 3 * i : 3 * Triples + 2 * (i - Triples);
      if (i < Triples) begin : gen_triple
        logic [9:0] result;
        xc7_triple i_triple (
            .sum_i(sum[i]),
            .difference_i(difference[i]),
            .single_i(single_q[8*i+:8]),
            .weight_i(weight_i[m*K+First+:3]),
            .sum_o(result)
        );
        always_ff @(posedge clk_i) row_q[10*i+:10] <= result;
      end else begin : gen_pair
        logic [1:0] weight;
        logic [8:0] row;
        assign weight = weight_i[m*K+First+:2];
        assign row = (^weight ? difference[i] : sum[i]) ^ {9{~weight[0]}};
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
