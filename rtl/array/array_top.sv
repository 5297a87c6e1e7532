// SPDX-License-Identifier: Apache-2.0

/// Tile decryptor, PE array and accumulator: the part of the engine whose cells grow with K*M. The top that is synthesised to count cells per MAC;
/// the engine connects the same three blocks in the same way.
module array_top #(
    /// Lanes, a multiple of SliceK.
    parameter int unsigned K = 50,
    /// Output channels, a multiple of SliceM.
    parameter int unsigned M = 16,
    /// Weight bits of a slice.
    parameter int unsigned NOut = 20,
    /// Lanes of a slice.
    parameter int unsigned SliceK = 10,
    /// Channels of a slice.
    parameter int unsigned SliceM = 2,
    /// Slices that are decrypted at a time.
    parameter int unsigned D = 40,
    /// 0 serial, 1 fixed, 2 plain.
    parameter int unsigned Decryption = 0,
    /// 0 pair, 1 addsub, 2 andtree, 3 ice40, 4 ecp5, 5 xc7.
    parameter int unsigned PeStyle = 0,
    /// 1 or 2 copies of the weights.
    parameter int unsigned WeightBuffers = 2,
    /// Bits of an accumulator.
    parameter int unsigned AccWidth = 20,
    /// Accumulators per channel and buffer.
    parameter int unsigned PMax = 256,
    /// 1 or 2 buffers of accumulators.
    parameter int unsigned AccBuffers = 1,
    /// Binary digits of a weight at most; more than 1: sums can be doubled.
    parameter int unsigned Digits = 1,
    /// 1: windows can be pooled.
    parameter int unsigned Windows = 0,
    /// Decryption = 1: stored bits of a slice.
    parameter int unsigned NMax = wired_pkg::Stored,
    /// Decryption = 1: the code as PeStyle takes it, see tile_decryptor.
    parameter logic [NOut*NMax-1:0] Matrix = wired_pkg::matrix(PeStyle),
    /// Bits of an accumulator's address; follows from PMax.
    parameter int unsigned AddressWidth = $clog2(PMax)
) (
    /// Clock.
    input  logic                    clk_i,
    /// Synchronous reset, active low.
    input  logic                    rst_ni,
    /// Words of the tile: see tile_decryptor.
    input  logic                    word_valid_i,
    /// Word accepted.
    output logic                    word_ready_o,
    /// Stored bits.
    input  logic [           D-1:0] word_i,
    /// First word of a group.
    input  logic                    word_first_i,
    /// Last word of the tile.
    input  logic                    word_last_i,
    /// Column of the code.
    input  logic [        NOut-1:0] column_i,
    /// A tile waits.
    output logic                    tile_valid_o,
    /// Take it.
    input  logic                    tile_take_i,
    /// The taken tile is in use.
    input  logic                    busy_i,
    /// Activations: see pe_array.
    input  logic [         8*K-1:0] activation_i,
    /// Control of a dot product: see accumulator.
    input  logic                    valid_i,
    /// Buffer.
    input  logic                    buffer_i,
    /// Address.
    input  logic [AddressWidth-1:0] address_i,
    /// Store.
    input  logic                    first_i,
    /// Double.
    input  logic                    twice_i,
    /// The layer pools windows: see accumulator.
    input  logic                    window_i,
    /// It wants the maximum.
    input  logic                    maximum_i,
    /// A lane for each channel.
    input  logic [         8*M-1:0] lane_i,
    /// Buffer to read.
    input  logic                    read_buffer_i,
    /// Address to read.
    input  logic [AddressWidth-1:0] read_address_i,
    /// Accumulators read.
    output logic [  M*AccWidth-1:0] read_data_o
);

  localparam int unsigned DotWidth = pe_array_pkg::dot_width(PeStyle, K);

  logic [K*M-1:0] weight;
  tile_decryptor #(
      .Decryption(Decryption),
      .K(K),
      .M(M),
      .NOut(NOut),
      .SliceK(SliceK),
      .SliceM(SliceM),
      .D(D),
      .WeightBuffers(WeightBuffers),
      .Xc7(PeStyle == flexor_pkg::PeXc7),
      .NMax(NMax),
      .Matrix(Matrix)
  ) i_decryptor (
      .clk_i,
      .rst_ni,
      .word_valid_i,
      .word_ready_o,
      .word_i,
      .word_first_i,
      .word_last_i,
      .column_i,
      .tile_valid_o,
      .tile_take_i,
      .busy_i,
      .weight_o(weight)
  );

  logic [M*DotWidth-1:0] dot;
  pe_array #(
      .PeStyle(PeStyle),
      .K(K),
      .M(M)
  ) i_array (
      .clk_i,
      .activation_i,
      .weight_i(weight),
      .dot_o(dot)
  );

  accumulator #(
      .M(M),
      .DotWidth(DotWidth),
      .DotSigned(pe_array_pkg::dot_signed(PeStyle)),
      .AccWidth(AccWidth),
      .PMax(PMax),
      .AccBuffers(AccBuffers),
      .Twice(Digits > 1),
      .Windows(Windows != 0),
      .Xc7(PeStyle == flexor_pkg::PeXc7)
  ) i_accumulator (
      .clk_i,
      .rst_ni,
      .valid_i,
      .buffer_i,
      .address_i,
      .first_i,
      .twice_i,
      .dot_i(dot),
      .window_i,
      .maximum_i,
      .lane_i,
      .read_buffer_i,
      .read_address_i,
      .read_data_o
  );

endmodule
