// SPDX-License-Identifier: Apache-2.0

/// Sum of three operands in one carry chain: a LUT6_2 per bit adds three bits (O6) and keeps two of three for the next bit (O5).
///
///   sum = a + b + (Subtract ? -c : c)   modulo 2^SumWidth
module xc7_ternary_adder #(
    /// Bits of an operand.
    parameter int unsigned Width = 10,
    /// Bits of the sum, Width..Width + 2.
    parameter int unsigned SumWidth = 12,
    /// 1: subtract c.
    parameter bit Subtract = 1'b0
) (
    /// Operand.
    input  logic [   Width-1:0] a_i,
    /// Operand.
    input  logic [   Width-1:0] b_i,
    /// Operand.
    input  logic [   Width-1:0] c_i,
    /// Sum.
    output logic [SumWidth-1:0] sum_o
);

  // Table of one half: index {two-of-three below, c, b, a}; O6 is their XOR, O5 two of (a, b, c).
  function automatic logic [63:0] lut_table();
    logic [63:0] result;
    logic a, b, c;
    result = '0;
    for (int i = 0; i < 32; i++) begin
      a = i[0];
      b = i[1];
      c = i[2] ^ Subtract;
      result[32+i] = a ^ b ^ c ^ i[3];
      result[i] = (a & b) | (a & c) | (b & c);
    end
    return result;
  endfunction

  if (SumWidth < Width || SumWidth > Width + 2) begin : gen_check_width
    $error("xc7_ternary_adder: SumWidth must be in Width..Width + 2");
  end
  if (Subtract && SumWidth != Width) begin : gen_check_subtract
    $error("xc7_ternary_adder: a difference has SumWidth = Width");
  end

  // Bits of LUTs: all operands' and one more for the last two-of-three.
  localparam int unsigned Luts = SumWidth > Width ? Width + 1 : Width;
  logic [SumWidth-1:0] propagate;
  logic [SumWidth-1:0] below  /* verilator split_var */;
  logic [Luts-1:0] two  /* verilator split_var */;
  for (genvar i = 0; i < SumWidth; i++) begin : gen_bit
    if (i < Luts) begin : gen_lut
      logic a, b, c;
      assign a = i < Width ? a_i[i%Width] : 1'b0;
      assign b = i < Width ? b_i[i%Width] : 1'b0;
      assign c = i < Width ? c_i[i%Width] : 1'b0;
      assign below[i] = i == 0 ? 1'b0 : two[(i+Luts-1)%Luts];
      LUT6_2 #(
          .INIT(lut_table())
      ) i_lut (
          .I0(a),
          .I1(b),
          .I2(c),
          .I3(below[i]),
          .I4(1'b0),
          .I5(1'b1),
          .O5(two[i]),
          .O6(propagate[i])
      );
    end else begin : gen_carry
      assign below[i] = 1'b0;
      assign propagate[i] = 1'b0;
    end
  end

  xc7_carry #(
      .Width(SumWidth)
  ) i_carry (
      .carry_i(Subtract),
      .propagate_i(propagate),
      .generate_i(below),
      .sum_o
  );

  logic unused;
  assign unused = two[Luts-1];

endmodule
