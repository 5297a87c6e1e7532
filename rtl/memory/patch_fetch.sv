// SPDX-License-Identifier: Apache-2.0

/// Fetches the K activations of one pixel, string and chunk: one patch in ReadCycles cycles, fetch_pkg::fetch_latency cycles each.
///
///   activation[k] = live[k] ? memory[pixel + tile + k] : 0       (pairs; live[k]: lane_mask)
///
/// ReadCycles = 3: step s = 0, 1, 2 of a read brings four bytes of activation_memory_narrow, and with o = 1 at an odd address, else 0,
///   activation[k] comes with byte k % 4 of step (k + o) / 4, k = 0..9
/// All are there in one cycle, before those of the next patch begin to come.
module patch_fetch #(
    /// Lanes that are fetched: bytes of a word of activation memory, 10..250.
    parameter int unsigned K             = 50,
    /// Words of a bank of activation memory, a power of two.
    parameter int unsigned ActRows       = 2048,
    /// 1: activation_memory; 3: activation_memory_narrow, ten lanes.
    parameter int unsigned ReadCycles    = 1,
    /// Bits of a count of rows or columns, 4..10: at most 2^CountWidth - 1.
    parameter int unsigned CountWidth    = 10,
    /// 1: dead lanes by the reset of flip-flops, which Xilinx 7 has for every eight of them; with ReadCycles = 1.
    parameter bit          Xc7           = 1'b0,
    /// Bits of a signed input row; follows from CountWidth.
    parameter int unsigned RowWidth      = fetch_pkg::row_width(CountWidth),
    /// Bits of a signed position along a row; follows from K and ActRows.
    parameter int unsigned PositionWidth = fetch_pkg::position_width(K, ActRows)
) (
    /// Clock.
    input  logic                                        clk_i,
    /// Synchronous reset, active low.
    input  logic                                        rst_ni,
    /// Layer; stable while its patches are in flight.
    input  flexor_pkg::descriptor_t                     descriptor_i,
    /// A patch is asked for, ReadCycles cycles after the one before at the soonest.
    input  logic                                        valid_i,
    /// Pair of the pixel's string 0, chunk 0.
    input  logic                    [             31:0] pixel_pair_i,
    /// Pair of string and chunk relative to the pixel.
    input  logic                    [             31:0] tile_pair_i,
    /// See lane_mask.
    input  logic signed             [PositionWidth-1:0] x_i,
    /// See lane_mask.
    input  logic signed             [     RowWidth-1:0] y_i,
    /// See lane_mask.
    input  logic                    [PositionWidth-1:0] chunk_start_i,
    /// See lane_mask.
    input  logic                                        last_chunk_i,
    /// See lane_mask.
    input  logic                    [              7:0] string_i,
    /// Read port of activation_memory.
    output logic                                        read_valid_o,
    /// Read port of activation_memory_narrow: step.
    output logic                    [              1:0] read_step_o,
    /// Read port of activation_memory: pair.
    output logic                    [             31:0] read_address_o,
    /// Read port of activation_memory.
    input  logic                    [          8*K-1:0] read_data_i,
    /// Activations, 8 bits a lane.
    output logic                    [          8*K-1:0] activation_o
);

  localparam int unsigned WordWidth = fetch_pkg::word_width(ActRows);
  localparam int unsigned OffsetWidth = fetch_pkg::offset_width(K);

  if (PositionWidth != fetch_pkg::position_width(K, ActRows) || RowWidth != fetch_pkg::row_width(CountWidth)) begin : gen_check
    $error("patch_fetch: PositionWidth follows from K and ActRows, RowWidth from CountWidth; they must not be set");
  end

  if (ReadCycles != 1 && ReadCycles != 3) begin : gen_check_cycles
    $error("patch_fetch: ReadCycles must be 1 or 3");
  end

  logic [WordWidth+OffsetWidth-1:0] sum, address_q;
  logic valid_q;
  pair_add #(
      .K        (K),
      .WordWidth(WordWidth)
  ) i_add (
      .a_i  ({pixel_pair_i[8+:WordWidth], pixel_pair_i[0+:OffsetWidth]}),
      .b_i  ({tile_pair_i[8+:WordWidth], tile_pair_i[0+:OffsetWidth]}),
      .sum_o(sum)
  );
  always_comb begin
    read_address_o = '0;
    read_address_o[8+:WordWidth] = address_q[OffsetWidth+:WordWidth];
    read_address_o[0+:OffsetWidth] = address_q[0+:OffsetWidth];
  end

  localparam int unsigned Lanes = ReadCycles == 1 ? K : 10;
  logic [Lanes-1:0] live;
  lane_mask #(
      .K            (Lanes),
      .PositionWidth(PositionWidth),
      .RowWidth     (RowWidth)
  ) i_mask (
      .clk_i,
      .enable_i(ReadCycles == 1 || valid_i),
      .descriptor_i,
      .x_i,
      .y_i,
      .chunk_start_i,
      .last_chunk_i,
      .string_i,
      .live_o  (live)
  );

  always_ff @(posedge clk_i) begin
    valid_q <= rst_ni && valid_i;
    if (ReadCycles == 1 || valid_i) address_q <= sum;
  end

  if (ReadCycles == 1) begin : gen_whole
    assign read_valid_o = valid_q;
    assign read_step_o  = '0;
    if (Xc7) begin : gen_reset
      for (genvar k = 0; k < K; k++) begin : gen_lane
        always_ff @(posedge clk_i) begin
          if (!live[k]) activation_o[8*k+:8] <= '0;
          else activation_o[8*k+:8] <= read_data_i[8*k+:8];
        end
      end
    end else begin : gen_gate
      always_ff @(posedge clk_i) begin
        for (int unsigned k = 0; k < K; k++) activation_o[8*k+:8] <= read_data_i[8*k+:8] & {8{live[k]}};
      end
    end
  end else begin : gen_steps
    // Cycles since the first step's address: step s is at the memory in cycle s and its bytes are here in cycle s + 2.
    logic [3:0] since_q;
    logic odd_q, odd_here_q;
    assign read_valid_o = valid_q || since_q[1:0] != '0;
    assign read_step_o  = since_q[1:0];
    always_ff @(posedge clk_i) begin
      since_q    <= rst_ni ? {since_q[2:0], valid_q} : '0;
      odd_q      <= address_q[0];
      odd_here_q <= odd_q;
    end
    logic [8*Lanes-1:0] bytes_q;
    for (genvar k = 0; k < Lanes; k++) begin : gen_lane
      logic take;
      assign take = k % 4 == 3 && odd_here_q ? since_q[k/4+2] : since_q[k/4+1];
      always_ff @(posedge clk_i) if (take) bytes_q[8*k+:8] <= read_data_i[8*(k%4)+:8] & {8{live[k]}};
    end
    assign activation_o = (8 * K)'(bytes_q);
    logic unused_data;
    assign unused_data = ^read_data_i;
  end

  logic unused_bits;
  assign unused_bits = ^{pixel_pair_i, tile_pair_i};

endmodule
