// SPDX-License-Identifier: Apache-2.0

/// PE array, style ice40: the arithmetic of pe_pair, arranged for logic cells that are a LUT4, a carry and a flip-flop.
///
/// The selection of a row fills a LUT4 and has the flip-flop of its cell; additions follow. Every carry-out meets a zero that the tools
/// cannot see through (adder_tree). An odd last pair waits as p, d and two weight bits, which the channels share or which are narrow, until it is added.
module pe_pair_ice40 #(
    /// Lanes, even.
    parameter int unsigned K = 20,
    /// Output channels.
    parameter int unsigned M = 6,
    /// Bits of a dot product: pe_array_pkg::dot_width.
    parameter int unsigned DotWidth = 13
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
  localparam int unsigned Late = pe_array_pkg::odd_levels(Pairs);

  if (K % 2 != 0) begin : gen_check_lanes
    $error("pe_pair_ice40: K must be even");
  end

  // Powers up as 0 and stays so, but no tool proves it.
  logic zero_q = 1'b0;
  always_ff @(posedge clk_i) zero_q <= zero_q & activation_i[0];

  logic [8:0] sum[Pairs];
  logic [8:0] difference[Pairs];
  for (genvar i = 0; i < Pairs; i++) begin : gen_terms
    logic [15:0] pair;
    delay #(
        .Width (16),
        .Cycles(i == Pairs - 1 ? Late : 0)
    ) i_delay (
        .clk_i,
        .data_i(activation_i[16*i+:16]),
        .data_o(pair)
    );
    pair_terms i_terms (
        .clk_i,
        .zero_i(zero_q),
        .first_i(pair[7:0]),
        .second_i(pair[15:8]),
        .sum_o(sum[i]),
        .difference_o(difference[i])
    );
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    logic [9*Pairs-1:0] row_q;
    for (genvar i = 0; i < Pairs; i++) begin : gen_row
      logic [1:0] weight;
      delay #(
          .Width (2),
          .Cycles(i == Pairs - 1 ? Late : 0)
      ) i_delay (
          .clk_i,
          .data_i(weight_i[m*K+2*i+:2]),
          .data_o(weight)
      );
      always_ff @(posedge clk_i) row_q[9*i+:9] <= (^weight ? difference[i] : sum[i]) ^ {9{~weight[0]}};
    end
    adder_tree #(
        .Count(Pairs),
        .Width(9),
        .Greatest(511),
        .Late(Late)
    ) i_tree (
        .clk_i,
        .zero_i(zero_q),
        .operand_i(row_q),
        .sum_o(dot_o[m*DotWidth+:DotWidth])
    );
  end

endmodule
