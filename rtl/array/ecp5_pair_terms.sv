// SPDX-License-Identifier: Apache-2.0

/// Terms of a pair for style ecp5, combinational; an inverted activation costs nothing in a carry cell.
///
///   Negative = 0:  sum = a0 + a1,        difference = a0 + (255 - a1)
///   Negative = 1:  sum = 511 - a0 - a1,  difference = 256 - a0 + a1
module ecp5_pair_terms #(
    /// See above.
    parameter int unsigned Negative = 0
) (
    /// Activation of the first lane.
    input  logic [7:0] first_i,
    /// Activation of the second lane.
    input  logic [7:0] second_i,
    /// Sum.
    output logic [8:0] sum_o,
    /// Difference.
    output logic [8:0] difference_o
);

  localparam bit Invert = Negative != 0;

  ecp5_adder #(
      .Width  (8),
      .Signs  (1),
      .CarryIn(Invert)
  ) i_sum (
      .a_i  (first_i),
      .b_i  ({8{Invert}}),
      .c_i  (second_i),
      .d_i  ({8{Invert}}),
      .sum_o(sum_o)
  );

  ecp5_adder #(
      .Width  (8),
      .Signs  (1),
      .CarryIn(Invert)
  ) i_difference (
      .a_i  (first_i),
      .b_i  ({8{Invert}}),
      .c_i  (second_i),
      .d_i  ({8{~Invert}}),
      .sum_o(difference_o)
  );

endmodule
