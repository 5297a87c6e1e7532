// SPDX-License-Identifier: Apache-2.0

/// Proof by induction over cycles: every tile that tile_decryptor (serial) hands over is M x, each weight at the place that
/// docs/architecture.md gives it, for every matrix, all stored bits, every n in 1..NMax and every pattern of pauses.
///
/// P[s][j] is the sum so far of slice s: P[s][0] = 0 and P[s][j+1][i] = P[s][j][i] ^ (M[i][j] & x[s][j]), so P[s][n] = M x[s].
/// 1. While words arrive, the groups that have begun hold P, the newest one up to the word that came last.
/// 2. A tile is offered exactly from its last word until it is taken, and no word is accepted meanwhile, but in the cycle of the take.
/// 3. From the cycle after a take, weight (m, k) = P[s][n][i] with s = (m/2)(K/10) + k/10 and i = 10 (m%2) + k%10.
module tile_decryptor_proof #(
    /// Lanes.
    parameter int unsigned K = 20,
    /// Channels.
    parameter int unsigned M = 4,
    /// Slices decrypted at a time.
    parameter int unsigned D = 2,
    /// 1 or 2.
    parameter int unsigned WeightBuffers = 2,
    /// Most stored bits of a slice.
    parameter int unsigned NMax = 8,
    /// 1: in cells of Xilinx 7.
    parameter bit Xc7 = 1'b0
) (
    input logic                          clk_i,
    input logic [           20*NMax-1:0] matrix_i,   // column j at [j*20 +: 20]
    input logic [       K*M/20*NMax-1:0] stored_i,   // x[s][j] at [s*NMax + j]
    input logic [K*M/20*20*(NMax+1)-1:0] partial_i,  // P[s][j] at [(s*(NMax+1) + j)*20 +: 20]
    input logic [                   4:0] bits_i,     // n
    input logic                          valid_i,
    input logic                          take_i,
    input logic                          busy_i
);

  localparam int unsigned NOut = 20;
  localparam int unsigned Slices = K * M / NOut;
  localparam int unsigned Groups = Slices / D;

  // M, x, P and n are whatever the inputs were before the first cycle.
  logic started_q = 1'b0;
  logic [NOut*NMax-1:0] matrix_q;
  logic [Slices*NMax-1:0] stored_q;
  logic [Slices*NOut*(NMax+1)-1:0] partial_q;
  logic [4:0] bits_q;
  always_ff @(posedge clk_i) begin
    started_q <= 1'b1;
    if (!started_q) begin
      matrix_q <= matrix_i;
      stored_q <= stored_i;
      partial_q <= partial_i;
      bits_q <= bits_i;
    end
  end

  // P[s][j].
  function automatic logic [NOut-1:0] sum(int unsigned s, int unsigned j);
    return partial_q[(s*(NMax+1)+j)*NOut+:NOut];
  endfunction

  always_comb begin
    if (started_q) begin
      assume (bits_q >= 1 && 32'(bits_q) <= NMax);
      for (int unsigned s = 0; s < Slices; s++) begin
        assume (sum(s, 0) == '0);
        for (int unsigned j = 0; j < NMax; j++) begin
          assume (sum(s, j + 1) == (sum(s, j) ^ (matrix_q[j*NOut+:NOut] & {NOut{stored_q[s*NMax+j]}})));
        end
      end
    end
  end

  // The loader: group by group, stored bit by stored bit.
  logic [4:0] j_q = '0;
  logic [7:0] group_q = '0;
  logic ready, accept, last, tile_valid, take;
  assign last   = 32'(group_q) == Groups - 1 && j_q == bits_q - 1;
  assign accept = valid_i & started_q & ready;
  assign take   = take_i & tile_valid & started_q;
  always_ff @(posedge clk_i) begin
    if (accept) begin
      j_q <= j_q == bits_q - 1 ? '0 : j_q + 1'b1;
      if (j_q == bits_q - 1) group_q <= last ? '0 : group_q + 1'b1;
    end
  end

  logic [NOut-1:0] column;
  logic [D-1:0] word;
  always_comb begin
    column = '0;
    word = '0;
    for (int unsigned j = 0; j < NMax; j++) begin
      if (32'(j_q) == j) column = matrix_q[j*NOut+:NOut];
      for (int unsigned s = 0; s < Slices; s++) begin
        if (32'(j_q) == j && 32'(group_q) == s / D) word[s%D] = stored_q[s*NMax+j];
      end
    end
  end

  logic [K*M-1:0] weight;
  tile_decryptor #(
      .Decryption(flexor_pkg::DecryptionSerial),
      .K(K),
      .M(M),
      .D(D),
      .WeightBuffers(WeightBuffers),
      .Xc7(Xc7)
  ) i_dut (
      .clk_i,
      .rst_ni(started_q),
      .word_valid_i(valid_i & started_q),
      .word_ready_o(ready),
      .word_i(word),
      .word_first_i(j_q == 0),
      .word_last_i(last),
      .column_i(column),
      .tile_valid_o(tile_valid),
      .tile_take_i(take),
      .busy_i,
      .weight_o(weight)
  );

  // full: a tile waits; active: a taken tile is being used. With one buffer the next word ends its use.
  logic full_q = 1'b0, active_q = 1'b0;
  always_ff @(posedge clk_i) begin
    full_q   <= started_q & ((accept & last) | (full_q & ~take));
    active_q <= started_q & (take | (active_q & (WeightBuffers == 2 | ~accept)));
  end

  // 1. Group position p of the loaded tile, the newest at the top.
  int unsigned begun;
  assign begun = 32'(group_q) + (j_q != 0 ? 1 : 0);
  for (genvar p = 0; p < Groups; p++) begin : gen_position
    for (genvar d = 0; d < D; d++) begin : gen_slice
      logic [NOut-1:0] held;
      assign held = i_dut.loaded[(p*D+d)*NOut+:NOut];
      always_comb begin
        for (int unsigned g = 0; g < Groups; g++) begin
          for (int unsigned n = 1; n <= NMax; n++) begin
            if (32'(bits_q) == n && (full_q || (WeightBuffers == 1 && active_q && begun == 0)) && g == p)
              assert (held == sum(g * D + d, n));
            if (32'(bits_q) == n && g < begun && p == Groups - begun + g && !(g == begun - 1 && j_q != 0))
              assert (held == sum(g * D + d, n));
            if (32'(j_q) == n && g < begun && p == Groups - begun + g && g == begun - 1) assert (held == sum(g * D + d, n));
          end
        end
      end
    end
  end

  // 2, and what the loader may be in.
  always_comb begin
    if (!started_q) assert (j_q == 0 && group_q == 0 && !full_q && !active_q);
    if (started_q) begin
      assert (tile_valid == full_q);
      assert (i_dut.free_q == ~i_dut.whole_q);
      assert (!(full_q && accept && !take));
      assert (j_q < bits_q && 32'(group_q) < Groups);
      assert (!full_q || begun == 0);
      assert (!(WeightBuffers == 1 && active_q && begun != 0));
    end
  end

  // 3.
  for (genvar m = 0; m < M; m++) begin : gen_channel
    for (genvar k = 0; k < K; k++) begin : gen_lane
      localparam int unsigned Slice = (m / 2) * (K / 10) + k / 10;
      localparam int unsigned Bit = 10 * (m % 2) + k % 10;
      always_comb begin
        for (int unsigned n = 1; n <= NMax; n++) begin
          if (started_q && active_q && 32'(bits_q) == n) assert (weight[m*K+k] == partial_q[(Slice*(NMax+1)+n)*NOut+Bit]);
        end
      end
    end
  end

endmodule
