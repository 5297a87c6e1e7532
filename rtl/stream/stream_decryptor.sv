// SPDX-License-Identifier: Apache-2.0

/// XOR decryption of D slices at a time, one stored bit of each a cycle: y = XOR over the set bits x_j of column j of M (FleXOR, section 2).
///
/// A group of D slices takes n cycles; stored bits are the lowest D bits of the stream's halfword, which is shifted; what is left of the last
/// halfword is dropped. One cycle after its last bit a group is on weight_o, and write_o is high, two cycles later.
module stream_decryptor
  import stream_pkg::*;
#(
    /// Slices at a time: 1, 2, 4, 8 or 16.
    parameter int unsigned D    = 2,
    /// Weights of a slice.
    parameter int unsigned NOut = 32
) (
    /// Clock.
    input  logic              clk_i,
    /// A job runs; without it nothing is decrypted.
    input  logic              running_i,
    /// CODE is taken: word_i has n - 1 in 11:7 and the block of 32 columns in 2:0.
    input  logic              load_code_i,
    /// BITS is taken: word_i has the groups - 1 in 8:0.
    input  logic              start_i,
    /// The stream's next halfword is there.
    input  logic              valid_i,
    /// That halfword.
    input  logic [      15:0] word_i,
    /// Its stored bits are used up.
    output logic              take_o,
    /// Its lowest D bits are.
    output logic              shift_o,
    /// Groups are being decrypted; the stream is used here.
    output logic              busy_o,
    /// Column of M to read.
    output logic [       7:0] column_address_o,
    /// That column, one cycle later: bit i is M[i][j].
    input  logic [  NOut-1:0] column_i,
    /// A group is complete.
    output logic              write_o,
    /// Its weights, slice d at bit d*NOut.
    output logic [D*NOut-1:0] weight_o
);

  localparam int unsigned Steps = 16 / D;
  localparam int unsigned StepWidth = Steps > 1 ? $clog2(Steps) : 1;

  if (D < 1 || D > 16 || (D & (D - 1)) != 0) begin : gen_check_d
    $error("stream_decryptor: D must be 1, 2, 4, 8 or 16");
  end

  logic [4:0] last_q, bit_q;
  logic [2:0] block_q;
  logic [8:0] groups_q;
  logic [StepWidth-1:0] step_q;
  logic steps, ends, last_step, finishes;

  assign steps = busy_o && valid_i;
  assign finishes = ends && groups_q == '0;
  assign take_o = steps && (last_step || finishes);
  assign shift_o = steps;
  assign last_step = step_q == StepWidth'(Steps - 1);
  assign ends = bit_q == last_q;
  assign column_address_o = {block_q, bit_q};

  always_ff @(posedge clk_i) begin
    if (load_code_i) {last_q, block_q} <= {word_i[11:7], word_i[2:0]};
    if (steps) begin
      step_q <= last_step ? '0 : step_q + StepWidth'(1);
      bit_q  <= ends ? '0 : bit_q + 5'd1;
      if (ends) groups_q <= groups_q - 9'd1;
      if (finishes) busy_o <= 1'b0;
    end
    if (start_i) begin
      busy_o   <= 1'b1;
      groups_q <= word_i[8:0];
      step_q   <= '0;
      bit_q    <= '0;
    end
    if (!running_i) busy_o <= 1'b0;
  end

  // The column is there one cycle after its address.
  logic [D-1:0] stored_q;
  logic first_q, valid_q, ends_q;
  always_ff @(posedge clk_i) begin
    stored_q <= word_i[D-1:0];
    first_q  <= bit_q == '0;
    valid_q  <= steps;
    ends_q   <= steps && ends;
    write_o  <= ends_q && running_i;
  end
  for (genvar d = 0; d < D; d++) begin : gen_slice
    logic [NOut-1:0] slice_q;
    always_ff @(posedge clk_i) begin
      if (valid_q) slice_q <= (first_q ? '0 : slice_q) ^ (column_i & {NOut{stored_q[d]}});
    end
    assign weight_o[d*NOut+:NOut] = slice_q;
  end

  logic unused;
  assign unused = ^word_i[15:12];

endmodule
