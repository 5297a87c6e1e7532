// SPDX-License-Identifier: Apache-2.0

/// Activations: two banks of K-byte words; every cycle K bytes from any address and up to W bytes to any address.
///
///   read_data[k] = memory[read_address + k], k = 0..K-1, fetch_pkg::ActivationLatency clock edges later
///   memory[write_address + i] <= write_data[i] where write_strobe[i], i = 0..W-1; readable two cycles later
///
/// Byte address = word * K + offset, held as a pair; words are taken modulo 2*ActRows. Word w is row w/2 of bank w%2, so
/// that the words w and w+1 which an unaligned access touches are always in different banks.
module activation_memory #(
    /// Bytes of a word, 10..250.
    parameter int unsigned K       = 50,
    /// Bytes written per cycle, a power of two, 2W <= K.
    parameter int unsigned W       = 16,
    /// Words of a bank, a power of two.
    parameter int unsigned ActRows = 2048,
    /// 1: multiplexers of four, a LUT6 of Xilinx 7 a bit; with smaller LUTs two of two are less.
    parameter bit          Xc7     = 1'b0
) (
    /// Clock.
    input  logic           clk_i,
    /// Read in this cycle.
    input  logic           read_valid_i,
    /// Pair of byte 0.
    input  logic [   31:0] read_address_i,
    /// Bytes read.
    output logic [8*K-1:0] read_data_o,
    /// Write in this cycle.
    input  logic           write_valid_i,
    /// Pair of byte 0.
    input  logic [   31:0] write_address_i,
    /// Bytes to write.
    input  logic [8*W-1:0] write_data_i,
    /// Byte enable.
    input  logic [  W-1:0] write_strobe_i
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);
  localparam int unsigned RowWidth = WordWidth - 1;

  if (W < 2 || (W & (W - 1)) != 0 || 2 * W > K) begin : gen_check_write
    $error("activation_memory: W must be a power of two with 2W <= K");
  end
  if (ActRows < 2 || (ActRows & (ActRows - 1)) != 0) begin : gen_check_rows
    $error("activation_memory: ActRows must be a power of two");
  end

  // Read: a row of each bank; lane p comes from word w where p >= offset and from word w+1 below; rotate by offset in two steps,
  // the smaller one behind the banks, which are slow.
  localparam int unsigned Split = (OffsetWidth + 1) / 2;
  localparam int unsigned Top = OffsetWidth - 1;

  logic [WordWidth-1:0] read_word;
  logic [OffsetWidth-1:0] read_offset, offset_q;
  logic [Split-1:0] offset_low_q;
  logic [8*K-1:0] bank0_data, bank1_data, rotated, rotated_q;
  // ones at p < offset
  logic [K-1:0] from_bank1;

  assign read_word   = read_address_i[8+:WordWidth];
  assign read_offset = read_address_i[0+:OffsetWidth];
  assign from_bank1  = {K{read_word[0]}} ^ ~({K{1'b1}} << read_offset);

  if (Xc7) begin : gen_xc7
    // The choice of the bank and the longest turn in one multiplexer.
    logic [8*K-1:0] turned;
    logic [  K-1:0] chosen_q;
    always_ff @(posedge clk_i) begin
      for (int unsigned p = 0; p < K; p++) chosen_q[p] <= read_offset[Top] ? from_bank1[(p+2**Top)%K] : from_bank1[p];
    end
    for (genvar p = 0; p < K; p++) begin : gen_lane
      localparam int unsigned Far = (p + 2 ** Top) % K;
      xc7_mux4 #(
          .Width(8)
      ) i_mux (
          .select_i({offset_q[Top], chosen_q[p]}),
          .data_i  ({bank1_data[8*Far+:8], bank0_data[8*Far+:8], bank1_data[8*p+:8], bank0_data[8*p+:8]}),
          .data_o  (turned[8*p+:8])
      );
    end
    byte_rotate #(
        .Bytes(K),
        .First(Split),
        .Last (Top - 1),
        .Xc7  (1'b1)
    ) i_rotate_high (
        .data_i  (turned),
        .amount_i(offset_q[Top-1:Split]),
        .data_o  (rotated)
    );
  end else begin : gen_plain
    logic [8*K-1:0] lanes;
    logic [  K-1:0] from_bank1_q;
    always_ff @(posedge clk_i) from_bank1_q <= from_bank1;
    for (genvar p = 0; p < K; p++) begin : gen_lane
      assign lanes[8*p+:8] = from_bank1_q[p] ? bank1_data[8*p+:8] : bank0_data[8*p+:8];
    end
    byte_rotate #(
        .Bytes(K),
        .First(Split),
        .Last (Top)
    ) i_rotate_high (
        .data_i  (lanes),
        .amount_i(offset_q[Top:Split]),
        .data_o  (rotated)
    );
  end
  byte_rotate #(
      .Bytes(K),
      .First(0),
      .Last (Split - 1),
      .Xc7  (Xc7)
  ) i_rotate_low (
      .data_i  (rotated_q),
      .amount_i(offset_low_q),
      .data_o  (read_data_o)
  );

  always_ff @(posedge clk_i) begin
    offset_q     <= read_offset;
    rotated_q    <= rotated;
    offset_low_q <= offset_q[Split-1:0];
  end

  // Write: rotate the W bytes to their places modulo W, then enable lanes.
  logic [8*K-1:0] write_lanes;
  logic [K-1:0] write_strobe0, write_strobe1;
  logic [RowWidth-1:0] write_row0, write_row1;

  write_align #(
      .K        (K),
      .W        (W),
      .WordWidth(WordWidth),
      .Xc7      (Xc7)
  ) i_align (
      .clk_i,
      .write_valid_i,
      .write_word_i  (write_address_i[8+:WordWidth]),
      .write_offset_i(write_address_i[0+:OffsetWidth]),
      .write_data_i,
      .write_strobe_i,
      .row0_o        (write_row0),
      .row1_o        (write_row1),
      .strobe0_o     (write_strobe0),
      .strobe1_o     (write_strobe1),
      .lanes_o       (write_lanes)
  );

  ram_1r1w_bytes #(
      .Depth(ActRows),
      .Bytes(K)
  ) i_bank0 (
      .clk_i,
      .read_i         (read_valid_i),
      .read_address_i (read_word[WordWidth-1:1] + RowWidth'(read_word[0])),
      .read_data_o    (bank0_data),
      .write_strobe_i (write_strobe0),
      .write_address_i(write_row0),
      .write_data_i   (write_lanes)
  );
  ram_1r1w_bytes #(
      .Depth(ActRows),
      .Bytes(K)
  ) i_bank1 (
      .clk_i,
      .read_i         (read_valid_i),
      .read_address_i (read_word[WordWidth-1:1]),
      .read_data_o    (bank1_data),
      .write_strobe_i (write_strobe1),
      .write_address_i(write_row1),
      .write_data_i   (write_lanes)
  );

  logic unused_address;
  assign unused_address = ^{read_address_i, write_address_i};

endmodule
