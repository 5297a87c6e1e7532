// SPDX-License-Identifier: Apache-2.0

/// Memory with a read and a write port; `data_o` keeps the last word read. A word that is read and written in the same cycle is read
/// old or new. Infers block RAM.
module ram_1r1w #(
    /// Words, >= 2.
    parameter int unsigned Depth = 256,
    /// Bits of a word.
    parameter int unsigned Width = 16
) (
    /// Clock.
    input  logic                     clk_i,
    /// Read in this cycle.
    input  logic                     read_i,
    /// Word to read, < Depth.
    input  logic [$clog2(Depth)-1:0] read_address_i,
    /// Word read, from the cycle after the read on.
    output logic [        Width-1:0] data_o,
    /// Write in this cycle.
    input  logic                     write_i,
    /// Word to write, < Depth.
    input  logic [$clog2(Depth)-1:0] write_address_i,
    /// Its value.
    input  logic [        Width-1:0] data_i
);

  if (Depth < 2 || Width < 1) begin : gen_check
    $error("ram_1r1w: Depth must be at least 2 and Width at least 1");
  end

  (* no_rw_check *) logic [Width-1:0] memory[Depth];

  always_ff @(posedge clk_i) begin
    if (write_i) memory[write_address_i] <= data_i;
    if (read_i) data_o <= memory[read_address_i];
  end

endmodule
