// SPDX-License-Identifier: Apache-2.0

/// PE array, style ecp5.
module pe_pair_ecp5 #(
    /// Lanes.
    parameter int unsigned K = 30,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a dot product.
    parameter int unsigned DotWidth = 13
) (
    /// Clock.
    input  logic                  clk_i,
    /// Activations, 8 bits a lane.
    input  logic [       8*K-1:0] activation_i,
    /// Weights.
    input  logic [       K*M-1:0] weight_i,
    /// Dot products.
    output logic [M*DotWidth-1:0] dot_o
);
  $error("pe_pair_ecp5: not written yet");
  assign dot_o = '0;
endmodule
