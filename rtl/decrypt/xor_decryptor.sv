// SPDX-License-Identifier: Apache-2.0

/// XOR decryption with a matrix fixed at elaboration; combinational.
///
///   y[i] = XOR_j Matrix[i*NIn + j] & x[j]      over GF(2), any number of taps in a row
module xor_decryptor #(
    /// Stored bits of a slice, 1..NOut.
    parameter int unsigned NIn = 8,
    /// Weight bits of a slice, <= 32.
    parameter int unsigned NOut = 20,
    /// The code, row after row: bit i*NIn + j is row i, column j.
    parameter logic [NOut*NIn-1:0] Matrix = '0
) (
    /// Stored (encrypted) bits.
    input  logic [ NIn-1:0] stored_i,
    /// Weight bits.
    output logic [NOut-1:0] weight_o
);

  if (NIn < 1 || NIn > NOut) begin : gen_check_inputs
    $error("xor_decryptor: NIn must be in 1..NOut");
  end
  if (NOut > 32) begin : gen_check_outputs
    $error("xor_decryptor: NOut must be at most 32");
  end

  for (genvar i = 0; i < NOut; i++) begin : gen_row
    assign weight_o[i] = ^(stored_i & Matrix[i*NIn+:NIn]);
  end

endmodule
