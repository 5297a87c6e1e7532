// SPDX-License-Identifier: Apache-2.0

/// Two running sums over the beats of a transfer: a single changed bit changes sum1, beats in another order change sum2.
///
///   sum1 = sum of all 32-bit words; sum2 = sum over beats of the sum1 before that beat; modulo 2^32, both from 0
module beat_sum #(
    /// Bytes of a beat, 8 or 16.
    parameter int unsigned Beat = 16
) (
    /// Clock.
    input  logic              clk_i,
    /// Both to 0.
    input  logic              clear_i,
    /// A beat.
    input  logic              valid_i,
    /// The beat.
    input  logic [8*Beat-1:0] beat_i,
    /// Sum of words.
    output logic [      31:0] sum1_o,
    /// Sum of sums.
    output logic [      31:0] sum2_o
);

  logic valid_q;
  logic [31:0] word_q, words;

  always_comb begin
    words = '0;
    for (int unsigned i = 0; i < Beat / 4; i++) words += beat_i[32*i+:32];
  end

  always_ff @(posedge clk_i) begin
    valid_q <= valid_i && !clear_i;
    word_q  <= words;
    if (valid_q) begin
      sum1_o <= sum1_o + word_q;
      sum2_o <= sum2_o + sum1_o;
    end
    if (clear_i) begin
      sum1_o <= '0;
      sum2_o <= '0;
    end
  end

endmodule
