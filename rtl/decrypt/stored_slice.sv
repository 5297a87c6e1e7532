// SPDX-License-Identifier: Apache-2.0

/// The stored bits of one slice as they arrive, one per word, for a decryptor that is fixed at elaboration.
///
///   word j: x[j] <= stored;  word 0 clears the others, so that a bit that is not loaded is 0; words past NMax are ignored
module stored_slice #(
    /// Stored bits that are kept, 1..32.
    parameter int unsigned NMax = 8
) (
    /// Clock.
    input  logic            clk_i,
    /// Take the first word.
    input  logic            first_i,
    /// Take word j, one bit each; bit 0 equals `first_i`.
    input  logic [NMax-1:0] select_i,
    /// Stored bit of this slice in the word.
    input  logic            stored_i,
    /// Stored bits.
    output logic [NMax-1:0] stored_o
);

  if (NMax < 1 || NMax > 32) begin : gen_check_bits
    $error("stored_slice: NMax must be in 1..32");
  end

  for (genvar j = 0; j < NMax; j++) begin : gen_bit
    always_ff @(posedge clk_i) begin
      if (j > 0 && first_i) stored_o[j] <= 1'b0;
      else if (select_i[j]) stored_o[j] <= stored_i;
    end
  end

endmodule
