// SPDX-License-Identifier: Apache-2.0

/// slice_decryptor, serial, for Xilinx 7: two bits in each LUT6_2.
///
///   y[i] <= (first ? 0 : y[i]) ^ (column[i] & stored)
///
/// A stored 0 leaves the flip-flops alone or, in the first word, clears them: enable and reset of the slice. With a stored 1 a bit needs
/// y[i], column[i] and first: two bits share five inputs.
module xc7_slice_decryptor #(
    /// Weight bits of a slice, even.
    parameter int unsigned NOut = 20
) (
    /// Clock.
    input  logic            clk_i,
    /// Take a word.
    input  logic            enable_i,
    /// It is the first of the slice.
    input  logic            first_i,
    /// Stored bit of this slice in the word.
    input  logic            stored_i,
    /// Column of M that belongs to the word.
    input  logic [NOut-1:0] column_i,
    /// Weight bits.
    output logic [NOut-1:0] weight_o
);

  if (NOut % 2 != 0) begin : gen_check_outputs
    $error("xc7_slice_decryptor: NOut must be even");
  end

  // Index {1, first, c1, y1, c0, y0}: O5 is the next y0, O6 the next y1.
  function automatic logic [63:0] lut_table();
    logic [63:0] result;
    for (int i = 0; i < 64; i++) begin
      result[i] = i[5] ? i[3] ^ (i[2] & ~i[4]) : i[1] ^ (i[0] & ~i[4]);
    end
    return result;
  endfunction

  logic take, clear;
  logic [NOut-1:0] next;
  assign take  = enable_i && stored_i;
  assign clear = enable_i && first_i && !stored_i;

  for (genvar i = 0; i < NOut; i += 2) begin : gen_pair
    LUT6_2 #(
        .INIT(lut_table())
    ) i_lut (
        .I0(weight_o[i]),
        .I1(column_i[i]),
        .I2(weight_o[i+1]),
        .I3(column_i[i+1]),
        .I4(first_i),
        .I5(1'b1),
        .O5(next[i]),
        .O6(next[i+1])
    );
  end

  always_ff @(posedge clk_i) begin
    if (clear) weight_o <= '0;
    else if (take) weight_o <= next;
  end

endmodule
