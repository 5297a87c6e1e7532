// SPDX-License-Identifier: Apache-2.0

/// Decrypted weights: 256 words of K*M bits. Written a group of D slices at a time, in order, modulo the depth; the word of an entry is read
/// in every cycle. Slice s of a word holds the channels 2s and 2s + 1: weight of channel m, lane k at bit m*K + k.
module weight_cache #(
    /// Lanes.
    parameter int unsigned K = 16,
    /// Output channels.
    parameter int unsigned M = 16,
    /// Bits of a group: D slices; divides K*M, and is a multiple of K.
    parameter int unsigned GroupBits = 64
) (
    /// Clock.
    input  logic                 clk_i,
    /// The write address begins at 0: one cycle.
    input  logic                 start_i,
    /// A group is written in this cycle.
    input  logic                 write_i,
    /// Its weights.
    input  logic [GroupBits-1:0] group_i,
    /// Word to read.
    input  logic [          7:0] address_i,
    /// That word, one cycle later.
    output logic [      K*M-1:0] weight_o
);

  localparam int unsigned Groups = K * M / GroupBits;
  localparam int unsigned GroupWidth = Groups > 1 ? $clog2(Groups) : 1;

  if (Groups * GroupBits != K * M || GroupBits % K != 0 || (Groups & (Groups - 1)) != 0) begin : gen_check_group
    $error("weight_cache: a word must be a power of two of groups, a group whole channels");
  end

  logic [GroupWidth-1:0] group_q;
  logic [7:0] word_q;
  logic last;
  assign last = group_q == GroupWidth'(Groups - 1);

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      group_q <= '0;
      word_q  <= '0;
    end else if (write_i) begin
      group_q <= last ? '0 : group_q + GroupWidth'(1);
      if (last) word_q <= word_q + 8'd1;
    end
  end

  for (genvar m = 0; m < M; m++) begin : gen_channel
    localparam int unsigned Group = m * K / GroupBits;
    ram_1r1w #(
        .Depth(256),
        .Width(K)
    ) i_channel (
        .clk_i,
        .read_i         (1'b1),
        .read_address_i (address_i),
        .data_o         (weight_o[m*K+:K]),
        .write_i        (write_i && group_q == GroupWidth'(Group)),
        .write_address_i(word_q),
        .data_i         (group_i[(m*K)%GroupBits+:K])
    );
  end

endmodule
