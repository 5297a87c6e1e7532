// SPDX-License-Identifier: Apache-2.0

/// Places W consecutive bytes in the lanes of the two banks of activation_memory; one cycle.
///
///   lane p takes byte i with (offset + i) mod K = p; its word is word + (offset + i >= K); bank = word mod 2, row = word / 2
///
/// Lane p of the first word takes rotated[p mod W] with rotated[j] = data[(j - offset) mod W]; lane p of the second word is
/// p = offset + i - K, so it takes rotated[(p + K) mod W]. Because 2W <= K a lane < W never belongs to both.
module write_align #(
    /// Bytes of a word.
    parameter int unsigned K           = 50,
    /// Bytes written per cycle, a power of two, 2W <= K.
    parameter int unsigned W           = 16,
    /// Bits of a word number.
    parameter int unsigned WordWidth   = 12,
    /// 1: multiplexers of four, a LUT6 of Xilinx 7 a bit.
    parameter bit          Xc7         = 1'b0,
    /// Bits of an offset, clog2(K).
    parameter int unsigned OffsetWidth = $clog2(K)
) (
    /// Clock.
    input  logic                   clk_i,
    /// A write is asked for.
    input  logic                   write_valid_i,
    /// Word of byte 0.
    input  logic [  WordWidth-1:0] write_word_i,
    /// Offset of byte 0, < K.
    input  logic [OffsetWidth-1:0] write_offset_i,
    /// Bytes to write.
    input  logic [        8*W-1:0] write_data_i,
    /// Byte enable.
    input  logic [          W-1:0] write_strobe_i,
    /// Row of bank 0.
    output logic [  WordWidth-2:0] row0_o,
    /// Row of bank 1.
    output logic [  WordWidth-2:0] row1_o,
    /// Lane enable of bank 0; 0 where no write was asked for.
    output logic [          K-1:0] strobe0_o,
    /// Lane enable of bank 1; 0 where no write was asked for.
    output logic [          K-1:0] strobe1_o,
    /// Bytes by lane, for both banks.
    output logic [        8*K-1:0] lanes_o
);

  localparam int unsigned TurnWidth = $clog2(W);

  logic [8*W-1:0] turned, turned_q;
  logic [W-1:0] strobe_turned, strobe_q;
  logic [  TurnWidth-1:0] turn;
  logic [  WordWidth-1:0] word_q;
  logic [OffsetWidth-1:0] offset_q;

  // rotate right by -offset mod W
  assign turn = TurnWidth'(0) - write_offset_i[TurnWidth-1:0];
  byte_rotate #(
      .Bytes(W),
      .First(0),
      .Last (TurnWidth - 1),
      .Xc7  (Xc7)
  ) i_rotate (
      .data_i  (write_data_i),
      .amount_i(turn),
      .data_o  (turned)
  );
  always_comb begin
    for (int unsigned j = 0; j < W; j++) strobe_turned[j] = write_strobe_i[TurnWidth'(j)+turn];
  end

  always_ff @(posedge clk_i) begin
    if (!write_valid_i) strobe_q <= '0;
    else strobe_q <= strobe_turned;
    if (write_valid_i) begin
      turned_q <= turned;
      word_q   <= write_word_i;
      offset_q <= write_offset_i;
    end
  end

  assign row0_o  = word_q[WordWidth-1:1] + (WordWidth - 1)'(word_q[0]);
  assign row1_o  = word_q[WordWidth-1:1];

  // Lanes offset .. min(offset + W, K) - 1 of the first word, 0 .. offset + W - K - 1 of the second.
  logic [K-1:0] first, second;
  logic [K+W-1:0] window;
  assign window = {{K{1'b0}}, {W{1'b1}}} << offset_q;
  for (genvar p = 0; p < K; p++) begin : gen_lane
    assign first[p] = window[p] && strobe_q[p%W];
    if (p < W) begin : gen_both
      assign second[p] = window[p+K] && strobe_q[(p+K)%W];
      assign lanes_o[8*p+:8] = window[p+K] ? turned_q[8*((p+K)%W)+:8] : turned_q[8*(p%W)+:8];
    end else begin : gen_first
      assign second[p] = 1'b0;
      assign lanes_o[8*p+:8] = turned_q[8*(p%W)+:8];
    end
  end
  assign strobe0_o = word_q[0] ? second : first;
  assign strobe1_o = word_q[0] ? first : second;

endmodule
