// SPDX-License-Identifier: Apache-2.0

/// Proof by induction over words: stored_slice holds the stored bits of a slice that arrive last one first, for every x, every n up to Words
/// and every pattern of pauses; with the proofs of xor_decryptor, code by code, an engine fixed at elaboration has M x.
///
/// 1. After the t-th of n words x[p] is stored bit n-t+p for p < t, of the lowest NMax; a pause changes nothing. So after NMax words all are in place.
module stored_slice_proof #(
    /// Stored bits that are kept.
    parameter int unsigned NMax  = 12,
    /// Most words of a slice.
    parameter int unsigned Words = 20
) (
    input logic             clk_i,
    input logic [Words-1:0] stored_i,
    input logic [      4:0] bits_i,    // n
    input logic             enable_i,
    input logic             restart_i  // the next word opens a slice
);

  // x and n are whatever the inputs were before the first cycle.
  logic started_q = 1'b0;
  logic [Words-1:0] stored_q;
  logic [4:0] bits_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      stored_q <= stored_i;
      bits_q   <= bits_i;
    end
  end
  always_comb begin
    if (started_q) assume (bits_q >= 1 && 32'(bits_q) <= Words);
  end

  logic seen_q = 1'b0;
  logic [4:0] count_q = '0;
  logic first, enable;
  logic [4:0] j;
  assign first  = restart_i | ~seen_q;
  assign j      = first ? '0 : count_q;
  assign enable = enable_i & started_q & (j < bits_q);
  always_ff @(posedge clk_i) begin
    if (enable) begin
      seen_q  <= 1'b1;
      count_q <= j + 1'b1;
    end
  end

  // Bit `index` of x; 0 beyond it.
  function automatic logic bit_of(logic [4:0] index);
    logic found;
    found = 1'b0;
    for (int unsigned w = 0; w < Words; w++) if (32'(index) == w) found = stored_q[w];
    return found;
  endfunction

  logic [NMax-1:0] kept;
  stored_slice #(
      .NMax(NMax)
  ) i_dut (
      .clk_i,
      .enable_i(enable),
      .stored_i(bit_of(bits_q - 5'd1 - j)),
      .stored_o(kept)
  );

  always_comb begin
    if (!started_q) assert (!seen_q);
    if (seen_q) begin
      assert (count_q >= 1 && count_q <= bits_q);
      for (int unsigned p = 0; p < NMax; p++) begin
        if (p < 32'(count_q)) assert (kept[p] == bit_of(bits_q - count_q + 5'(p)));
      end
    end
  end

endmodule
