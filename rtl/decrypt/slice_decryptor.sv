// SPDX-License-Identifier: Apache-2.0

/// The weight bits of one slice, built while its stored bits arrive, one per word.
///
///   serial (Decryption = 0): y[i] <= (first ? 0 : y[i]) ^ (column[i] & stored)     after n words y = M x, for any M and any n >= 1
///   plain  (Decryption = 2): y <= {stored, y[NOut-1:1]}                            after NOut words y[j] = word j; a shift register, no LUT
module slice_decryptor #(
    /// 0 serial, 2 plain.
    parameter int unsigned Decryption = 0,
    /// Weight bits of a slice, 2..32.
    parameter int unsigned NOut = 20,
    /// 1: serial decryption in cells of Xilinx 7 (xc7_slice_decryptor); NOut is even.
    parameter bit Xc7 = 1'b0
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

  if (Decryption != flexor_pkg::DecryptionSerial && Decryption != flexor_pkg::DecryptionPlain) begin : gen_check_decryption
    $error("slice_decryptor: Decryption must be 0 (serial) or 2 (plain)");
  end
  if (NOut < 2 || NOut > 32) begin : gen_check_outputs
    $error("slice_decryptor: NOut must be in 2..32");
  end

  if (Decryption == flexor_pkg::DecryptionSerial && Xc7) begin : gen_xc7
    xc7_slice_decryptor #(
        .NOut(NOut)
    ) i_slice (
        .clk_i,
        .enable_i,
        .first_i,
        .stored_i,
        .column_i,
        .weight_o
    );
  end else if (Decryption == flexor_pkg::DecryptionSerial) begin : gen_serial
    always_ff @(posedge clk_i) begin
      if (enable_i) weight_o <= (weight_o & {NOut{~first_i}}) ^ (column_i & {NOut{stored_i}});
    end
  end else begin : gen_plain
    always_ff @(posedge clk_i) begin
      if (enable_i) weight_o <= {stored_i, weight_o[NOut-1:1]};
    end
    logic unused;
    assign unused = &{1'b0, first_i, column_i};
  end

endmodule
