// SPDX-License-Identifier: Apache-2.0

/// Three lanes of one channel in nine LUT6_2 and a carry chain: the row of a pair (pe_pair) plus twice a single activation.
///
///   sum = ((w0 ^ w1 ? d : p) ^ {9{~w0}}) + 2 * (w2 ? a2 : 0)      w[k] = XOR_j Recode[3k + j] & u[j] over GF(2)
///
/// A LUT takes the three bits as they are, so making the weights of them costs nothing.
module xc7_triple #(
    /// Makes the weights of the three bits; the default takes them as the weights.
    parameter logic [8:0] Recode = 9'b100_010_001
) (
    /// p of the pair.
    input  logic [8:0] sum_i,
    /// d of the pair.
    input  logic [8:0] difference_i,
    /// Activation of the single.
    input  logic [7:0] single_i,
    /// u2, u1, u0.
    input  logic [2:0] weight_i,
    /// Sum.
    output logic [9:0] sum_o
);

  // Index {a2, u2, u1, u0, d, p}. O5 (a2 = 0) is the bit of the row, O6 its sum with a2 & w2.
  function automatic logic [63:0] lut_table();
    logic [63:0] result;
    logic [2:0] weight;
    logic row;
    for (int i = 0; i < 64; i++) begin
      for (int k = 0; k < 3; k++) weight[k] = ^(i[4:2] & Recode[3*k+:3]);
      row = ((weight[0] ^ weight[1]) ? i[1] : i[0]) ^ ~weight[0];
      result[i] = row ^ (i[5] & weight[2]);
    end
    return result;
  endfunction

  logic [9:0] propagate, row;
  logic [8:0] twice;
  assign twice = {single_i, 1'b0};
  for (genvar i = 0; i < 9; i++) begin : gen_bit
    LUT6_2 #(
        .INIT(lut_table())
    ) i_lut (
        .I0(sum_i[i]),
        .I1(difference_i[i]),
        .I2(weight_i[0]),
        .I3(weight_i[1]),
        .I4(weight_i[2]),
        .I5(twice[i]),
        .O5(row[i]),
        .O6(propagate[i])
    );
  end
  assign propagate[9] = 1'b0;
  assign row[9] = 1'b0;

  xc7_carry #(
      .Width(10)
  ) i_carry (
      .carry_i(1'b0),
      .propagate_i(propagate),
      .generate_i(row),
      .sum_o
  );

endmodule
