// SPDX-License-Identifier: Apache-2.0

/// The stored bits of one slice as they arrive, one per word, for a decryptor that is fixed at elaboration. The last bit arrives first.
///
///   x <= {first ? 0 : x[NMax-2:0], stored}      after n words x[p] = word n-1-p for p < n, 0 above; a shift register, no LUT
module stored_slice #(
    /// Stored bits that are kept, 1..32: the lowest.
    parameter int unsigned NMax = 8
) (
    /// Clock.
    input  logic            clk_i,
    /// Take a word.
    input  logic            enable_i,
    /// It is the first of the slice.
    input  logic            first_i,
    /// Stored bit of this slice in the word.
    input  logic            stored_i,
    /// Stored bits.
    output logic [NMax-1:0] stored_o
);

  if (NMax < 1 || NMax > 32) begin : gen_check_bits
    $error("stored_slice: NMax must be in 1..32");
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) stored_o[0] <= stored_i;
  end
  for (genvar p = 1; p < NMax; p++) begin : gen_bit
    always_ff @(posedge clk_i) begin
      if (enable_i && first_i) stored_o[p] <= 1'b0;
      else if (enable_i) stored_o[p] <= stored_o[p-1];
    end
  end

endmodule
