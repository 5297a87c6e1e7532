// SPDX-License-Identifier: Apache-2.0

/// Copies a row of a tensor into the line buffer, then words of zeros behind it; or a whole row of zeros.
///
/// Words come in groups of 1..4: 8 halfwords a word, one a cycle, of the last word only `valid`, the others are 0. From the last one read of a
/// group to the first of the next it is `step` halfwords. A word of zeros takes one cycle. A row of W words and p words of zeros:
/// 8 W + p cycles, or W + p when it is all zeros; and a cycle for each halfword in which the bank was not granted.
module row_fill
  import stream_pkg::*;
#(
    /// Bits of a halfword address of a bank.
    parameter int unsigned AddressWidth = 14
) (
    /// Clock.
    input  logic                    clk_i,
    /// A job runs; without it nothing is filled.
    input  logic                    running_i,
    /// Instruction SOURCE, FILL, ROW, LINE (bits 0..3) is taken.
    input  logic [             3:0] load_i,
    /// Its payload.
    input  logic [            11:0] payload_i,
    /// Fill a row: one cycle.
    input  logic                    start_i,
    /// With start_i: a row of zeros.
    input  logic                    zeros_i,
    /// Input half: added to addresses of bank 3.
    input  logic                    upper_i,
    /// A row is being filled.
    output logic                    busy_o,
    /// Read halfword address_o of bank i (0, 1, 3) in this cycle, if granted.
    output logic [             3:0] request_o,
    /// Halfword to read.
    output logic [AddressWidth-1:0] address_o,
    /// The bank that request_o asks for is free; its data come in the next cycle.
    input  logic                    grant_i,
    /// Write the bank's data (write_select_o) or 0 to the halfwords write_o of line buffer word write_address_o.
    output logic [             7:0] write_o,
    /// Bank whose data are written, one hot; none: zeros.
    output logic [             3:0] write_select_o,
    /// Word of the line buffer.
    output logic [             7:0] write_address_o
);

  localparam int unsigned StepWidth = 5;

  logic [1:0] bank_q, group_last_q, group_q;
  logic [2:0] valid_last_q, half_q;
  logic [StepWidth-1:0] step_q;
  logic [7:0] words_last_q, left_q, line_q;
  logic [3:0] pad_q;
  logic [AddressWidth-1:0] source_q;
  logic zero_q, padding_q;

  logic last_word_of_group, reads, group_read, moves, word_ends, part_ends;
  assign last_word_of_group = group_q == '0;
  assign reads = busy_o && !zero_q && !(last_word_of_group && half_q > valid_last_q);
  assign group_read = last_word_of_group && half_q == valid_last_q;
  assign moves = busy_o && (!reads || grant_i);
  assign word_ends = moves && (zero_q || half_q == 3'd7);
  assign part_ends = word_ends && left_q == '0;

  for (genvar b = 0; b < 4; b++) begin : gen_request
    assign request_o[b] = reads && bank_q == 2'(b);
  end
  assign address_o = {source_q[AddressWidth-1] ^ (upper_i && bank_q == 2'd3), source_q[AddressWidth-2:0]};

  always_ff @(posedge clk_i) begin
    if (load_i[1]) {bank_q, group_last_q, valid_last_q, step_q} <= payload_i;
    if (load_i[2]) {words_last_q, pad_q} <= payload_i;

    if (load_i[0]) source_q <= {payload_i[AddressWidth-4:0], 3'b000};
    else if (reads && grant_i) begin
      source_q <= source_q + (group_read ? {{(AddressWidth - StepWidth) {step_q[StepWidth-1]}}, step_q} : AddressWidth'(1));
    end
    if (load_i[3]) line_q <= payload_i[7:0];
    else if (word_ends) line_q <= line_q + 8'd1;

    if (moves && !zero_q) half_q <= half_q + 3'd1;
    if (word_ends) group_q <= last_word_of_group ? group_last_q : group_q - 2'd1;
    if (word_ends) left_q <= part_ends ? 8'(pad_q) - 8'd1 : left_q - 8'd1;
    if (part_ends) begin
      zero_q <= 1'b1;
      padding_q <= 1'b1;
      busy_o <= !padding_q && pad_q != '0;
    end
    if (start_i) begin
      busy_o <= 1'b1;
      zero_q <= zeros_i;
      padding_q <= 1'b0;
      half_q <= '0;
      group_q <= group_last_q;
      left_q <= words_last_q;
    end
    if (!running_i) busy_o <= 1'b0;
  end

  // Data of the bank come one cycle after the address.
  always_ff @(posedge clk_i) begin
    for (int unsigned h = 0; h < 8; h++) write_o[h] <= moves && running_i && (zero_q || half_q == 3'(h));
    for (int unsigned b = 0; b < 4; b++) write_select_o[b] <= reads && bank_q == 2'(b);
    write_address_o <= line_q;
  end

endmodule
