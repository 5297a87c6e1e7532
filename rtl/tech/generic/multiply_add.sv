// SPDX-License-Identifier: Apache-2.0

/// A multiplier with an adder behind it, as small FPGAs have them: sum = a * b + c, 16 x 16 + 32 bits, modulo 2^32.
///
///   Late = 0: sum_o[t + 1] = a_i[t - 1] * b_i[t] + c_i[t]
///   Late = 1: sum_o[t + 2] = a_i[t - 1] * b_i[t] + c_i[t + 1]
module multiply_add #(
    /// A register behind the product.
    parameter bit Late = 1'b0,
    /// b stands in a register of the multiplier, which takes b_i with b_load_i.
    parameter bit Keep = 1'b0
) (
    /// Clock.
    input  logic        clk_i,
    /// First factor, signed, a cycle before the second.
    input  logic [15:0] a_i,
    /// Keep = 1: take b_i.
    input  logic        b_load_i,
    /// Second factor, signed.
    input  logic [15:0] b_i,
    /// Addend.
    input  logic [31:0] c_i,
    /// Sum.
    output logic [31:0] sum_o
);

  logic [15:0] a_q, b_q, b;
  logic [31:0] product, product_q;
  assign b = Keep ? b_q : b_i;
  assign product = 32'($signed(a_q)) * 32'($signed(b));
  always_ff @(posedge clk_i) begin
    a_q <= a_i;
    if (Keep && b_load_i) b_q <= b_i;
    product_q <= product;
    sum_o <= (Late ? product_q : product) + c_i;
  end

endmodule
