// SPDX-License-Identifier: Apache-2.0

/// Stored bits of a tile in, K*M weight bits out: D slices at a time, one bit of each per word (bit-planar).
///
///   word g*n + j, bit d = stored bit j of slice g*D + d         (G = S/D groups of n words, S = K*M/NOut slices; fixed: bit n-1-j, n = NMax)
///   slice s = pm*(K/SliceK) + gk, bit i -> weight_o[(SliceM*pm + i/SliceK)*K + SliceK*gk + i%SliceK]
///
/// Only the D slices of the group that is arriving have LUTs, serial or fixed; the first word of the next group shifts a finished group into plain registers.
/// WeightBuffers = 2: the loaded tile waits in a shadow until `tile_take_i` copies it to the active weights. WeightBuffers = 1: there is no
/// copy, `weight_o` is what has been loaded; no word is accepted from the last word of a tile until it is taken and `busy_i` is low again.
module tile_decryptor #(
    /// 0 serial (the code is data), 1 fixed (Matrix), 2 plain (no XOR; NOut words a group).
    parameter int unsigned Decryption = 0,
    /// Lanes, a multiple of SliceK.
    parameter int unsigned K = 50,
    /// Output channels, a multiple of SliceM.
    parameter int unsigned M = 16,
    /// Weight bits of a slice, SliceK * SliceM, <= 32.
    parameter int unsigned NOut = 20,
    /// Lanes of a slice.
    parameter int unsigned SliceK = 10,
    /// Channels of a slice.
    parameter int unsigned SliceM = 2,
    /// Slices that are decrypted at a time; divides K*M/NOut.
    parameter int unsigned D = 40,
    /// 2: the next tile loads while this one computes; 1: load, then compute.
    parameter int unsigned WeightBuffers = 2,
    /// 1: serial decryption in cells of Xilinx 7.
    parameter bit Xc7 = 1'b0,
    /// Stored bits of a slice when Decryption = 1, 1..NOut.
    parameter int unsigned NMax = 8,
    /// The code when Decryption = 1: bit i*NMax + j is row i, column j (recoded by the PE style's T).
    parameter logic [NOut*NMax-1:0] Matrix = '0
) (
    /// Clock.
    input  logic            clk_i,
    /// Synchronous reset, active low; weights are not reset.
    input  logic            rst_ni,
    /// A word is offered.
    input  logic            word_valid_i,
    /// It is accepted.
    output logic            word_ready_o,
    /// Stored bit of each of the D slices.
    input  logic [   D-1:0] word_i,
    /// First word of a group (j = 0).
    input  logic            word_first_i,
    /// Last word of the tile.
    input  logic            word_last_i,
    /// Column j of the code, recoded by the PE style's T (Decryption = 0).
    input  logic [NOut-1:0] column_i,
    /// A whole tile has been loaded and waits.
    output logic            tile_valid_o,
    /// Take it; only while `tile_valid_o`. The active weights are the tile's from the next cycle on.
    input  logic            tile_take_i,
    /// A pixel of the taken tile enters the array now or later (WeightBuffers = 1).
    input  logic            busy_i,
    /// Active weights, channel m, lane k at bit m*K + k.
    output logic [ K*M-1:0] weight_o
);

  localparam int unsigned Slices = K * M / NOut;
  localparam int unsigned Groups = Slices / D;

  if (NOut != SliceK * SliceM || NOut > 32) begin : gen_check_slice
    $error("tile_decryptor: NOut must be SliceK * SliceM and at most 32");
  end
  if (K % SliceK != 0 || M % SliceM != 0) begin : gen_check_shape
    $error("tile_decryptor: K must be a multiple of SliceK and M of SliceM");
  end
  if (D < 1 || Slices % D != 0) begin : gen_check_groups
    $error("tile_decryptor: D must divide the slices of a tile, K * M / NOut");
  end
  if (WeightBuffers != 1 && WeightBuffers != 2) begin : gen_check_buffers
    $error("tile_decryptor: WeightBuffers must be 1 or 2");
  end
  if (Decryption > flexor_pkg::DecryptionPlain) begin : gen_check_decryption
    $error("tile_decryptor: Decryption must be 0, 1 or 2");
  end
  if (Decryption == flexor_pkg::DecryptionFixed && Matrix == '0) begin : gen_check_matrix
    $error("tile_decryptor: a code fixed at elaboration needs its NMax and Matrix");
  end

  // `load` and `shift` reach flip-flops all over the device, so each must be one LUT away from its registers. They are written so that no tool
  // finds `word_ready_o` in `load` or `load` in `shift` and saves a LUT by chaining them: a take implies a whole tile, and free_q is ~whole_q.
  logic load, shift, whole_q, whole_next, free_q;
  assign tile_valid_o = whole_q;
  if (WeightBuffers == 2) begin : gen_ready_double
    assign word_ready_o = ~whole_q | tile_take_i;
    assign load = word_valid_i & ~(whole_q ^ tile_take_i);
    assign shift = word_valid_i & word_first_i & (free_q | tile_take_i);
    logic unused;
    assign unused = busy_i;
  end else begin : gen_ready_single
    assign word_ready_o = ~whole_q & ~busy_i;
    assign load = word_valid_i & word_ready_o;
    assign shift = word_valid_i & word_first_i & free_q & ~busy_i;
  end

  assign whole_next = rst_ni & ((load & word_last_i) | (whole_q & ~tile_take_i));
  always_ff @(posedge clk_i) begin
    whole_q <= whole_next;
    free_q  <= ~whole_next;
  end

  logic [D*NOut-1:0] arriving;

  if (Decryption == flexor_pkg::DecryptionFixed) begin : gen_stored
    for (genvar d = 0; d < D; d++) begin : gen_slice
      logic [NMax-1:0] stored;
      stored_slice #(
          .NMax(NMax)
      ) i_slice (
          .clk_i,
          .enable_i(load),
          .stored_i(word_i[d]),
          .stored_o(stored)
      );
      xor_decryptor #(
          .NIn(NMax),
          .NOut(NOut),
          .Matrix(Matrix)
      ) i_decryptor (
          .stored_i(stored),
          .weight_o(arriving[d*NOut+:NOut])
      );
    end
    logic unused;
    assign unused = &{1'b0, column_i};
  end else begin : gen_decrypted
    for (genvar d = 0; d < D; d++) begin : gen_slice
      slice_decryptor #(
          .Decryption(Decryption),
          .NOut(NOut),
          .Xc7(Xc7)
      ) i_slice (
          .clk_i,
          .enable_i(load),
          .first_i (word_first_i),
          .stored_i(word_i[d]),
          .column_i,
          .weight_o(arriving[d*NOut+:NOut])
      );
    end
  end

  // Group g of a whole tile at [g*D*NOut +: D*NOut]: the last one has just arrived, the others have been shifted down.
  logic [Slices*NOut-1:0] loaded;
  assign loaded[(Groups-1)*D*NOut+:D*NOut] = arriving;
  if (Groups > 1) begin : gen_shift
    logic [(Groups-1)*D*NOut-1:0] finished_q;
    always_ff @(posedge clk_i) begin
      if (shift) finished_q <= loaded[Slices*NOut-1:D*NOut];
    end
    assign loaded[(Groups-1)*D*NOut-1:0] = finished_q;
  end else begin : gen_no_shift
    logic unused;
    assign unused = shift;
  end

  logic [Slices*NOut-1:0] active;
  if (WeightBuffers == 2) begin : gen_copy
    always_ff @(posedge clk_i) begin
      if (tile_take_i) active <= loaded;
    end
  end else begin : gen_direct
    assign active = loaded;
  end

  for (genvar s = 0; s < Slices; s++) begin : gen_place
    for (genvar r = 0; r < SliceM; r++) begin : gen_row
      localparam int unsigned Channel = SliceM * (s / (K / SliceK)) + r;
      localparam int unsigned Lane = SliceK * (s % (K / SliceK));
      assign weight_o[Channel*K+Lane+:SliceK] = active[s*NOut+r*SliceK+:SliceK];
    end
  end

`ifndef SYNTHESIS
  always_ff @(posedge clk_i) begin
    if (rst_ni)
      assert (!tile_take_i || tile_valid_o)
      else $error("tile_decryptor: no tile to take");
  end
`endif  // SYNTHESIS

endmodule
