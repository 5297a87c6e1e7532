// SPDX-License-Identifier: Apache-2.0

/// COPY: puts halfwords of the stream into a table. The first halfword is {first address, last address}, then 1 (microcode), 2 (code) or 3
/// (parameters) halfwords an entry follow, the first one into the table's memory 0.
module table_copy
  import stream_pkg::*;
(
    /// Clock.
    input  logic          clk_i,
    /// A job runs; without it nothing is copied.
    input  logic          running_i,
    /// COPY is taken: one cycle.
    input  logic          start_i,
    /// With start_i.
    input  table_e        table_i,
    /// The stream's next halfword is there.
    input  logic          valid_i,
    /// That halfword.
    input  logic   [15:0] word_i,
    /// It is taken.
    output logic          take_o,
    /// The stream is used here.
    output logic          busy_o,
    /// Entry that is written.
    output logic   [ 7:0] address_o,
    /// Write word_i to memory i: 0 microcode, 1..2 code, 3..5 parameters.
    output logic   [ 5:0] write_o
);

  table_e table_q;
  logic head_q, last;
  logic [7:0] last_address_q;
  logic [1:0] part_q;

  assign take_o = busy_o && valid_i;
  assign last   = part_q == table_q;

  always_comb begin
    write_o = '0;
    if (take_o && !head_q) begin
      unique case (table_q)
        TableMicrocode: write_o[0] = 1'b1;
        TableCode: write_o[2:1] = {part_q[0], !part_q[0]};
        default: write_o[5:3] = {part_q[1], part_q == 2'd1, part_q == 2'd0};
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (start_i) begin
      busy_o  <= 1'b1;
      head_q  <= 1'b1;
      table_q <= table_i;
    end else if (take_o) begin
      head_q <= 1'b0;
      part_q <= head_q || last ? 2'd0 : part_q + 2'd1;
      if (head_q) {address_o, last_address_q} <= word_i;
      else if (last) begin
        address_o <= address_o + 8'd1;
        if (address_o == last_address_q) busy_o <= 1'b0;
      end
    end
    if (!running_i) busy_o <= 1'b0;
  end

endmodule
