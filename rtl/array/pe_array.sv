// SPDX-License-Identifier: Apache-2.0

/// K x M one-bit multiply-accumulates per cycle behind one set of ports, whatever the style.
///
///   dot[m] = sum_k (2 w[m][k] - 1) a[k] + sum_k (1 - w[m][k]) * C[k]     C of the style: docs/blocks/pe_array.md
///
/// `dot_o` follows `activation_i` by pe_array_pkg::pe_latency(PeStyle, K) cycles.
module pe_array #(
    /// 0 pair, 1 addsub, 2 andtree, 3 ice40, 4 ecp5, 5 xc7.
    parameter int unsigned PeStyle  = 0,
    /// Lanes, a multiple of 10, 10..250.
    parameter int unsigned K        = 50,
    /// Output channels, >= 1.
    parameter int unsigned M        = 16,
    /// Bits of a dot product; follows from PeStyle and K.
    parameter int unsigned DotWidth = pe_array_pkg::dot_width(PeStyle, K)
) (
    /// Clock; the pipeline holds data only and needs no reset.
    input  logic                  clk_i,
    /// Activations, unsigned, 8 bits a lane.
    input  logic [       8*K-1:0] activation_i,
    /// Weight of channel m, lane k at bit m*K + k, recoded by the style's T, one cycle after the activations.
    input  logic [       K*M-1:0] weight_i,
    /// Dot products, channel m at [m*DotWidth +: DotWidth].
    output logic [M*DotWidth-1:0] dot_o
);

  if (K % 10 != 0 || K < 10 || K > 250) begin : gen_check_lanes
    $error("pe_array: K must be a multiple of 10 in 10..250");
  end
  if (M < 1) begin : gen_check_channels
    $error("pe_array: M must be at least 1");
  end
  if (DotWidth != pe_array_pkg::dot_width(PeStyle, K)) begin : gen_check_width
    $error("pe_array: DotWidth follows from PeStyle and K and must not be set");
  end

  if (PeStyle == flexor_pkg::PePair) begin : gen_pair
    pe_pair #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else if (PeStyle == flexor_pkg::PeAddsub) begin : gen_addsub
    pe_addsub #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else if (PeStyle == flexor_pkg::PeAndtree) begin : gen_andtree
    pe_andtree #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else if (PeStyle == flexor_pkg::PeIce40) begin : gen_ice40
    pe_pair_ice40 #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else if (PeStyle == flexor_pkg::PeEcp5) begin : gen_ecp5
    pe_pair_ecp5 #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else if (PeStyle == flexor_pkg::PeXc7) begin : gen_xc7
    pe_pair_xc7 #(
        .K(K),
        .M(M),
        .DotWidth(DotWidth)
    ) i_style (
        .clk_i,
        .activation_i,
        .weight_i,
        .dot_o
    );
  end else begin : gen_unknown
    $error("pe_array: PeStyle must be in 0..5");
  end

endmodule
