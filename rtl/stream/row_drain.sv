// SPDX-License-Identifier: Apache-2.0

/// From sums to the tensor: one channel a cycle is requantised, with its shortcut or the maximum of a window, and written two a halfword.
///
/// Times after `sums_i` (sums copied to the chain): channel c leaves the chain in cycle 1 + c, its result is there and its halfword is
/// written in cycle 5 + c (c odd; every c for logits). A shortcut halfword is read in cycle c - 1 (c even), the old one of a maximum in
/// cycle 3 + c (c even): never in a cycle that writes, because results are 16, 18, 20 or at least 22 cycles apart.
module row_drain
  import stream_pkg::*;
#(
    /// Channels of an m-tile: 16.
    parameter int unsigned M            = 16,
    /// Bits of a sum, 16..31.
    parameter int unsigned AccWidth     = 22,
    /// Bits of a halfword address of a bank.
    parameter int unsigned AddressWidth = 14
) (
    /// Clock.
    input  logic                    clk_i,
    /// A job runs; without it nothing is written.
    input  logic                    running_i,
    /// Instruction RESULT, ADDEND, OUTPUT, STEPS, SCALE (bits 0..4) is taken.
    input  logic [             4:0] load_i,
    /// Its payload.
    input  logic [            11:0] payload_i,
    /// An entry was accepted that gives results.
    input  logic                    result_i,
    /// Another one may be accepted.
    output logic                    chain_free_o,
    /// Sums will be copied to the chain in the next cycle.
    input  logic                    sums_next_i,
    /// Sums are copied to the chain.
    input  logic                    sums_i,
    /// Move the chain.
    output logic                    shift_o,
    /// The chain's next sum.
    input  logic [    AccWidth-1:0] sum_i,
    /// Results are on their way.
    output logic                    busy_o,
    /// Parameters of channel parameter_address_o, read in every cycle.
    output logic [             7:0] parameter_address_o,
    /// One cycle later: multiplier, signed.
    input  logic [            15:0] multiplier_i,
    /// Offset.
    input  logic [    AccWidth-1:0] offset_i,
    /// Bank 0 or 1 is read in this cycle (bit i: bank i), data in the next one.
    output logic [             1:0] read_o,
    /// Bank 0 or 1 is written in this cycle.
    output logic [             1:0] write_o,
    /// Halfword that is read or written.
    output logic [AddressWidth-1:0] address_o,
    /// Value that is written.
    output logic [            15:0] data_o,
    /// Data of bank 0 and 1.
    input  logic [            15:0] data_i             [2]
);

  localparam int unsigned WordWidth = AddressWidth - 3;

  // Registers.
  logic result_bank_q, addend_bank_q, logits_q, projection_q, signed_q, maximum_q;
  logic [WordWidth-1:0] result_q, addend_q;
  logic [7:0] activation_max_q;
  logic [3:0] result_step_q, addend_step_q, tile_q;

  // Channels: channel_q leaves the chain while shifting_q; valid_q[i] is i cycles later.
  logic shifting_q;
  logic [3:0] channel_q, channel_d;
  logic [4:0] free_q;
  logic [4:1] valid_q;
  logic [3:0] out_channel_q, window_q;
  logic pixel_ends, window_ends, window_ended_q;
  assign chain_free_o = free_q[4:3] == '0 && !free_q[0];
  assign shift_o = sums_i || shifting_q;
  assign busy_o = shifting_q || sums_i || valid_q != '0;
  assign channel_d = sums_i ? '0 : channel_q + 4'd1;
  assign parameter_address_o = {tile_q, channel_d};
  assign pixel_ends = valid_q[4] && out_channel_q == 4'(M - 1);
  assign window_ends = !maximum_q || window_q == addend_step_q;

  always_ff @(posedge clk_i) begin
    if (load_i[2]) {activation_max_q, logits_q, projection_q, signed_q, maximum_q} <= payload_i;
    if (load_i[3]) {result_step_q, addend_step_q, tile_q} <= payload_i;
    if (result_i) free_q <= 5'(M + 5);
    else if (free_q != '0) free_q <= free_q - 5'd1;
    if (sums_i) shifting_q <= 1'b1;
    else if (channel_q == 4'(M - 1)) shifting_q <= 1'b0;
    channel_q <= channel_d;
    valid_q <= {valid_q[3:1], shifting_q};
    if (valid_q[4]) out_channel_q <= out_channel_q + 4'd1;
    if (valid_q[4] && out_channel_q == 4'(M - 2)) begin  // the next pixel's first channel is compared a cycle later
      window_q <= window_ends ? '0 : window_q + 4'd1;
      window_ended_q <= window_ends;
    end
    if (!running_i) begin
      shifting_q <= 1'b0;
      valid_q <= '0;
      free_q <= '0;
      out_channel_q <= '0;
      window_q <= '0;
    end
  end

  // Reads: halfword `index` of the shortcut word, ahead of its even channel; with maximum of the result's own word, four cycles later.
  logic read, early_read, late_read, read_q;
  logic [1:0] parity_q;
  logic [2:0] index_q;
  assign early_read = sums_next_i || (shifting_q && !channel_q[0] && channel_q != 4'(M - 2));
  assign late_read = valid_q[2] && !parity_q[1];
  assign read = (maximum_q ? late_read : early_read) && !logits_q;
  always_ff @(posedge clk_i) begin
    parity_q <= {parity_q[0], channel_q[0]};
    read_q <= read;
    if (read) index_q <= index_q + 3'd1;
    if (!running_i) index_q <= '0;
  end

  logic write, addend_bank;
  assign addend_bank = maximum_q ? result_bank_q : addend_bank_q;
  assign write = valid_q[4] && (out_channel_q[0] || logits_q);
  for (genvar b = 0; b < 2; b++) begin : gen_bank
    assign read_o[b]  = read && addend_bank == 1'(b);
    assign write_o[b] = write && running_i && result_bank_q == 1'(b);
  end
  assign address_o = !write ? {maximum_q ? result_q : addend_q, index_q} :
      logits_q ? {result_q[WordWidth-1:1], result_q[0] ^ out_channel_q[3], out_channel_q[2:0]} : {result_q, out_channel_q[3:1]};

  logic addend_ends;
  assign addend_ends = read && index_q == 3'd7;
  always_ff @(posedge clk_i) begin
    if (load_i[0]) {result_bank_q, result_q} <= payload_i[WordWidth:0];
    else if (pixel_ends && window_ended_q) result_q <= result_q + WordWidth'(result_step_q);
    if (load_i[1]) {addend_bank_q, addend_q} <= payload_i[WordWidth:0];
    else if (addend_ends) addend_q <= addend_q + WordWidth'(addend_step_q);
  end

  // The two bytes of the shortcut halfword, one a cycle.
  logic [15:0] halfword;
  logic [ 7:0] upper_q;
  logic [ 7:0] addend;
  assign halfword = data_i[addend_bank];
  assign addend = read_q ? halfword[7:0] : upper_q;
  always_ff @(posedge clk_i) if (read_q) upper_q <= halfword[15:8];

  logic [15:0] result;
  logic [ 7:0] even_q;
  requantise_channel #(
      .AccWidth(AccWidth)
  ) i_requantise (
      .clk_i,
      .sum_i,
      .offset_i,
      .multiplier_i,
      .addend_i(addend),
      .addend_signed_i(signed_q),
      .scale_load_i(load_i[4]),
      .scale_i(payload_i),
      .activation_max_i(activation_max_q),
      .logits_i(logits_q),
      .projection_i(projection_q),
      .old_valid_i(maximum_q && window_q != '0),
      .old_i(addend),
      .result_o(result)
  );
  always_ff @(posedge clk_i) if (!out_channel_q[0]) even_q <= result[7:0];
  assign data_o = logits_q ? result : {result[7:0], even_q};

endmodule
