// SPDX-License-Identifier: Apache-2.0

/// PE array, style ecp5: pairs of pairs, built on carry cells whose LUT4 selects or negates in front of the addition (ecp5_adder).
///
/// Four lanes with true weights w0..w3 reach the array recoded by T as (w0^w2, w0^w1, w2, w2^w3), for n = (w2 ? +1 : -1):
///   row  = (w0^w1 ? d0 : p0) ^ {9{~(w0^w2)}}             p0 = a0 + a1,        d0 = a0 - a1 + 255
///   four = row + (w2^w3 ? d1 : p1) + 1                   p1 = 511 - a2 - a3,  d1 = 256 - a2 + a3
///   four ^ {10{w2}} = n * (a0, a1, a2, a3 with the signs of their weights) + sum_k (1 - w[k]) * C[k],  C = (256, 255, 257, 255)
/// Lanes 0..3 and 4..7 of a slice row are a four, lanes 8, 9 of rows 2h and 2h + 1 another; with an odd number of rows the last two lanes are a
/// lone pair, C = (256, 255). The two signs of an addition of fours are applied in its carry cells.
module pe_pair_ecp5 #(
    /// Lanes, a multiple of 10.
    parameter int unsigned K = 30,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a dot product: pe_array_pkg::dot_width.
    parameter int unsigned DotWidth = 13
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

  localparam int unsigned Rows = K / 10;
  localparam int unsigned Fours = pe_array_pkg::ecp5_fours(K);
  localparam int unsigned Lone = Rows % 2;
  localparam int unsigned Terms = Fours + Lone;
  localparam int unsigned Nodes = (Terms + 1) / 2;

  if (K % 10 != 0) begin : gen_check_lanes
    $error("pe_pair_ecp5: K must be a multiple of 10");
  end

  // Terms of all channels: of a four p0, d0 and, a cycle later, p1, d1; of the lone pair ~p, ~d.
  logic [8:0] first_sum_q[Terms];
  logic [8:0] first_difference_q[Terms];
  logic [8:0] second_sum_q[Fours];
  logic [8:0] second_difference_q[Fours];
  for (genvar f = 0; f < Terms; f++) begin : gen_terms
    localparam int unsigned First = f < 2 * Rows ? 10 * (f / 2) + 4 * (f % 2) : f < Fours ? 20 * (f - 2 * Rows) + 8 : K - 2;
    logic [8:0] sum, difference;
    ecp5_pair_terms #(
        .Negative(0)
    ) i_first (
        .first_i(activation_i[8*First+:8]),
        .second_i(activation_i[8*(First+1)+:8]),
        .sum_o(sum),
        .difference_o(difference)
    );
    always_ff @(posedge clk_i) begin
      first_sum_q[f] <= sum;
      first_difference_q[f] <= difference;
    end
    if (f < Fours) begin : gen_second
      localparam int unsigned Second = f < 2 * Rows ? First + 2 : First + 10;
      logic [8:0] sum_q, difference_q, late_sum, late_difference;
      ecp5_pair_terms #(
          .Negative(1)
      ) i_second (
          .first_i(activation_i[8*Second+:8]),
          .second_i(activation_i[8*(Second+1)+:8]),
          .sum_o(late_sum),
          .difference_o(late_difference)
      );
      always_ff @(posedge clk_i) begin
        sum_q <= late_sum;
        difference_q <= late_difference;
        second_sum_q[f] <= sum_q;
        second_difference_q[f] <= difference_q;
      end
    end
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    // A term and its sign, three cycles after the activations.
    logic [9:0] term[Terms];
    logic [Terms-1:0] sign;
    for (genvar f = 0; f < Terms; f++) begin : gen_term
      localparam int unsigned First = f < 2 * Rows ? 10 * (f / 2) + 4 * (f % 2) : f < Fours ? 20 * (f - 2 * Rows) + 8 : K - 2;
      logic select, sign_q, sign_qq;
      assign select = weight_i[m*K+First+1];
      logic [8:0] row_q;
      if (f < Fours) begin : gen_four
        localparam int unsigned Second = f < 2 * Rows ? First + 2 : First + 10;
        logic opposite, select_q;
        logic [9:0] four;
        assign opposite = f < 2 * Rows ? weight_i[m*K+First] : weight_i[m*K+First] ^ weight_i[m*K+Second];
        always_ff @(posedge clk_i) begin
          row_q <= (select ? first_difference_q[f] : first_sum_q[f]) ^ {9{~opposite}};
          select_q <= weight_i[m*K+Second+1];
          sign_q <= weight_i[m*K+Second];
          sign_qq <= sign_q;
          term[f] <= four;
        end
        ecp5_adder #(
            .Width  (9),
            .CarryIn(1'b1)
        ) i_four (
            .a_i  (row_q),
            .b_i  (second_difference_q[f]),
            .c_i  ({9{select_q}}),
            .d_i  (second_sum_q[f]),
            .sum_o(four)
        );
      end else begin : gen_lone
        always_ff @(posedge clk_i) begin
          row_q <= ~(select ? first_difference_q[f] : first_sum_q[f]);
          sign_q <= weight_i[m*K+First];
          sign_qq <= sign_q;
          term[f] <= 10'(row_q);
        end
      end
      assign sign[f] = sign_qq;
    end

    logic [11*Nodes-1:0] node_q;
    for (genvar n = 0; n < Nodes; n++) begin : gen_node
      if (2 * n + 1 < Terms) begin : gen_add
        // The lone pair is one bit narrower than a four: its sign stops there.
        localparam int unsigned Bits = 2 * n + 1 < Fours ? 10 : 9;
        logic [10:0] sum;
        ecp5_adder #(
            .Width(10),
            .Signs(1)
        ) i_add (
            .a_i  (term[2*n]),
            .b_i  ({10{sign[2*n]}}),
            .c_i  (term[2*n+1]),
            .d_i  (10'({Bits{sign[2*n+1]}})),
            .sum_o(sum)
        );
        always_ff @(posedge clk_i) node_q[11*n+:11] <= sum;
      end else begin : gen_single
        localparam int unsigned Bits = 2 * n < Fours ? 10 : 9;
        logic [9:0] signed_term;
        assign signed_term = term[2*n] ^ 10'({Bits{sign[2*n]}});
        always_ff @(posedge clk_i) node_q[11*n+:11] <= 11'(signed_term);
      end
    end

    localparam int unsigned SumWidth = $clog2(2046 * Nodes + 1);
    logic [SumWidth-1:0] total;
    adder_tree #(
        .Count(Nodes),
        .Width(11),
        .Greatest(2046),
        .Ecp5(1)
    ) i_tree (
        .clk_i,
        .zero_i(1'b0),
        .operand_i(node_q),
        .sum_o(total)
    );
    assign dot_o[m*DotWidth+:DotWidth] = DotWidth'(total);
  end

endmodule
