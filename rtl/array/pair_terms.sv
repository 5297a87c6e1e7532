// SPDX-License-Identifier: Apache-2.0

/// Sum and difference of the two activations of a pair, shared by all output channels.
///
///   p = a0 + a1,  d = a0 + (255 - a1) = a0 - a1 + 255   (9 bits each, unsigned, one cycle later)
module pair_terms (
    /// Clock.
    input  logic       clk_i,
    /// Constant 0, see adder_tree.
    input  logic       zero_i,
    /// Activation of the first lane, unsigned.
    input  logic [7:0] first_i,
    /// Activation of the second lane, unsigned.
    input  logic [7:0] second_i,
    /// Sum.
    output logic [8:0] sum_o,
    /// Difference plus 255.
    output logic [8:0] difference_o
);

  always_ff @(posedge clk_i) begin
    sum_o        <= {zero_i, first_i} + 9'(second_i);
    difference_o <= {zero_i, first_i} + {1'b0, ~second_i};
  end

endmodule
