// SPDX-License-Identifier: Apache-2.0

/// Memory with one read port and one write port with a byte enable. Reading the word that is being written gives an
/// undefined word. Infers EBR with write masks on iCE40 and block RAM with byte enables elsewhere.
module ram_1r1w_bytes #(
    /// Words, >= 2.
    parameter int unsigned Depth = 256,
    /// Bytes of a word.
    parameter int unsigned Bytes = 20
) (
    /// Clock.
    input  logic                     clk_i,
    /// Read in this cycle; without it `read_data_o` keeps its value.
    input  logic                     read_i,
    /// Word to read.
    input  logic [$clog2(Depth)-1:0] read_address_i,
    /// Word read, one cycle later.
    output logic [      8*Bytes-1:0] read_data_o,
    /// Bytes to write in this cycle.
    input  logic [        Bytes-1:0] write_strobe_i,
    /// Word to write.
    input  logic [$clog2(Depth)-1:0] write_address_i,
    /// Bytes to write.
    input  logic [      8*Bytes-1:0] write_data_i
);

  if (Depth < 2 || Bytes < 1) begin : gen_check
    $error("ram_1r1w_bytes: Depth must be at least 2 and Bytes at least 1");
  end

  (* no_rw_check *) logic [8*Bytes-1:0] memory[Depth];

  always_ff @(posedge clk_i) begin
    if (read_i) read_data_o <= memory[read_address_i];
  end

  always_ff @(posedge clk_i) begin
    for (int unsigned i = 0; i < Bytes; i++) begin
      if (write_strobe_i[i]) memory[write_address_i][8*i+:8] <= write_data_i[8*i+:8];
    end
  end

endmodule
