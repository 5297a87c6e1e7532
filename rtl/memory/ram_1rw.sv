// SPDX-License-Identifier: Apache-2.0

/// Single-port memory: one read or one write a cycle; `data_o` keeps the last word read. Infers SPRAM on UP5K and block RAM elsewhere.
module ram_1rw #(
    /// Words, >= 2.
    parameter int unsigned Depth = 256,
    /// Bits of a word.
    parameter int unsigned Width = 16
) (
    /// Clock.
    input  logic                     clk_i,
    /// A read or a write happens in this cycle.
    input  logic                     enable_i,
    /// With `enable_i`: 1 write, 0 read.
    input  logic                     write_i,
    /// Word number, < Depth.
    input  logic [$clog2(Depth)-1:0] address_i,
    /// Word to write.
    input  logic [        Width-1:0] data_i,
    /// Word read, from the cycle after the read on.
    output logic [        Width-1:0] data_o
);

  if (Depth < 2 || Width < 1) begin : gen_check
    $error("ram_1rw: Depth must be at least 2 and Width at least 1");
  end

  logic [Width-1:0] memory[Depth];

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      if (write_i) memory[address_i] <= data_i;
      else data_o <= memory[address_i];
    end
  end

endmodule
