// SPDX-License-Identifier: Apache-2.0

/// The stored bits of one slice as they arrive, one per word, for a decryptor that is fixed at elaboration. The last bit arrives first.
///
///   x <= {x[NMax-2:0], stored}      after NMax words x[p] = word NMax-1-p; a shift register, no LUT
module stored_slice #(
    /// Stored bits of a slice, 1..32.
    parameter int unsigned NMax = 8
) (
    /// Clock.
    input  logic            clk_i,
    /// Take a word.
    input  logic            enable_i,
    /// Stored bit of this slice in the word.
    input  logic            stored_i,
    /// Stored bits.
    output logic [NMax-1:0] stored_o
);

  if (NMax < 1 || NMax > 32) begin : gen_check_bits
    $error("stored_slice: NMax must be in 1..32");
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) stored_o <= NMax'({stored_o, stored_i});
  end

endmodule
