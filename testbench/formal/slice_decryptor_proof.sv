// SPDX-License-Identifier: Apache-2.0

/// Proof by induction over words: slice_decryptor (serial) holds M x for every M, every x, every n up to NMax and every pattern
/// of pauses.
///
/// P is the sum so far: P[0] = 0 and P[j+1][i] = P[j][i] ^ (M[i][j] & x[j]), so P[n] = M x by definition.
/// 1. Once a first word has come, the weights are P[j] after j words; a pause changes nothing.
module slice_decryptor_proof #(
    /// Weight bits of a slice.
    parameter int unsigned NOut = 20,
    /// Most words of a slice.
    parameter int unsigned NMax = 32,
    /// 1: in cells of Xilinx 7.
    parameter bit Xc7 = 1'b0
) (
    input logic                     clk_i,
    input logic [    NOut*NMax-1:0] matrix_i,   // column j at [j*NOut +: NOut]
    input logic [         NMax-1:0] stored_i,
    input logic [NOut*(NMax+1)-1:0] partial_i,  // P[j] at [j*NOut +: NOut]
    input logic                     enable_i,
    input logic                     restart_i   // the next word opens a slice
);

  localparam int unsigned CountWidth = $clog2(NMax + 1);

  // M, x and P are whatever the inputs were before the first cycle.
  logic started_q = 1'b0;
  logic [NOut*NMax-1:0] matrix_q;
  logic [NMax-1:0] stored_q;
  logic [NOut*(NMax+1)-1:0] partial_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      matrix_q <= matrix_i;
      stored_q <= stored_i;
      partial_q <= partial_i;
    end
  end
  always_comb begin
    if (started_q) begin
      assume (partial_q[NOut-1:0] == '0);
      for (int unsigned j = 0; j < NMax; j++) begin
        assume (partial_q[(j+1)*NOut+:NOut] == (partial_q[j*NOut+:NOut] ^ (matrix_q[j*NOut+:NOut] & {NOut{stored_q[j]}})));
      end
    end
  end

  logic seen_q = 1'b0;
  logic [CountWidth-1:0] count_q = '0;
  logic first, enable;
  logic [CountWidth-1:0] j;
  assign first  = restart_i | ~seen_q;
  assign j      = first ? '0 : count_q;
  assign enable = enable_i & started_q & (32'(j) < NMax);
  always_ff @(posedge clk_i) begin
    if (enable) begin
      seen_q  <= 1'b1;
      count_q <= j + 1'b1;
    end
  end

  logic [NOut-1:0] weight, column;
  logic stored;
  always_comb begin
    column = '0;
    stored = 1'b0;
    for (int unsigned w = 0; w < NMax; w++) begin
      if (32'(j) == w) begin
        column = matrix_q[w*NOut+:NOut];
        stored = stored_q[w];
      end
    end
  end
  slice_decryptor #(
      .Decryption(flexor_pkg::DecryptionSerial),
      .NOut(NOut),
      .Xc7(Xc7)
  ) i_dut (
      .clk_i,
      .enable_i(enable),
      .first_i (first),
      .stored_i(stored),
      .column_i(column),
      .weight_o(weight)
  );

  always_comb begin
    if (!started_q) assert (!seen_q);
    if (seen_q) begin
      assert (count_q >= 1 && 32'(count_q) <= NMax);
      for (int unsigned w = 1; w <= NMax; w++) begin
        if (32'(count_q) == w) assert (weight == partial_q[w*NOut+:NOut]);
      end
    end
  end

endmodule
